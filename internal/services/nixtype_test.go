package services_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/internal/services"
)

func number(text string) *json.Number { n := json.Number(text); return &n }

func TestNewType(t *testing.T) {
	for _, test := range []struct {
		name, description string
		want              services.Type
	}{
		{"str", "string", services.Type{Kind: services.KindString}},
		{"intBetween", "integer between -5 and 10 (both inclusive)",
			services.Type{Kind: services.KindInt, Minimum: number("-5"), Maximum: number("10")}},
		{"unsignedInt16", "16 bit unsigned integer; between 0 and 65535 (both inclusive)",
			services.Type{Kind: services.KindInt, Minimum: number("0"), Maximum: number("65535")}},
		{"signedInt8", "8 bit signed integer; between -128 and 127 (both inclusive)",
			services.Type{Kind: services.KindInt, Minimum: number("-128"), Maximum: number("127")}},
		{"unsignedInt", "unsigned integer, meaning >=0", services.Type{Kind: services.KindInt, Minimum: number("0")}},
		{"positiveInt", "positive integer, meaning >0",
			services.Type{Kind: services.KindInt, ExclusiveMinimum: number("0")}},
		{"numberBetween", "integer or floating point number between 0.5 and 1.5 (both inclusive)",
			services.Type{Kind: services.KindNumber, Minimum: number("0.5"), Maximum: number("1.5")}},
		// What an author writes over a type's description says nothing of bounds.
		{"int", "an integer, best between 1 and 5", services.Type{Kind: services.KindInt}},
		{"nonEmptyStr", "non-empty string", services.Type{Kind: services.KindString, NonEmpty: true}},
		{"strMatching \"a\\\\.\\${x}\\\"\"", "",
			services.Type{Kind: services.KindString, Name: "strMatching", Pattern: `a\.${x}"`}},
		{"passwdEntry str", "", services.Type{Kind: services.KindString, Pattern: "[^:\n]*"}},
		{"listOf", "non-empty (list of string)", services.Type{Kind: services.KindList, NonEmpty: true}},
		{"lazyAttrsOf", "", services.Type{Kind: services.KindMap}},
		{"package", "", services.Type{Kind: services.KindOpaque}},
		{"somebody's own", "", services.Type{Kind: services.KindUnknown}},
	} {
		if test.want.Name == "" {
			test.want.Name = test.name
		}
		test.want.Description = test.description
		if diff := cmp.Diff(&test.want, services.NewType(test.name, test.description)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestSettle(t *testing.T) {
	leaf := func(name string) *services.Type { return services.NewType(name, "") }
	either := func(a, b *services.Type) *services.Type {
		t := services.NewType("either", "")
		t.Alternatives = []*services.Type{a, b}
		return t.Settle()
	}
	if got := either(leaf("int"), leaf("float")); got.Kind != services.KindNumber || got.Alternatives != nil {
		t.Errorf("a number is %+v", got)
	}
	var names []string
	for _, a := range either(either(leaf("str"), leaf("int")), leaf("bool")).Alternatives {
		names = append(names, a.Name)
	}
	if diff := cmp.Diff([]string{"str", "int", "bool"}, names); diff != "" {
		t.Error(diff)
	}
	unique := services.NewType("unique", "")
	unique.Elem = leaf("str")
	if got := unique.Settle(); got.Kind != services.KindString {
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
		option := &services.Option{Type: &services.Type{Kind: services.KindString, Name: "strMatching",
			Pattern: test.posix}}
		schema := services.NewSchema(&services.Interface{Options: map[string]*services.Option{"x": option}},
			services.SchemaOptions{})
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
		option := &services.Option{Type: &services.Type{Kind: services.KindString, Pattern: odd}}
		schema := services.NewSchema(&services.Interface{Options: map[string]*services.Option{"x": option}},
			services.SchemaOptions{})
		if len(schema.Inexpressible) != 1 {
			t.Errorf("%s: %v", odd, schema.Inexpressible)
		}
		if err := schema.Validate(map[string]any{"x": "anything"}); err != nil {
			t.Errorf("%s: %v", odd, err)
		}
	}
}
