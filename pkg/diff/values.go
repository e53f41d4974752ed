package diff

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"

	"github.com/clanctl/clanctl/internal/jsonvalue"
)

// Value is a value, somewhere in a tree of JSON data, that is not what it was. Sets are compared name by name; a list
// is one value.
type Value struct {
	Change Change `json:"change"`
	// Machines are the members whose setting it is; nil for what is no setting.
	Machines []string `json:"machines,omitzero"`
	// New and Old are nil where there is none; null is a value.
	New json.RawMessage `json:"new,omitzero"`
	Old json.RawMessage `json:"old,omitzero"`
	// Path leads to the value; empty for the tree itself.
	Path []string `json:"path"`
}

// valuesOf compares two trees of maps, slices, strings, bools, numbers and nil.
func valuesOf(path []string, old, new any) []Value {
	values := []Value{}
	compare(path, old, new, func(v Value) { values = append(values, v) })
	return values
}

func compare(path []string, old, new any, report func(Value)) {
	before, wasSet := old.(map[string]any)
	after, isSet := new.(map[string]any)
	if !wasSet || !isSet {
		if !jsonvalue.Equal(old, new) {
			report(Value{Change: Changed, Path: pathOf(path), Old: jsonvalue.Text(old), New: jsonvalue.Text(new)})
		}
		return
	}
	for _, name := range jsonvalue.Names(before, after) {
		x, had := before[name]
		y, has := after[name]
		below := append(slices.Clip(path), name)
		switch changeOf(had, has) {
		case Added:
			report(Value{Change: Added, Path: below, New: jsonvalue.Text(y)})
		case Removed:
			report(Value{Change: Removed, Path: below, Old: jsonvalue.Text(x)})
		default:
			compare(below, x, y, report)
		}
	}
}

// fieldsOf is a thing as in the document, but for some of its fields; an empty object for none.
func fieldsOf[T any](thing *T, without ...string) any {
	fields := map[string]any{}
	if thing != nil {
		value, _ := jsonvalue.Of(thing) // the model's types marshal
		fields, _ = value.(map[string]any)
	}
	for _, name := range without {
		delete(fields, name)
	}
	return fields
}

// asAny keeps a nil map from being another value than an empty one.
func asAny(set map[string]any) any {
	if set == nil {
		return map[string]any{}
	}
	return maps.Clone(set)
}

func pathOf(path []string) []string {
	if path == nil {
		return []string{}
	}
	return slices.Clone(path)
}

func comparePaths(a, b []string) int { return slices.CompareFunc(a, b, cmp.Compare[string]) }
