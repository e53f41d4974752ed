package instance

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/clanctl/clanctl/pkg/module"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// The reader's answer, whatever stands in it: an error, or an inventory that marshals, with findings for what is missing.
func FuzzAnswer(f *testing.F) {
	for _, file := range []string{"testdata/answer.json", "testdata/answer-broken.json"} {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"schema":1,"values":[{"machines":{"a":{"tags":["x",1,null],"installedAt":1.5e999,"deploy":[]},"b":{"$clanctl":"throws"}},"instances":{"i":{"module":{},"roles":[]}}}]}`))
	f.Add([]byte(`{"schema":1,"values":[{"instances":{"$clanctl":"pairs","pairs":[["__toString",{"roles":{"r":{"members":null}}}],[1],null]}}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		values, err := parseAnswer(text, 1)
		if err != nil {
			return
		}
		l := &loader{facts: asMap(values[0]), asker: newAsker(&nixeval.Evaluator{}, ".", 1)}
		if l.facts == nil {
			return
		}
		_ = l.checkShape()
		inv, err := l.decode()
		if err != nil {
			return
		}
		for i := range l.missing {
			inv.place(&l.missing[i].finding)
			l.missing[i].finding.Definitions = inv.definitions(&l.missing[i].finding)
			inv.Findings = append(inv.Findings, l.missing[i].finding)
		}
		slices.SortFunc(inv.Findings, Finding.Compare)
		for name := range inv.Instances {
			_ = inv.Where("instances", name, "roles")
		}
		if _, err := json.Marshal(inv); err != nil {
			t.Fatalf("the inventory does not marshal: %v", err)
		}
	})
}

// inventory.json as it stands in a clan: where its keys are, of which each is one in the text.
func FuzzJSONPositions(f *testing.F) {
	for _, seed := range []string{`{"a":{"b\"c":[1,{"d":null}]},"":{}}`, "{\n\t\"a\": \"a\\\\\",\n\t\"b\": {}\n}", `{"a":1,"a":2}`, "{\"\\u0061\xff\":1}", `[{"a":`, "\"\\", `{"a/b~c":{"d":0}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		found := map[string]Position{}
		jsonPositions(text, found)
		lines := strings.Split(string(text), "\n")
		for path, pos := range found {
			if pos.Line < 1 || pos.Line > len(lines) || pos.Column < 1 || pos.Column > len(lines[pos.Line-1]) || lines[pos.Line-1][pos.Column-1] != '"' {
				t.Fatalf("%q is said to be at %v of %q", path, pos, text)
			}
		}
	})
}

// Paths of options in Nix's messages.
func FuzzOptionPath(f *testing.F) {
	f.Add("a", `b.c"d`, "${x}")
	f.Add("", "\\", "\x00\xff")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		_ = splitOptionPath(a)
		_ = codeOf(a + b)
		names := []string{a, b, c}
		for _, name := range names {
			// What no Nix string holds, and what Go's quoting writes in its own way.
			if name == "" || strings.ContainsAny(name, "\x00") || strings.ToValidUTF8(name, "") != name {
				return
			}
		}
		path := optionPath(names...)
		if got := splitOptionPath(path); !slices.Equal(got, names) {
			t.Fatalf("%q is written %s, and read %q", names, path, got)
		}
	})
}

// What is told of a role's interface, whatever it is: an interface that marshals, and a schema that a validator takes.
func FuzzInterface(f *testing.F) {
	for _, seed := range []string{
		`{"options":{"a":{"type":{"name":"nullOr","elem":{"name":"strMatching \"[a-z]\\\\$\"","description":"x"}},"hasDefault":true,"default":null,"declarations":[{"file":"/x","line":1}]},
			"b":{"options":{"c":{"type":{"name":"enum","values":["x",1,{"$clanctl":"throws"}]}}}},"d":{"$clanctl":"throws"}},"freeform":{"name":"attrsOf","elem":{"name":"anything"}}}`,
		`{"options":{"a":{"type":{"name":"either","alternatives":[{"name":"int"},{"name":"listOf","elem":{"same":0}},{"name":"either","alternatives":[{"same":1},{"tooDeep":true}]}]}}}}`,
		`{"options":{"t":{"type":{"name":"attrTag","interface":{"options":{"x":{"type":{"name":"intBetween","description":"integer between -1 and 65535 (both inclusive)"}}}}}}}}`,
		`{"options":{"l":{"type":{"name":"listOf"}},"u":{"type":{"name":"unique"}},"c":{"type":{"name":"coercedTo","alternatives":[]}},"s":{"type":{"name":"submodule","bounds":{"minimum":1e400}}}}}`,
	} {
		f.Add([]byte(seed), []byte(`{"a":"x","b":{"c":[1]},"t":{"x":70000}}`))
	}
	f.Fuzz(func(t *testing.T, text, settings []byte) {
		values, err := parseAnswer(slices.Concat([]byte(`{"schema":1,"values":[`), text, []byte(`]}`)), 1)
		if err != nil {
			return
		}
		d := &interfaceDecoder{local: func(file string) string { return file }, miss: func([]string, any, **module.Failure) {}}
		decoded := d.decode(values[0], nil)
		if _, err := json.Marshal(decoded); err != nil {
			t.Fatalf("it does not marshal: %v", err)
		}
		for _, whole := range []bool{false, true} {
			schema := module.NewSchema(decoded, module.SchemaOptions{Title: "x", Whole: whole})
			if _, err := json.Marshal(schema); err != nil {
				t.Fatalf("its schema does not marshal: %v", err)
			}
			var value any
			if json.Unmarshal(settings, &value) != nil {
				value = string(settings)
			}
			var invalid *module.InvalidError
			if err := schema.Validate(value); err != nil && !errors.As(err, &invalid) {
				t.Fatalf("its schema cannot be used: %v", err)
			}
		}
	})
}
