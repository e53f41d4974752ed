package policy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/internal/policy"
	"github.com/clanctl/clanctl/pkg/instance"
)

func TestParse(t *testing.T) {
	f, err := policy.Parse("sub/.clanctl.json", []byte(`{
		// comments
		"defaults": {"strict": true, "severity": "note", "baseline": "a/b.json"},
		"ignore": [
			{"code": "unknown-tag", "path": "inventory.instances.*.roles.server", "reason": "r"},
			{"code": "nix-warning", "reason": "everywhere"},
			{"code": "empty-tag", "path": "inventory.instances.\"a.b\"", "reason": "r"},
			{"code": "empty-tag", "path": "inventory.instances.c"},
		],
	}`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(policy.Defaults{Baseline: "a/b.json", Severity: "note", Strict: true}, f.Defaults); diff != "" {
		t.Error(diff)
	}
	ignored := func(code string, about instance.Subject) bool {
		_, isNew := f.Ignores.New(&instance.Inventory{}, instance.NewFinding(code, about, instance.Cause{}))
		return !isNew
	}
	for _, c := range []struct {
		code  string
		about instance.Subject
		want  bool
	}{
		{"unknown-tag", instance.Subject{Instance: "a", Role: "server"}, true},
		{"unknown-tag", instance.Subject{Instance: "b", Role: "server", Machine: "m", Setting: []string{"x"}}, true},
		{"unknown-tag", instance.Subject{Instance: "b", Role: "client"}, false},
		{"unknown-tag", instance.Subject{Instance: "b"}, false},
		{"unknown-tag", instance.Subject{}, false},
		{"unused-tag", instance.Subject{Instance: "a", Role: "server"}, false},
		{"nix-warning", instance.Subject{}, true},
		{"nix-warning", instance.Subject{Instance: "a"}, true},
		{"empty-tag", instance.Subject{Instance: "a.b", Role: "r"}, true},
		{"empty-tag", instance.Subject{Instance: "a"}, false},
		{"empty-tag", instance.Subject{Instance: "c"}, false}, // no reason
	} {
		if got := ignored(c.code, c.about); got != c.want {
			t.Errorf("%s %v: %v", c.code, c.about, got)
		}
	}
	if diff := cmp.Diff([]string{"sub/.clanctl.json:8:4 invalid-ignore empty-tag"},
		show(f.Ignores.Wrong([]string{"unknown-tag", "nix-warning", "empty-tag"}))); diff != "" {
		t.Error(diff)
	}
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "p:1:1: parsing value: unexpected EOF; it is JSON, with comments and trailing commas",
		"{\n  \"ignore\": [}":      "p:2:14: invalid character '}' at start of value; it is JSON, with comments and trailing commas",
		"[]":                       "p:1:1: a JSON array does not belong here; ",
		`{"ignores": []}`:          `p:1:13: there is nothing called "ignores" here; did you mean "ignore"?`,
		`{"ignore": [{"x": 1}]}`:   `p:1:19: there is nothing called "x" here; there is "code", "path", "reason"`,
		`{"ignore": [{"code":1}]}`: "p:1:21: a JSON number does not belong here; ",
		`{"ignore": [{"code": "x", "path": "instances.a"}]}`: `p:1:35: the path "instances.a" does not begin with inventory; ` +
			"write it as findings show it, such as inventory.instances.sshd.roles.server; * stands for any name, and no path for all findings with the code",
		`{"defaults": {"impure": true}}`:          `p:1:25: there is nothing called "impure" here; there is "baseline", "severity", "strict"`,
		`{"defaults": {"strict": "yes"}}`:         "p:1:25: a JSON string does not belong here; ",
		`{"defaults": {"severity": "fatal"}}`:     `p:1:27: there is no severity "fatal"; it is error, warning or note`,
		`{"defaults": {"baseline": "../b.json"}}`: "p:1:27: the baseline must be a file in the flake's directory or below it; ",
		`{"defaults": {"baseline": "/b.json"}}`:   "p:1:27: the baseline must be a file in the flake's directory or below it; ",
		`{"ignore": [], "ignore": []}`:            `p:1:12: duplicate object member name; `,
	} {
		_, err := policy.Parse("p", []byte(text))
		failed, ok := err.(*policy.FileError)
		if !ok {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := failed.Error() + "; " + failed.Hint(); got != want {
			t.Errorf("%s:\n%s, want\n%s", text, got, want)
		}
	}
}
