package services_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/clanctl/clanctl/internal/services"
)

// bySchema is what a validator of JSON Schema says of a value.
func bySchema(t *testing.T, schema *services.Schema, value []byte) error {
	t.Helper()
	document, err := json.Marshal(schema)
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("test:schema", decoded); err != nil {
		t.Fatal(err)
	}
	compiled, err := compiler.Compile("test:schema")
	if err != nil {
		t.Fatalf("the schema cannot be used: %v\n%s", err, document)
	}
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(value))
	if err != nil {
		t.Fatal(err)
	}
	return compiled.Validate(instance)
}

// agree: Validate and the published schema have one opinion.
func agree(t *testing.T, schema *services.Schema, value string) {
	t.Helper()
	ours, theirs := schema.Validate(json.RawMessage(value)), bySchema(t, schema, []byte(value))
	if (ours == nil) != (theirs == nil) {
		t.Errorf("%s\nby the interface: %v\nby the schema: %v", value, ours, theirs)
	}
}

// Whatever an interface is and whatever is written, nothing is accepted that the schema refuses.
func FuzzValidate(f *testing.F) {
	f.Add([]byte(backup), []byte(`{"targets": {"a": {"below": {"repo": "x"}}}, "port": 1.0, "extra": 1}`), true)
	f.Add([]byte(`{"options": {}, "freeform": `+jsonValue+`}`), []byte(`{"x": {"y": [null, "z", {"w": true}]}}`), false)
	f.Add([]byte(`{"options": {"a": {"type": {"kind": "nullable", "elem": {"kind": "union", "alternatives": [{"up": 1}, {"up": 2}]}}}}}`),
		[]byte(`{"a": 1}`), false)
	f.Add([]byte(`{"options": {"a": {"type": {"kind": "tagged", "interface": {"options": {"b": {"options": {"c": {"type": {"kind": "path",
		"description": "absolute path"}}}}}}}}}}`), []byte(`{"a": {"b": {"c": "d"}}}`), true)
	f.Add([]byte(`{"options": {"a": {"type": {"kind": "list", "nonEmpty": true, "elem": {"kind": "enum", "values": [1, "x", {"y": 1}]}}}}}`),
		[]byte(`{"a": [1.0, {"y": 1}]}`), true)
	f.Fuzz(func(t *testing.T, text, value []byte, whole bool) {
		var of services.Interface
		if json.Unmarshal(text, &of) != nil || !json.Valid(value) {
			return
		}
		schema := services.NewSchema(&of, services.SchemaOptions{Whole: whole})
		err := schema.Validate(json.RawMessage(value))
		var invalid *services.InvalidError
		if err == nil {
			if err := bySchema(t, schema, value); err != nil &&
				!strings.Contains(err.Error(), "causing reference cycle") {
				t.Errorf("accepted, but %v", err)
			}
		} else if !errors.As(err, &invalid) || len(invalid.Problems) == 0 {
			t.Errorf("%v", err)
		}
	})
}
