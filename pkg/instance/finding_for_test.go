package instance

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/pkg/nixeval"
)

// A finding about several machines, told of another one: its subject, its place and what is written are that machine's.
func TestFindingFor(t *testing.T) {
	const store = "/nix/store/00000000000000000000000000000000-source"
	setting := func(line string) string {
		return `{"below":{"settings":{"below":{"port":{"at":[{"file":"` + store + `/clan.nix","line":` + line + `,"column":3}]}}}}}`
	}
	places := tree(t, `{"instances":{"x":{"below":{"roles":{"below":{"r":{"below":{"machines":{"below":{"a":`+setting("5")+`,"b":`+setting("9")+`}}}}}}}}}}`)
	written := func(value int) []Definition {
		return []Definition{{Value: map[string]any{"port": value}}}
	}
	inv := &Inventory{
		positions: newPositions(places, nixeval.Sources{}.WithInputs(map[string]string{"f": store})),
		Instances: map[string]*Instance{"x": {Name: "x", Roles: map[string]*Role{"r": {Name: "r",
			Layers:   Layers{Machines: map[string][]Definition{"a": written(1), "b": written(2)}},
			Machines: map[string]*Member{"a": {Machine: "a"}, "b": {Machine: "b"}},
		}}}},
	}
	about := func(machine string, line, value int) Finding {
		at := Position{File: "<f>/clan.nix", Line: line, Column: 3}
		return Finding{Code: CodeInvalidSetting, Subject: Subject{Instance: "x", Role: "r", Machine: machine, Machines: []string{"a", "b"}, Setting: []string{"port"}},
			Position: at, Definitions: []SettingDefinition{{Layer: "machine", Name: machine, Position: &at, Value: value}}}
	}
	a, b := about("a", 5, 1), about("b", 9, 2)
	if diff := cmp.Diff(b, inv.FindingFor(a, "b")); diff != "" {
		t.Errorf("of b:\n%s", diff)
	}
	if diff := cmp.Diff(a, inv.FindingFor(b, "a")); diff != "" {
		t.Errorf("of a:\n%s", diff)
	}
	if diff := cmp.Diff(a, inv.FindingFor(a, "c")); diff != "" {
		t.Errorf("of a machine that it does not concern:\n%s", diff)
	}
	module := a
	module.Position = Position{File: "module.nix", Line: 1}
	if got := inv.FindingFor(module, "b"); got.Position != module.Position {
		t.Errorf("a place in the module became %v", got.Position)
	}
}
