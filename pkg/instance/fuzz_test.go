package instance

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/clanctl/clanctl/internal/reader"
	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// answered is a loader that has an answer, and never asks for more.
func answered(text []byte, need Need) (*loader, error) {
	l := newLoader(Ref{}, &Config{Need: need.all()})
	return l, reader.Decode(text, l.wants())
}

// The reader's answer, whatever stands in it: an error, or an inventory that marshals, with findings for what is
// missing.
func FuzzAnswer(f *testing.F) {
	seeds := []string{
		`{"schema":2,"values":[{"layout":"clan"},[],{},["i"],{"a":{"deploy":[],"installedAt":null},"b":{"$clanctl":"throws"}},{},{},{"i":{"module":{},"roles":{"$clanctl":"omitted"}}},{},{},{},{},{},{},{},{}]}`,
		`{"schema":2,"values":[{"layout":"inventory"},[],{"x":[{"$clanctl":"throws"}]},["__toString"],{"m":{}},{"t":["m",1]},{"m":["t"]},{"$clanctl":"pairs","pairs":[["__toString",{"roles":{"r":{"machines":["m"],"layer":[{"value":{"a":1}}]}}}]]},{},{"k":{"manifest":null,"roles":null}},{"__toString":{"key":"k","roles":{"r":{"settingsFrom":"layers"}}}},{},{},{},{},{}]}`,
	}
	for _, file := range []string{"testdata/answer.json", "testdata/answer-broken.json"} {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		seeds = append(seeds, string(text))
	}
	for _, seed := range seeds {
		if _, err := answered([]byte(seed), 0); err != nil {
			f.Fatalf("%s is no answer: %v", seed, err)
		}
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		l, err := answered(text, 0)
		if err != nil {
			return
		}
		l.decode()
		for _, loss := range l.losses {
			if loss.failure != nil {
				loss.failure.Err = errNoMessage // Nix is not asked
			}
		}
		if err := l.explain(t.Context()); err != nil {
			t.Fatal(err)
		}
		for name := range l.inv.Instances {
			_ = l.inv.Where("instances", name, "roles")
		}
		document, err := json.Marshal(l.inv)
		if err != nil {
			t.Fatalf("the inventory does not marshal: %v", err)
		}
		var back Inventory
		if err := json.Unmarshal(document, &back); err != nil {
			t.Fatalf("the document does not read back: %v\n%s", err, document)
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
		`{"options":{"l":{"type":{"name":"listOf"}},"u":{"type":{"name":"unique"}},"c":{"type":{"name":"coercedTo","alternatives":[]}},"s":{"type":{"name":"submodule","minimum":1e400}}}}`,
	} {
		f.Add([]byte(seed), []byte(`{"a":"x","b":{"c":[1]},"t":{"x":70000}}`))
	}
	f.Fuzz(func(t *testing.T, text, settings []byte) {
		var part reader.Part[reader.Interface]
		if reader.Decode(slices.Concat([]byte(`{"schema":2,"values":[`), text, []byte(`]}`)),
			[]reader.Want{{Into: &part}}) != nil {
			return
		}
		d := &describer{places: newPlacer(nixeval.Sources{}), lose: func(*reader.Failure, **services.Failure) {}}
		decoded := d.set(part.Value)
		if _, err := json.Marshal(decoded); err != nil {
			t.Fatalf("it does not marshal: %v", err)
		}
		for _, whole := range []bool{false, true} {
			schema := services.NewSchema(decoded, services.SchemaOptions{Title: "x", Whole: whole})
			if _, err := json.Marshal(schema); err != nil {
				t.Fatalf("its schema does not marshal: %v", err)
			}
			var value any
			if json.Unmarshal(settings, &value) != nil {
				value = string(settings)
			}
			var invalid *services.InvalidError
			if err := schema.Validate(value); err != nil && !errors.As(err, &invalid) {
				t.Fatalf("its schema cannot be used: %v", err)
			}
		}
	})
}
