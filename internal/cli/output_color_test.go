package cli

import (
	"regexp"
	"strings"
	"testing"
)

func TestJSONColors(t *testing.T) {
	const text = "{\n  \"a\": \"x \\\" {\",\n  \"b\": [1.5e3, true, null, \"s\", {}],\n  \"c\": {\"d\": -1}\n}\n7\n"
	var got strings.Builder
	colors := &jsonColors{w: &got}
	for i := range text { // in pieces, as they come
		if n, err := colors.Write([]byte(text[i : i+1])); n != 1 || err != nil {
			t.Fatal(n, err)
		}
	}
	if bare := regexp.MustCompile("\x1b\\[[0-9]+m").ReplaceAllString(got.String(), ""); bare != text {
		t.Errorf("colours change the text: %q", bare)
	}
	for _, want := range []string{"\x1b[36m\"a\"\x1b[0m: \x1b[32m\"x \\\" {\"\x1b[0m,",
		"[\x1b[33m1.5e3\x1b[0m, \x1b[33mtrue\x1b[0m,", "\x1b[32m\"s\"\x1b[0m, {}]",
		"{\x1b[36m\"d\"\x1b[0m: \x1b[33m-1\x1b[0m}", "\n\x1b[33m7\x1b[0m\n"} {
		if !strings.Contains(got.String(), want) {
			t.Errorf("%q is not in %q", want, got.String())
		}
	}
}
