package module_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/pkg/module"
)

func number(text string) *json.Number { n := json.Number(text); return &n }

func TestNewType(t *testing.T) {
	for _, test := range []struct {
		name, description string
		want              module.Type
	}{
		{"str", "string", module.Type{Kind: module.KindString}},
		{"intBetween", "integer between -5 and 10 (both inclusive)", module.Type{Kind: module.KindInt, Minimum: number("-5"), Maximum: number("10")}},
		{"unsignedInt16", "16 bit unsigned integer; between 0 and 65535 (both inclusive)", module.Type{Kind: module.KindInt, Minimum: number("0"), Maximum: number("65535")}},
		{"signedInt8", "8 bit signed integer; between -128 and 127 (both inclusive)", module.Type{Kind: module.KindInt, Minimum: number("-128"), Maximum: number("127")}},
		{"unsignedInt", "unsigned integer, meaning >=0", module.Type{Kind: module.KindInt, Minimum: number("0")}},
		{"positiveInt", "positive integer, meaning >0", module.Type{Kind: module.KindInt, ExclusiveMinimum: number("0")}},
		{"numberBetween", "integer or floating point number between 0.5 and 1.5 (both inclusive)", module.Type{Kind: module.KindNumber, Minimum: number("0.5"), Maximum: number("1.5")}},
		// What an author writes over a type's description says nothing of bounds.
		{"int", "an integer, best between 1 and 5", module.Type{Kind: module.KindInt}},
		{"nonEmptyStr", "non-empty string", module.Type{Kind: module.KindString, NonEmpty: true}},
		{"strMatching \"a\\\\.\\${x}\\\"\"", "", module.Type{Kind: module.KindString, Name: "strMatching", Pattern: `a\.${x}"`}},
		{"passwdEntry str", "", module.Type{Kind: module.KindString, Pattern: "[^:\n]*"}},
		{"listOf", "non-empty (list of string)", module.Type{Kind: module.KindList, NonEmpty: true}},
		{"lazyAttrsOf", "", module.Type{Kind: module.KindMap}},
		{"package", "", module.Type{Kind: module.KindOpaque}},
		{"somebody's own", "", module.Type{Kind: module.KindUnknown}},
	} {
		if test.want.Name == "" {
			test.want.Name = test.name
		}
		test.want.Description = test.description
		if diff := cmp.Diff(&test.want, module.NewType(test.name, test.description)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestSettle(t *testing.T) {
	leaf := func(name string) *module.Type { return module.NewType(name, "") }
	either := func(a, b *module.Type) *module.Type {
		t := module.NewType("either", "")
		t.Alternatives = []*module.Type{a, b}
		return t.Settle()
	}
	if got := either(leaf("int"), leaf("float")); got.Kind != module.KindNumber || got.Alternatives != nil {
		t.Errorf("a number is %+v", got)
	}
	var names []string
	for _, a := range either(either(leaf("str"), leaf("int")), leaf("bool")).Alternatives {
		names = append(names, a.Name)
	}
	if diff := cmp.Diff([]string{"str", "int", "bool"}, names); diff != "" {
		t.Error(diff)
	}
	unique := module.NewType("unique", "")
	unique.Elem = leaf("str")
	if got := unique.Settle(); got.Kind != module.KindString {
		t.Errorf("a unique string is %+v", got)
	}
}

func TestPatterns(t *testing.T) {
	for _, test := range []struct {
		posix     string
		fits, not []string
	}{
		{"[[:alpha:]_][[:alnum:]_-]*", []string{"_a-1"}, []string{"1a", "", "a b"}},
		{`[]\]+`, []string{`]\]`}, []string{"a"}},
		{`a|b`, []string{"a", "b"}, []string{"ab", "xa"}},
		{`[^[:space:]]{2,3}`, []string{"ab"}, []string{"a b", "abcd"}},
		{"a.*", []string{"a", "a\nb"}, []string{"b"}}, // as builtins.match does
		{`\.`, []string{"."}, []string{"a"}},
		{"[^\n]*\n?", []string{"line\n"}, []string{"two\nlines"}},
	} {
		option := &module.Option{Type: &module.Type{Kind: module.KindString, Name: "strMatching", Pattern: test.posix}}
		schema := module.NewSchema(&module.Interface{Options: map[string]*module.Option{"x": option}}, module.SchemaOptions{})
		for _, text := range test.fits {
			if err := schema.Validate(map[string]any{"x": text}); err != nil {
				t.Errorf("%s: %v", test.posix, err)
			}
		}
		for _, text := range test.not {
			if schema.Validate(map[string]any{"x": text}) == nil {
				t.Errorf("%s fits %q", test.posix, text)
			}
		}
	}
	for _, odd := range []string{"[[.hyphen.]]", "[a", "[[:nosuch:]]", "("} {
		option := &module.Option{Type: &module.Type{Kind: module.KindString, Pattern: odd}}
		schema := module.NewSchema(&module.Interface{Options: map[string]*module.Option{"x": option}}, module.SchemaOptions{})
		if len(schema.Inexpressible) != 1 {
			t.Errorf("%s: %v", odd, schema.Inexpressible)
		}
		if err := schema.Validate(map[string]any{"x": "anything"}); err != nil {
			t.Errorf("%s: %v", odd, err)
		}
	}
}
