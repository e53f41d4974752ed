package policy

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/tailscale/hujson"

	"reflect"

	"github.com/go-json-experiment/json/jsontext"
)

// The published schema has the names that are read, and takes the manual's own files.
func TestSchema(t *testing.T) {
	text, err := os.ReadFile("../../docs/policy.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	for at, path := range map[string][]string{"": {}, "/defaults": {"defaults"}, "/ignore/0": {"ignore", "items"},
		"/rules/0": {"rules", "items"}} {
		of := doc.(map[string]any)
		for _, step := range path {
			if step != "items" {
				of = of["properties"].(map[string]any)
			}
			of = of[step].(map[string]any)
		}
		var have []string
		for name := range of["properties"].(map[string]any) {
			have = append(have, name)
		}
		want := names(reflect.TypeFor[fileJSON](), jsontext.Pointer(at))
		slices.Sort(have)
		slices.Sort(want)
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("%q: %s", at, diff)
		}
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("policy.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("policy.json")
	if err != nil {
		t.Fatal(err)
	}
	valid := func(text string) error {
		plain, err := hujson.Standardize([]byte(text))
		if err != nil {
			return err
		}
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(plain)))
		if err != nil {
			return err
		}
		return schema.Validate(doc)
	}
	page, err := os.ReadFile("../../docs/commands/check.md")
	if err != nil {
		t.Fatal(err)
	}
	sample := regexp.MustCompile(`(?m)^    \{\n(?:     .*\n)+    \}$`).FindString(string(page))
	if _, err := Parse("p", []byte(sample)); err != nil || valid(sample) != nil {
		t.Errorf("%s: %v %v", sample, err, valid(sample))
	}
	rules, err := os.ReadFile("../../docs/how-to/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	all := `{ "$schema": "x", "rules": [`
	for _, block := range regexp.MustCompile("(?s)```json\n(.*?)```").FindAllStringSubmatch(string(rules), -1) {
		all += block[1]
	}
	all += "] }"
	if parsed, err := Parse("p", []byte(all)); err != nil || len(parsed.Rules) != 10 || valid(all) != nil {
		t.Errorf("%v %v", err, valid(all))
	}
	for _, wrong := range []string{`{"x": 1}`, `{"ignore": [{"code": "a"}]}`,
		`{"rules": [{"code": "A", "message": "m", "select": "."}]}`, `{"defaults": {"severity": "x"}}`} {
		if valid(wrong) == nil {
			t.Errorf("%s is valid", wrong)
		}
	}
}
