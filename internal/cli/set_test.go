package cli

import "testing"

func TestValueThatIsNotJSON(t *testing.T) {
	schema := settingsSchema{"properties": map[string]any{
		"on":   map[string]any{"type": "boolean"},
		"name": map[string]any{"type": "string"},
		"any":  map[string]any{},
	}}
	for _, test := range []struct {
		option, quoted, hint string
	}{
		{"on", `ture`, "on takes a value of the type boolean"},
		{"name", `"ture"`, ""},
		{"any", `ture`, `a string needs its quotes, and these need some from the shell: 'any="ture"'`},
		{"none", `"ture"`, ""}, // there is no such option, which the evaluation says
	} {
		path := []string{test.option}
		value := schema.quoted(path, "ture")
		if value != test.quoted {
			t.Errorf("%s: %s", test.option, value)
		}
		if test.hint != "" && syntaxHint(path, value, schema.at(path, false)) != test.hint {
			t.Errorf("%s: %s", test.option, syntaxHint(path, value, schema.at(path, false)))
		}
	}
	if got := settingsSchema(nil).quoted([]string{"x"}, "y"); got != "y" {
		t.Errorf("without a schema: %s", got)
	}
}
