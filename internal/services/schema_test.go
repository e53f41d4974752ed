package services_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/internal/services"
)

// parse reads an interface as it marshals.
func parse(t *testing.T, text string) *services.Interface {
	t.Helper()
	var i services.Interface
	if err := json.Unmarshal([]byte(text), &i); err != nil {
		t.Fatal(err)
	}
	return &i
}

const backup = `{"options": {
	"folders":  {"type": {"kind": "list", "name": "listOf", "description": "list of string", "elem": {"kind": "string", "name": "str", "description": "string"}}, "hasDefault": true, "default": []},
	"port":     {"type": {"kind": "int", "name": "unsignedInt16", "description": "a port", "minimum": 0, "maximum": 65535}, "hasDefault": true, "default": 22},
	"mode":     {"type": {"kind": "nullable", "name": "nullOr", "description": "null or one of \"fast\", \"safe\"", "elem": {"kind": "enum", "name": "enum", "description": "one of \"fast\", \"safe\"", "values": ["fast", "safe"]}}, "hasDefault": true},
	"keep":     {"options": {"daily": {"type": {"kind": "int", "name": "positiveInt", "description": "positive integer", "exclusiveMinimum": 0}}}},
	"targets":  {"type": {"kind": "map", "name": "attrsOf", "description": "attribute set of (submodule)", "elem": {"kind": "submodule", "name": "submodule", "description": "submodule", "interface": {"options": {
		"repo":  {"type": {"kind": "string", "name": "strMatching", "description": "string matching the pattern [[:alpha:]]+", "pattern": "[[:alpha:]]+"}},
		"below": {"type": {"kind": "nullable", "name": "nullOr", "description": "null or (submodule)", "elem": {"kind": "submodule", "name": "submodule", "up": 2}}, "hasDefault": true}
	}}}}, "hasDefault": true},
	"hooks":    {"type": {"kind": "list", "name": "listOf", "description": "list of (submodule)", "elem": {"kind": "submodule", "name": "submodule", "description": "submodule", "interface": {"options": {
		"run":   {"type": {"kind": "string", "name": "str", "description": "string"}}
	}}}}, "hasDefault": true},
	"systems":  {"type": {"kind": "union", "name": "either", "description": "\"all\" or list of string", "alternatives": [
		{"kind": "enum", "name": "enum", "description": "value \"all\"", "values": ["all"]},
		{"kind": "list", "name": "listOf", "description": "list of string", "elem": {"kind": "string", "name": "str", "description": "string"}}]}, "hasDefault": true},
	"package":  {"type": {"kind": "opaque", "name": "package", "description": "package"}, "hasDefault": true, "defaultText": "pkgs.borg"}
}, "freeform": {"kind": "map", "name": "attrsOf", "description": "attribute set of string", "elem": {"kind": "string", "name": "str", "description": "string"}}}`

func TestSchemaValidates(t *testing.T) {
	schema := services.NewSchema(parse(t, backup), services.SchemaOptions{})
	whole := services.NewSchema(parse(t, backup), services.SchemaOptions{Whole: true})
	tests := []struct {
		schema *services.Schema
		value  string
		want   []string // path: message
	}{
		{schema, `{}`, nil},
		{schema,
			`{"folders": ["/home"], "port": 1, "mode": null, "keep": {"daily": 1}, "systems": ["a"], "extra": "x", "package": 1}`,
			nil},
		{schema, `{"targets": {"a": {}}}`, nil},
		{schema, `{"targets": {"a": {"below": {"repo": "x", "below": {"repo": "y"}}}}}`, nil},
		{whole, `{}`, []string{"keep: has to be set"}},
		{whole, `{"keep": {}}`, []string{"keep.daily: has to be set"}},
		{whole, `{"keep": {"daily": 1}, "targets": {"a": {}}}`, []string{"targets.a.repo: has to be set"}},
		{schema, `{"port": 65536}`, []string{"port: 65536 is not of the type: a port"}},
		{schema, `{"port": -1, "keep": {"daily": 0}}`,
			[]string{"keep.daily: 0 is not of the type: positive integer", "port: -1 is not of the type: a port"}},
		{schema, `{"mode": "slow"}`, []string{`mode: "slow" is not of the type: null or one of "fast", "safe"`}},
		{schema, `{"folders": "/home"}`, []string{`folders: "/home" is not of the type: list of string`}},
		{schema, `{"folders": ["/home", 1]}`, []string{`folders.1: 1 is not of the type: string`}},
		{schema, `{"hooks": [{"run": "x"}, {}]}`, []string{`hooks.1.run: has to be set`}},
		{schema, `{"targets": {"a": {"repo": "a b"}}}`,
			[]string{`targets.a.repo: "a b" is not of the type: string matching the pattern [[:alpha:]]+`}},
		{schema, `{"targets": {"a": {"below": {"below": {"rpo": "y"}}}}}`,
			[]string{`targets.a.below.below.rpo: there is no such option (did you mean "repo"?)`}},
		{schema, `{"systems": "none"}`, []string{`systems: "none" is not of the type: "all" or list of string`}},
		{schema, `{"systems": ["a", 2]}`, []string{`systems.1: 2 is not of the type: string`}},
		{schema, `{"extra": 1}`, []string{`extra: 1 is not of the type: string`}},
		{schema, `{"keep": {"dayly": 1}}`, []string{`keep.dayly: there is no such option (did you mean "daily"?)`}},
		{schema, `{"keep": 3}`, []string{`keep: 3 where a set of options belongs`}},
		{schema, `[]`, []string{`the settings: a list where a set of options belongs`}},
	}
	for _, test := range tests {
		var value any
		if err := json.Unmarshal([]byte(test.value), &value); err != nil {
			t.Fatal(err)
		}
		agree(t, test.schema, test.value)
		var got []string
		if err := test.schema.Validate(value); err != nil {
			var invalid *services.InvalidError
			if !errors.As(err, &invalid) {
				t.Fatalf("%s: %v", test.value, err)
			}
			for _, p := range invalid.Problems {
				text := p.String()
				if p.Hint != "" {
					text += " (" + p.Hint + ")"
				}
				got = append(got, text)
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", test.value, diff)
		}
	}
	want := []services.Inexpressible{{Path: []string{"package"}, Reason: "JSON cannot express the type: package"}}
	if diff := cmp.Diff(want, schema.Inexpressible); diff != "" {
		t.Error(diff)
	}
}

// One option of each type: what is written for it, what of that the schema takes, and what it says.
func TestSchemaOfTypes(t *testing.T) {
	for _, test := range []struct{ option, schema, fits, not, inexpressible string }{
		{`{"type": {"kind": "bool", "name": "bool"}, "description": " Text.\n", "default": true, "example": false, "readOnly": true}`,
			`{"type": "boolean", "description": "Text.", "default": true, "examples": [false], "readOnly": true}`,
			`false`, `1`, ""},
		{`{"type": {"kind": "number", "name": "numberBetween", "minimum": 0.5, "maximum": 2}}`,
			`{"type": "number", "minimum": 0.5, "maximum": 2}`, `0.5`, `0.4`, ""},
		{`{"type": {"kind": "int", "name": "positiveInt", "exclusiveMinimum": 0}}`,
			`{"type": "integer", "exclusiveMinimum": 0}`, `1`, `0`, ""},
		{`{"type": {"kind": "string", "name": "nonEmptyStr", "nonEmpty": true}}`,
			`{"type": "string", "pattern": "[^ \\t\\n]"}`, `" a"`, `" \n"`, ""},
		{`{"type": {"kind": "path", "name": "path", "description": "absolute path"}}`,
			`{"type": "string", "pattern": "^/"}`, `"/x"`, `"x"`, ""},
		{`{"type": {"kind": "path", "name": "path", "description": "path in the Nix store"}}`,
			`{"type": "string", "pattern": "^/"}`, `"/nix"`, `"x"`, ""},
		{`{"type": {"kind": "path", "name": "externalPath", "description": "path not in the Nix store"}}`,
			`{"type": "string"}`, `"x"`, `1`, ""},
		{`{"type": {"kind": "enum", "name": "enum", "values": ["a", 1, null]}}`, `{"enum": ["a", 1, null]}`, `1`, `"1"`,
			""},
		{`{"type": {"kind": "enum", "name": "enum"}}`, `{"enum": []}`, ``, `"a"`, ""},
		{`{"type": {"kind": "enum", "name": "enum", "error": "boom"}}`, `{"$comment": "boom"}`, `"a"`, ``, "boom"},
		{`{"type": {"kind": "nullable", "name": "nullOr", "elem": {"kind": "int", "name": "int"}}}`,
			`{"type": ["integer", "null"]}`, `null`, `"a"`, ""},
		{`{"type": {"kind": "nullable", "name": "nullOr", "elem": {"kind": "any", "name": "anything"}}}`, `{}`,
			`{"a": null}`, ``, ""},
		{`{"type": {"kind": "nullable", "name": "nullOr"}}`, `{}`, `[1]`, ``, ""},
		{`{"type": {"kind": "nullable", "name": "nullOr", "elem": {"kind": "module", "name": "deferredModule"}}}`,
			`{"anyOf": [{"type": "object"}, {"type": "null"}]}`, `{"a": 1}`, `"a"`, ""},
		{`{"type": {"kind": "list", "name": "listOf", "nonEmpty": true}}`, `{"type": "array", "minItems": 1}`, `[1]`,
			`[]`, ""},
		{`{"type": {"kind": "map", "name": "attrs", "elem": {"kind": "any", "name": "anything"}}}`,
			`{"type": "object"}`, `{"a": 1}`, `[]`, ""},
		{`{"type": {"kind": "tagged", "name": "attrTag", "interface": {"options": {"a": {"type": {"kind": "bool", "name": "bool"}}, "b": {"type": {"kind": "bool", "name": "bool"}}}}}}`,
			`{"type": "object", "properties": {"a": {"type": "boolean"}, "b": {"type": "boolean"}}, "additionalProperties": false, "minProperties": 1, "maxProperties": 1}`,
			`{"b": true}`, `{"a": true, "b": true}`, ""},
		{`{"type": {"kind": "coerced", "name": "coercedTo", "alternatives": [{"kind": "int", "name": "int"}, {"kind": "string", "name": "str"}]}}`,
			`{"anyOf": [{"type": "integer"}, {"type": "string"}]}`, `1`, `true`, ""},
		{`{"type": {"kind": "submodule", "name": "submodule"}}`,
			`{"$comment": "no schema is known for the type: submodule"}`, `1`, ``,
			"no schema is known for the type: submodule"},
		{`{"type": {"kind": "unknown", "name": "odd", "description": "odd thing"}}`,
			`{"$comment": "no schema is known for the type: odd thing"}`, `1`, ``,
			"no schema is known for the type: odd thing"},
		{`{"type": {"kind": "unknown", "name": "odd", "error": "boom"}}`,
			`{"$comment": "the type does not evaluate: boom"}`, `1`, ``, "the type does not evaluate: boom"},
		{`{"error": "boom"}`, `{"$comment": "the option does not evaluate: boom"}`, `1`, ``,
			"the option does not evaluate: boom"},
		{`{"options": {"a": {"error": ""}}}`,
			`{"type": "object", "additionalProperties": false, "properties": {"a": {"$comment": "the option does not evaluate"}}}`,
			`{"a": 1}`, `{"b": 1}`, "the option does not evaluate"},
	} {
		schema := services.NewSchema(parse(t, `{"options": {"x": `+test.option+`}}`),
			services.SchemaOptions{Title: "T"})
		data, err := json.Marshal(schema)
		if err != nil {
			t.Fatal(err)
		}
		var got, want any
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
		whole := `{"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "T", "type": "object", "additionalProperties": false, "properties": {"x": ` +
			test.schema + `}}`
		if err := json.Unmarshal([]byte(whole), &want); err != nil {
			t.Fatalf("%s: %v", test.schema, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.option, diff)
		}
		for _, value := range []string{test.fits, test.not} {
			if value != "" {
				agree(t, schema, `{"x": `+value+`}`)
			}
		}
		if test.fits != "" {
			if err := schema.Validate(json.RawMessage(`{"x": ` + test.fits + `}`)); err != nil {
				t.Errorf("%s does not take %s: %v", test.option, test.fits, err)
			}
		}
		var invalid *services.InvalidError
		if test.not != "" {
			if err := schema.Validate(json.RawMessage(`{"x": ` + test.not + `}`)); !errors.As(err, &invalid) ||
				!strings.HasPrefix(err.Error(), "x") {
				t.Errorf("%s takes %s: %v", test.option, test.not, err)
			}
		}
		var reasons []string
		for _, i := range schema.Inexpressible {
			reasons = append(reasons, i.Reason)
		}
		if diff := cmp.Diff(test.inexpressible, strings.Join(reasons, "; ")); diff != "" {
			t.Errorf("%s: inexpressible: %s", test.option, diff)
		}
	}
}

func TestProblems(t *testing.T) {
	of := parse(t, `{"options": {
		"list": {"type": {"kind": "list", "name": "listOf", "elem": {"kind": "int", "name": "int", "description": "integer"}}},
		"tag": {"type": {"kind": "tagged", "name": "attrTag", "interface": {"options": {"a": {"type": {"kind": "bool", "name": "bool"}}, "b": {"type": {"kind": "bool", "name": "bool"}}}}}}}}`)
	schema := services.NewSchema(of, services.SchemaOptions{})
	long := strings.Repeat("ä", 80)
	for value, want := range map[string]string{
		`{"list": [1, {"a": 1}, "` + long + `"]}`: "list.1: a set is not of the type: integer\nlist.2: \"" +
			long[:2*56] + "... is not of the type: integer",
		`{"tag": {}}`:              `tag: must have exactly one of "a", "b"`,
		`{"wholly-unknown": null}`: "wholly-unknown: there is no such option",
		`{"list": null}`:           "list: null is not of the type: listOf",
	} {
		err := schema.Validate(json.RawMessage(value))
		if err == nil {
			t.Errorf("%s is taken", value)
			continue
		}
		if diff := cmp.Diff(want, err.Error()); diff != "" {
			t.Errorf("%s: %s", value, diff)
		}
	}
	var invalid *services.InvalidError
	if err := schema.Validate(json.RawMessage(`{"wholly-unknown": 1}`)); !errors.As(err, &invalid) ||
		invalid.Problems[0].Hint != `the options are "list", "tag"` {
		t.Errorf("hint: %+v", invalid)
	}
	if err := schema.Validate(func() {}); err == nil || errors.As(err, &invalid) {
		t.Errorf("what is no JSON is %v", err)
	}
}

// Nix makes an integer only of what has 64 bits and is written as one; the schema has no word for that.
func TestIntegersOfNix(t *testing.T) {
	schema := services.NewSchema(parse(t, `{"options": {"x": {"type": {"kind": "int", "name": "int"}}}}`),
		services.SchemaOptions{})
	for value, want := range map[string]bool{"1": true, "-0": true, "9223372036854775807": true,
		"9223372036854775808": false, "1.0": false, "1e2": false, "1e300": false} {
		if err := schema.Validate(json.RawMessage(`{"x": ` + value + `}`)); (err == nil) != want {
			t.Errorf("%s: %v", value, err)
		}
	}
}
