package module_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/pkg/module"
)

// parse reads an interface as it marshals.
func parse(t *testing.T, text string) *module.Interface {
	t.Helper()
	var i module.Interface
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
	schema := module.NewSchema(parse(t, backup), module.SchemaOptions{})
	whole := module.NewSchema(parse(t, backup), module.SchemaOptions{Whole: true})
	tests := []struct {
		schema *module.Schema
		value  string
		want   []string // path: message
	}{
		{schema, `{}`, nil},
		{schema, `{"folders": ["/home"], "port": 1, "mode": null, "keep": {"daily": 1}, "systems": ["a"], "extra": "x", "package": 1}`, nil},
		{schema, `{"targets": {"a": {}}}`, nil},
		{schema, `{"targets": {"a": {"below": {"repo": "x", "below": {"repo": "y"}}}}}`, nil},
		{whole, `{}`, []string{"keep: has to be set"}},
		{whole, `{"keep": {}}`, []string{"keep.daily: has to be set"}},
		{whole, `{"keep": {"daily": 1}, "targets": {"a": {}}}`, []string{"targets.a.repo: has to be set"}},
		{schema, `{"port": 65536}`, []string{"port: 65536 is not of the type: a port"}},
		{schema, `{"port": -1, "keep": {"daily": 0}}`, []string{"keep.daily: 0 is not of the type: positive integer", "port: -1 is not of the type: a port"}},
		{schema, `{"mode": "slow"}`, []string{`mode: "slow" is not of the type: null or one of "fast", "safe"`}},
		{schema, `{"folders": "/home"}`, []string{`folders: "/home" is not of the type: list of string`}},
		{schema, `{"folders": ["/home", 1]}`, []string{`folders.1: 1 is not of the type: string`}},
		{schema, `{"hooks": [{"run": "x"}, {}]}`, []string{`hooks.1.run: has to be set`}},
		{schema, `{"targets": {"a": {"repo": "a b"}}}`, []string{`targets.a.repo: "a b" is not of the type: string matching the pattern [[:alpha:]]+`}},
		{schema, `{"targets": {"a": {"below": {"below": {"rpo": "y"}}}}}`, []string{`targets.a.below.below.rpo: there is no such option (did you mean "repo"?)`}},
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
		var got []string
		if err := test.schema.Validate(value); err != nil {
			var invalid *module.InvalidError
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
	want := []module.Inexpressible{{Path: []string{"package"}, Reason: "JSON cannot express the type: package"}}
	if diff := cmp.Diff(want, schema.Inexpressible); diff != "" {
		t.Error(diff)
	}
}
