package instance

import "testing"

// A finding about several machines, told of another one: its subject, its place and what is written are that machine's.
func TestFindingFor(t *testing.T) {
	inv := &Inventory{
		Places: &Place{Below: map[string]*Place{"instances": {Below: map[string]*Place{}}}},
		Instances: map[string]*Instance{"x": {Roles: map[string]*Role{"r": {
			Layers:   Layers{Machines: map[string][]Definition{}},
			Machines: map[string]*Member{"a": {}, "b": {}},
		}}}},
	}
	about := func(machine string, line, value int) Finding {
		at := Position{File: "<f>/clan.nix", Line: line, Column: 3}
		node := inv.Places
		for _, name := range []string{"instances", "x", "roles", "r", "machines", machine, "settings", "port"} {
			if node.Below == nil {
				node.Below = map[string]*Place{}
			}
			if node.Below[name] == nil {
				node.Below[name] = &Place{}
			}
			node = node.Below[name]
		}
		node.Position = &at
		inv.Instances["x"].Roles["r"].Layers.Machines[machine] = []Definition{{Value: map[string]any{"port": value}}}
		return Finding{Code: CodeInvalidSetting, Subject: Subject{Instance: "x", Role: "r", Machine: machine, Machines: []string{"a", "b"}, Setting: []string{"port"}},
			Position: at, Definitions: []SettingDefinition{{Layer: "machine", Name: machine, Position: &at, Value: value}}}
	}
	a, b := about("a", 5, 1), about("b", 9, 2)
	same(t, "of b", b, inv.FindingFor(a, "b"))
	same(t, "of a", a, inv.FindingFor(b, "a"))
	same(t, "of a machine that it does not concern", a, inv.FindingFor(a, "c"))
	module := a
	module.Position = Position{File: "module.nix", Line: 1}
	if got := inv.FindingFor(module, "b"); got.Position != module.Position {
		t.Errorf("a place in the module became %v", got.Position)
	}
}
