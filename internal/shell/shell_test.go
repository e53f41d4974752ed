package shell

import (
	"strings"
	"testing"
)

func TestJoin(t *testing.T) {
	if got, want := Join([]string{"nix", "", "a b", "it's", "x=$y"}), `nix '' 'a b' 'it'\''s' 'x=$y'`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// A command line to paste: a shell reads the same words.
func FuzzJoin(f *testing.F) {
	f.Add("it's", "$x `y` \\ \"z\"")
	f.Add("", "\n#~!*?[]{}")
	f.Fuzz(func(t *testing.T, a, b string) {
		if strings.ContainsRune(a+b, 0) {
			return
		}
		if got := splitWords(Join([]string{a, b})); len(got) != 2 || got[0] != a || got[1] != b {
			t.Fatalf("%q, %q are joined to %s, which is %q", a, b, Join([]string{a, b}), got)
		}
	})
}

// splitWords splits as a POSIX shell does: blanks, single quotes, and a backslash outside of them.
func splitWords(line string) []string {
	var words []string
	var word strings.Builder
	in, quoted := false, false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case quoted && c == '\'':
			quoted = false
		case quoted:
			word.WriteByte(c)
		case c == '\'':
			in, quoted = true, true
		case c == '\\' && i+1 < len(line):
			i++
			in = true
			word.WriteByte(line[i])
		case c == ' ':
			if in {
				words = append(words, word.String())
			}
			word.Reset()
			in = false
		default:
			in = true
			word.WriteByte(c)
		}
	}
	if in {
		words = append(words, word.String())
	}
	return words
}
