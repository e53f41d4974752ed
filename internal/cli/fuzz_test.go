package cli

import (
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// Command lines: names behind -- stay names, in their order; everything else is understood or refused, and nothing
// runs.
func FuzzArrange(f *testing.F) {
	for _, seed := range []string{"eval\n--jq\n.x\nname", "--option\na\nb\neval", "eval\n--flake=x\n--\n--jq",
		"machines\n-r\n-", "--\nx", "eval\n--=\n---", "\n", "eval\n--option=a\nb", "eval\n--jsn"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		args := strings.Split(text, "\n")
		app := newApp(io.Discard, io.Discard)
		out, err := arrange(app, append([]string{"clanctl"}, args...))
		if err != nil {
			if err.Error() == "" {
				t.Fatal("an error without a word")
			}
			return
		}
		before, names, _ := cutAt(out.args(), "--")
		for _, arg := range before[1+len(out.path):] {
			if !strings.HasPrefix(arg, "-") {
				t.Fatalf("%q: %q is neither a flag nor behind --: %q", args, arg, out.args())
			}
		}
		if !slices.Equal(names, out.names) {
			t.Fatalf("%q: the names are %q and %q", args, out.names, names)
		}
		for _, name := range names {
			if !slices.Contains(args, name) || !utf8.ValidString(name) {
				t.Fatalf("%q: nobody gave the name %q", args, name)
			}
		}
	})
}

func cutAt(list []string, at string) (before, after []string, ok bool) {
	if i := slices.Index(list, at); i >= 0 {
		return list[:i], list[i+1:], true
	}
	return list, nil, false
}
