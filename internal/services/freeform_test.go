package services_test

import (
	"encoding/json"
	"testing"

	"github.com/clanctl/clanctl/internal/services"
)

// jsonValue is nixpkgs' type of JSON values: null, or text, or a number, or sets and lists of it again.
const jsonValue = `{"kind": "nullable", "name": "nullOr", "description": "JSON value", "elem": {"kind": "union", "name": "either", "alternatives": [
	{"kind": "string", "name": "str", "description": "string"},
	{"kind": "map", "name": "attrsOf", "elem": {"kind": "nullable", "name": "nullOr", "up": 3}},
	{"kind": "list", "name": "listOf", "elem": {"kind": "nullable", "name": "nullOr", "up": 3}}]}}`

// A freeform type is what a set is as a whole, so what it says of attributes may lie some types inside of it.
func TestFreeform(t *testing.T) {
	for _, test := range []struct {
		name, freeform string
		fits, not      string
		inexpressible  int
	}{
		{"a map", `{"kind": "map", "name": "attrsOf", "elem": {"kind": "int", "name": "int"}}`, `{"x": 1}`,
			`{"x": "a"}`, 0},
		{"JSON values", jsonValue, `{"x": {"y": [null, "z", {"w": "v"}]}}`, `{"x": {"y": [true]}}`, 0},
		{"JSON values are no sets of the option's", jsonValue, `{"x": "text"}`, `{"x": true}`, 0},
		{"two kinds of maps", `{"kind": "union", "name": "either", "alternatives": [
			{"kind": "map", "name": "attrsOf", "elem": {"kind": "int", "name": "int"}},
			{"kind": "map", "name": "attrsOf", "elem": {"kind": "string", "name": "str"}}]}`, `{"x": "a"}`,
			`{"option": "a"}`, 0},
		{"unknown inside", `{"kind": "nullable", "name": "nullOr"}`, `{"x": true}`, `{"option": "a"}`, 0},
		{"no map at all", `{"kind": "any", "name": "anything"}`, `{"x": true}`, `{"option": "a"}`, 0},
		{"lists of the whole",
			`{"kind": "map", "name": "attrsOf", "elem": {"kind": "list", "name": "listOf", "elem": {"kind": "map", "name": "attrsOf", "up": 2}}}`,
			`{"x": [{"y": []}]}`, `{"x": "a"}`, 1},
	} {
		of := parse(t,
			`{"options": {"settings": {"type": {"kind": "map", "name": "attrsOf", "elem": {"kind": "submodule", "name": "submodule", "interface":
			{"options": {"option": {"type": {"kind": "bool", "name": "bool"}}}, "freeform": `+test.freeform+`}}}}}}`)
		schema := services.NewSchema(of, services.SchemaOptions{})
		if err := schema.Validate(json.RawMessage(`{"settings": {"a": ` + test.fits + `}}`)); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
		if schema.Validate(json.RawMessage(`{"settings": {"a": `+test.not+`}}`)) == nil {
			t.Errorf("%s: %s is accepted", test.name, test.not)
		}
		agree(t, schema, `{"settings": {"a": `+test.fits+`}}`)
		agree(t, schema, `{"settings": {"a": `+test.not+`}}`)
		if len(schema.Inexpressible) != test.inexpressible {
			t.Errorf("%s: inexpressible: %v", test.name, schema.Inexpressible)
		}
	}
}
