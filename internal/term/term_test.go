package term

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func TestEscape(t *testing.T) {
	for in, want := range map[string]string{
		"plain ü 日本":     "plain ü 日本",
		"a\nb\tc":        "a\nb\tc",
		"\x1b[31mred":    `\x1b[31mred`,
		"bell\a\r":       `bell\x07\x0d`,
		"\u009b31m":      `\x9b31m`,
		"abc\u202edef":   `abc\u202edef`,
		"bad \xff utf-8": `bad \xff utf-8`,
		"tag \U000e0041": `tag \U000e0041`,
		"\u200bzero":     `\u200bzero`,
	} {
		if got := Escape(in); got != want {
			t.Errorf("Escape(%q) = %s, want %s", in, got, want)
		}
		line := strings.NewReplacer("\n", `\n`, "\t", `\t`).Replace(want)
		if got := EscapeLine(in); got != line {
			t.Errorf("EscapeLine(%q) = %s, want %s", in, got, line)
		}
	}
}

func TestIsASCII(t *testing.T) {
	for at := range 20 {
		for c := range 256 {
			text := bytes.Repeat([]byte{0x7e}, 20)
			text[at] = byte(c)
			if got := isASCII(text); got != (c < 0x7f) {
				t.Errorf("%#x at %d: %t", c, at, got)
			}
		}
	}
}

func TestJSONWriterKeepsTheMeaning(t *testing.T) {
	value := "c1 \u009b31m, bidi \u202e, tag \U000e0041, plain ü 日本 \U0001f600"
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	// However the text is cut into pieces.
	for size := 1; size < 7; size++ {
		var out bytes.Buffer
		w := NewJSONWriter(&out)
		for piece := range slices.Chunk(text, size) {
			if n, err := w.Write(piece); n != len(piece) || err != nil {
				t.Fatalf("Write = %d, %v", n, err)
			}
		}
		for _, r := range out.String() {
			if hidden(r) {
				t.Errorf("%q is left in %s", r, out.String())
			}
		}
		var back string
		if err := json.Unmarshal(out.Bytes(), &back); err != nil || back != value {
			t.Errorf("%s reads as %q (%v), want %q", out.String(), back, err, value)
		}
	}
}
