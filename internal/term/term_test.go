package term

import (
	"encoding/json"
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
	}
}

func TestEscapeJSONKeepsTheMeaning(t *testing.T) {
	value := "c1 \u009b31m, bidi \u202e, tag \U000e0041, plain ü 日本 \U0001f600"
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	escaped := EscapeJSON(text)
	for _, r := range string(escaped) {
		if hidden(r) {
			t.Errorf("%q is left in %s", r, escaped)
		}
	}
	var back string
	if err := json.Unmarshal(escaped, &back); err != nil || back != value {
		t.Errorf("%s reads as %q (%v), want %q", escaped, back, err, value)
	}
}
