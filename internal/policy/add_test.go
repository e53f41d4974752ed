package policy_test

import (
	"bytes"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/clanctl/clanctl/internal/policy"
	"github.com/clanctl/clanctl/pkg/instance"
)

func added(text []byte, f instance.Finding) ([]byte, bool) {
	insertions, ok := policy.AddIgnore(text, f, "it is meant to be")
	now := slices.Clone(text)
	for _, i := range slices.Backward(insertions) {
		now = slices.Insert(now, i.At, []byte(i.Text)...)
	}
	return now, ok
}

func TestAddIgnore(t *testing.T) {
	f := instance.NewFinding("unknown-machine", instance.Subject{Instance: "sshd", Role: "server", Machine: "lap top"}, instance.Cause{})
	const entry = `{ "code": "unknown-machine", "path": "inventory.instances.sshd.roles.server.machines.\"lap top\"", "reason": "it is meant to be" }`
	for text, want := range map[string]string{
		"{}":                                     `{ "ignore": [ ENTRY ] }`,
		"{ }":                                    `{ "ignore": [ ENTRY ] }`,
		"{\n}\n":                                 "{ \"ignore\": [ ENTRY ] \n}\n",
		`{ "ignore": [] }`:                       `{ "ignore": [ ENTRY ] }`,
		"{ \"ignore\": [ // none\n] }":           "{ \"ignore\": [ ENTRY // none\n] }",
		"{\n  \"defaults\": {}\n}\n":             "{\n  \"defaults\": {},\n  \"ignore\": [\n    ENTRY\n  ]\n}\n",
		"{\r\n\t\"defaults\": {}, // c\r\n}\r\n": "{\r\n\t\"defaults\": {}, // c\r\n\t\"ignore\": [\r\n\t\tENTRY\r\n\t],\r\n}\r\n",
		"{\n  \"ignore\": [\n    { \"code\": \"x\", \"reason\": \"y\" } // why\n  ]\n}":  "{\n  \"ignore\": [\n    { \"code\": \"x\", \"reason\": \"y\" }, // why\n    ENTRY\n  ]\n}",
		"{\n  \"ignore\": [\n    { \"code\": \"x\", \"reason\": \"y\" }, // why\n  ]\n}": "{\n  \"ignore\": [\n    { \"code\": \"x\", \"reason\": \"y\" }, // why\n    ENTRY,\n  ]\n}",
		"{\"ignore\": [{ \"code\": \"x\", \"reason\": \"y\" } // why\n]}":                "{\"ignore\": [{ \"code\": \"x\", \"reason\": \"y\" }, // why\nENTRY\n]}",
		`{"ignore": [{ "code": "x", "reason": "y" } /* , */ ]}`:                          `{"ignore": [{ "code": "x", "reason": "y" }, /* , */ ENTRY ]}`,
		"":                "",
		"[ ]":             "",
		`{ "ignore": 1 }`: "",
		`{ "ignroe": []}`: "",
	} {
		got, ok := added([]byte(text), f)
		if want = string(bytes.ReplaceAll([]byte(want), []byte("ENTRY"), []byte(entry))); ok != (want != "") || ok && string(got) != want {
			t.Errorf("%q becomes %q, not %q", text, got, want)
		}
	}
}

// FuzzAddIgnore holds that a finding is ignored once its ignore was added, and that what was ignored before still is.
func FuzzAddIgnore(f *testing.F) {
	f.Add([]byte(nil), "sshd", "server", "a", "b", "x")
	f.Add([]byte("{\"ignore\": [{\"code\": \"c\", \"reason\": \"r\"} /*,*/ // c\n]}"), "a.b", "", "", "", "\"")
	f.Add([]byte("{\"defaults\": {},\r\n\"rules\": [], // c\n}"), "", "", "m", "", "")
	f.Fuzz(func(t *testing.T, text []byte, of, role, machine, other, setting string) {
		if names := []string{of, role, machine, other, setting}; slices.ContainsFunc(names, func(name string) bool { return !utf8.ValidString(name) }) {
			return // Nix evaluates no such name
		}
		finding := instance.NewFinding("conflict", instance.Subject{Instance: of, Role: role, Machine: machine}, instance.Cause{})
		if other != "" && machine != "" {
			finding.Machines = []string{machine, other}
		}
		if setting != "" {
			finding.Setting = []string{setting}
		}
		before, err := policy.Parse("p", text)
		now, ok := added(text, finding)
		if text != nil && err != nil || !ok {
			return
		}
		after, err := policy.Parse("p", now)
		if err != nil {
			t.Fatalf("%q becomes %q: %v", text, now, err)
		}
		if _, isNew := after.Ignores.New(&instance.Inventory{}, finding); isNew {
			t.Errorf("%q: %+v is not ignored", now, finding)
		}
		if before != nil && len(after.Ignores) != len(before.Ignores)+1 {
			t.Errorf("%q becomes %q", text, now)
		}
	})
}
