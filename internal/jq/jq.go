// Package jq is about jq expressions: which of them always give the same for the same document.
package jq

import (
	"reflect"
	"slices"

	"github.com/itchyny/gojq"
)

// impure are the jq functions whose value, or what they do, hangs on more than their input: on the clock, the
// time zone, the environment, files and streams. gojq does not have all of them; jq does.
var impure = []string{
	"now", "localtime", "mktime", "strptime", "strflocaltime",
	"env", "$ENV", "$__prog_args",
	"input", "inputs", "input_filename", "input_line_number", "debug", "stderr",
	"get_search_list", "modulemeta", "import", "include", "builtins", "halt", "halt_error",
}

// Impure are the functions that an expression calls whose value, or what they do, hangs on more than its
// input. One that defines a function of such a name calls that; it is named all the same.
func Impure(query *gojq.Query) []string {
	var found []string
	if len(query.Imports) > 0 {
		found = append(found, "import")
	}
	calls(reflect.ValueOf(query), func(name string) {
		if slices.Contains(impure, name) && !slices.Contains(found, name) {
			found = append(found, name)
		}
	})
	return found
}

// calls tells of every call of a function in a syntax tree, which is made of exported structs alone.
func calls(v reflect.Value, call func(name string)) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			calls(v.Elem(), call)
		}
	case reflect.Slice:
		for i := range v.Len() {
			calls(v.Index(i), call)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[gojq.Func]() {
			call(v.FieldByName("Name").String())
		}
		for i := range v.NumField() {
			calls(v.Field(i), call)
		}
	}
}
