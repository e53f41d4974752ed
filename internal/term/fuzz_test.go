package term

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"unicode"
	"unicode/utf8"
)

func harmless(s string) bool {
	for _, r := range s {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
			return false
		}
	}
	return utf8.ValidString(s)
}

func FuzzEscape(f *testing.F) {
	f.Add("\x1b[31m\u202ex\u200b\xff\u009b")
	f.Add("plain \t\n ä 🦊 \ufffd")
	f.Fuzz(func(t *testing.T, s string) {
		got := Escape(s)
		if !harmless(got) {
			t.Fatalf("%q is printed as %q", s, got)
		}
		if harmless(s) && got != s {
			t.Fatalf("%q was changed to %q", s, got)
		}
	})
}

// However JSON is cut when it is written, what arrives means the same and commands nothing.
func FuzzJSONWriter(f *testing.F) {
	f.Add("\u202e\u200b\U000e0001 \u007f", 1)
	f.Add("a\u0080b", 2)
	f.Fuzz(func(t *testing.T, s string, size int) {
		text, err := json.Marshal(map[string]string{s: s})
		if err != nil {
			t.Fatal(err)
		}
		size = max(1, size%64)
		var out bytes.Buffer
		w := NewJSONWriter(&out)
		for rest := text; len(rest) > 0; {
			n := min(size, len(rest))
			if written, err := w.Write(rest[:n]); written != n || err != nil {
				t.Fatalf("Write = %d, %v", written, err)
			}
			rest = rest[n:]
		}
		var want, got map[string]string
		if json.Unmarshal(text, &want) != nil || json.Unmarshal(out.Bytes(), &got) != nil ||
			!reflect.DeepEqual(got, want) {
			t.Fatalf("%s became %s", text, out.Bytes())
		}
		if !harmless(out.String()) {
			t.Fatalf("%q reaches the terminal", out.String())
		}
	})
}
