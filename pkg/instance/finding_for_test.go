package instance

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/internal/services"
)

// A finding about several machines, told of another one: its subject, its place and what is written are that machine's.
func TestFindingFor(t *testing.T) {
	inv := &Inventory{
		facts: facts.Inventory{Places: &facts.Place{Below: map[string]*facts.Place{"instances": {Below: map[string]*facts.Place{}}}}},
		Instances: map[string]*Instance{"x": {Roles: map[string]*Role{"r": {
			facts:    facts.Role{Layers: facts.Layers{Machines: map[string][]facts.Definition{}}},
			Machines: map[string]*Member{"a": {}, "b": {}},
		}}}},
	}
	about := func(machine string, line, value int) Finding {
		at := Position{File: "<f>/clan.nix", Line: line, Column: 3}
		node := inv.facts.Places
		for _, name := range []string{"instances", "x", "roles", "r", "machines", machine, "settings", "port"} {
			if node.Below == nil {
				node.Below = map[string]*facts.Place{}
			}
			if node.Below[name] == nil {
				node.Below[name] = &facts.Place{}
			}
			node = node.Below[name]
		}
		node.Position = &at
		inv.Instances["x"].Roles["r"].facts.Layers.Machines[machine] = []facts.Definition{{JSON: jsonvalue.Text(map[string]any{"port": value})}}
		return Finding{Code: codes.InvalidSetting,
			Subject: Subject{Instance: "x", Role: "r", Machine: machine, Machines: []string{"a", "b"},
				Setting: []string{"port"}},
			Position: at,
			Definitions: []SettingDefinition{{Layer: "machine", Name: machine, Position: &at,
				Value: json.Number(strconv.Itoa(value))}}}
	}
	a, b := about("a", 5, 1), about("b", 9, 2)
	same(t, "of b", b, placed(inv, a, "b"))
	same(t, "of a", a, placed(inv, b, "a"))
	same(t, "of a machine that it does not concern", a, placed(inv, a, "c"))
	module := a
	module.Position = Position{File: "module.nix", Line: 1}
	if got := placed(inv, module, "b"); got.Position != module.Position {
		t.Errorf("a place in the module became %v", got.Position)
	}
}

// A role says what it accepts, where that is known.
func TestRoleSchema(t *testing.T) {
	if schema, err := (&Role{}).Schema(); schema != nil || err != nil {
		t.Errorf("%s, %v", schema, err)
	}
	role := &Role{facts: facts.Role{Interface: &services.Interface{Options: map[string]*services.Option{"port": {Type: services.NewType("int",
		"")}}}}}
	if schema, err := role.Schema(); err != nil || !strings.Contains(string(schema), `"port":{"type":"integer"}`) {
		t.Errorf("%s, %v", schema, err)
	}
}

func placed(inv *Inventory, f Finding, machine string) Finding {
	inv.placeFinding(&f, machine)
	return f
}
