package instance

import (
	"strings"
	"testing"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/internal/nixlang"
)

// inventory.json as it stands in a clan: where its keys are, of which each is one in the text.
func FuzzJSONPositions(f *testing.F) {
	for _, seed := range []string{`{"a":{"b\"c":[1,{"d":null}]},"":{}}`, "{\n\t\"a\": \"a\\\\\",\n\t\"b\": {}\n}",
		`{"a":1,"a":2}`, "{\"\\u0061\xff\":1}", `[{"a":`, "\"\\", `{"a/b~c":{"d":0}}`, "\ufeff{\"a\":0}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		found := nixlang.Bindings(jsonvalue.Body(text), true)
		lines := strings.Split(string(jsonvalue.Body(text)), "\n")
		for path, pos := range found {
			if pos.Line < 1 || pos.Line > len(lines) || pos.Column < 1 || pos.Column > len(lines[pos.Line-1]) ||
				lines[pos.Line-1][pos.Column-1] != '"' {
				t.Fatalf("%q is said to be at %v of %q", path, pos, text)
			}
		}
	})
}

// A place is known to the places that Nix told, or to the model, or it is that of what is around it.
func TestAt(t *testing.T) {
	at := func(line int) *Position { return &Position{File: "f", Line: line} }
	inv := &Inventory{
		facts: facts.Inventory{Places: &facts.Place{Below: map[string]*facts.Place{"instances": {Below: map[string]*facts.Place{"i": {Position: at(1),
			Below: map[string]*facts.Place{"roles": {}}}}}}}},
		Instances: map[string]*Instance{"i": {Position: at(9),
			Roles: map[string]*Role{"r": {Position: at(2),
				Machines: map[string]*Member{"m": {Position: at(3)}, "n": {}}}}},
			"j": {Position: at(4)}},
		Machines: map[string]*Machine{"m": {Position: at(5)}},
	}
	for path, want := range map[string]int{
		"instances i": 1, "instances j": 4, "instances i roles r": 2, "instances i roles r machines m": 3,
		"machines m": 5,
		"instances":  0, "instances i roles": 0, "instances i roles r machines": 0, "instances i roles r machines n": 0,
		"instances k": 0, "machines": 0, "tags x": 0, "": 0,
	} {
		got := 0
		if pos := inv.at(strings.Fields(path)...); pos != nil {
			got = pos.Line
		}
		if got != want {
			t.Errorf("%s is at %d, want %d", path, got, want)
		}
	}
	for path, want := range map[string]int{"instances i module name": 1, "instances i roles r machines n settings x": 2,
		"instances k": 0, "": 0} {
		got := 0
		if pos := inv.Where(strings.Fields(path)...); pos != nil {
			got = pos.Line
		}
		if got != want {
			t.Errorf("around %s is %d, want %d", path, got, want)
		}
	}
}
