package typed

import (
	"reflect"
	"slices"
	"strconv"

	"github.com/clanctl/clanctl/pkg/instance"
)

// missingIn are the settings that the type of v has, and the JSON that v was decoded from has not.
func missingIn(v any, settings *instance.Settings) [][]string {
	var found [][]string
	walk(reflect.ValueOf(v), settings.Value(), nil, func(path []string) { found = append(found, slices.Clone(path)) })
	slices.SortFunc(found, slices.Compare)
	return found
}

// walk goes through a value and the JSON that it was decoded from.
func walk(v reflect.Value, from any, path []string, report func([]string)) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			walk(v.Elem(), from, path, report)
		}
	case reflect.Slice:
		list, _ := from.([]any)
		for i := range min(v.Len(), len(list)) {
			walk(v.Index(i), list[i], append(path, strconv.Itoa(i)), report)
		}
	case reflect.Map:
		object, isObject := from.(map[string]any)
		for entries := v.MapRange(); isObject && entries.Next(); {
			name := entries.Key().String()
			walk(entries.Value(), object[name], append(path, name), report)
		}
	case reflect.Struct:
		walkStruct(v, from, path, report)
	}
}

func walkStruct(v reflect.Value, from any, path []string, report func([]string)) {
	fields, freeform := fieldsOf(v)
	if len(fields) == 0 && !freeform.IsValid() {
		// A union: the branch that is not nil is the value.
		for i := range v.NumField() {
			if branch := v.Field(i); nilable(branch) && !branch.IsNil() {
				walk(branch, from, path, report)
			}
		}
		return
	}
	object, isObject := from.(map[string]any)
	if !isObject {
		return
	}
	for _, f := range fields {
		value, has := object[f.name]
		switch {
		case has:
			walk(f.value, value, append(path, f.name), report)
		case !f.optional:
			report(append(path, f.name))
		}
	}
	if freeform.IsValid() {
		walk(freeform, from, path, report)
	}
}

func nilable(v reflect.Value) bool {
	kind := v.Kind()
	return kind == reflect.Pointer || kind == reflect.Slice || kind == reflect.Map
}
