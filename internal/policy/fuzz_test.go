package policy_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/clanctl/clanctl/internal/policy"
)

// Whatever stands in a policy file, it is read or said to be wrong, at a place in it.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"defaults": {"strict": true}, "ignore": [{"code": "a", "path": "inventory.x", "reason": "r"},], // c
"rules": [{"code": "a", "message": "m", "select": ".a"}]}`))
	f.Add([]byte(`{"ignore": [{"path": "\u0000\ud800"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		_, err := policy.Parse("p", text)
		if err == nil {
			return
		}
		var failed *policy.FileError
		if lines := 1 + bytes.Count(text, []byte("\n")); !errors.As(err, &failed) || failed.Line < 1 ||
			failed.Line > lines || failed.Column < 1 || failed.Reason == "" {
			t.Errorf("%v", err)
		}
	})
}

// Whatever stands in a baseline, reading it ends well or with an error.
func FuzzBaseline(f *testing.F) {
	f.Add([]byte(`{"findings": [{"code": "unused-tag", "severity": "warning", "cause": {"tag": "t"}}], "schemaVersion": 1}`))
	f.Fuzz(func(_ *testing.T, text []byte) { _, _ = policy.ReadBaseline(text) })
}

// Each comment is about a line that there is.
func FuzzComments(f *testing.F) {
	f.Add([]byte("a # clanctl: ignore x -- y\n# clanctl: ignore\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, i := range policy.Comments("f", text) {
			if i.Position.Line < 1 || i.Position.Line > 1+bytes.Count(text, []byte("\n")) {
				t.Errorf("line %d", i.Position.Line)
			}
		}
	})
}
