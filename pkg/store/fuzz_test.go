package store

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/clanctl/clanctl/internal/jsonvalue"
)

// inventory.json as anybody may have left it: an error that says where, or a document whose bytes stay, that can be
// changed, and in which a change touches nothing else.
func FuzzDocument(f *testing.F) {
	for _, seed := range []string{
		"{}\n", "{\n  \"machines\": {\n    \"a\": {\n      \"tags\": [\"x\"]\n    }\n  }\n}\n",
		"{\"a\":{\"b\":1.50},\r\n\t\"c\":[ ]}", `{"a":1,"a":2}`,
		"{\"\\u0061\\\"\":{\"\":null}} ", "[]", "{} x", "", "{\"a\":\"\xff\"}", "// {}", `{"a":1,}`,
		`{"a":{"a":{"a":"\ud800"}}}`,
	} {
		f.Add([]byte(seed), "a", "b", `{"x": [1, 2.0]}`)
	}
	f.Fuzz(func(t *testing.T, text []byte, first, second, value string) {
		d, fault := parseDocument(text)
		if fault != nil {
			if fault.Line < 1 || fault.Column < 1 || fault.Reason == "" {
				t.Fatalf("%q: %+v", text, fault)
			}
			return
		}
		if !bytes.Equal(d.text(), text) {
			t.Fatalf("%q is read as %q", text, d.text())
		}
		before := d.value()
		if before == nil {
			t.Fatalf("%q holds nothing", text)
		}
		first, second = clean(first), clean(second)
		path := []string{first, second}
		raw, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		if json.Valid([]byte(value)) && jsonvalue.CheckObject([]byte(`{"x":`+value+`}`), true) == nil {
			raw = []byte(value)
		}
		check := func(what string) map[string]any {
			t.Helper()
			again, fault := parseDocument(d.text())
			if fault != nil {
				t.Fatalf("%s in %q: %q: %+v", what, text, d.text(), fault)
			}
			after := again.value()
			for name, was := range before {
				if name != first && !reflect.DeepEqual(after[name], was) {
					t.Fatalf("%s in %q changed %q", what, text, name)
				}
			}
			return after
		}
		if d.set(path, raw) == nil {
			check("set")
			got, ok := d.get(path...)
			if want := jsonvalue.Parse(raw); !ok || !reflect.DeepEqual(got, want) {
				t.Fatalf("set %q of %q: got %v, want %v", path, text, got, want)
			}
			if !d.remove(path...) || d.has(path...) {
				t.Fatalf("%q of %q is still there", path, text)
			}
			check("remove")
		}
		if d.add([]string{first}, second) == nil {
			check("add")
			if !d.drop([]string{first}, second) {
				t.Fatalf("%q was not added to %q", second, first)
			}
			check("drop")
		}
		_ = d.names(first)
		_ = d.isEmpty(path...)
	})
}

// clean is a name as JSON can write it.
func clean(name string) string {
	text, _ := json.Marshal(name)
	var out string
	_ = json.Unmarshal(text, &out)
	return out
}
