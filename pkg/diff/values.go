package diff

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"slices"

	"github.com/clanctl/clanctl/internal/facts"
)

// Value is a value, somewhere in a tree of JSON data, that is not what it was. Sets are compared name by name; a list is one
// value.
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
		if !same(old, new) {
			report(Value{Change: Changed, Path: pathOf(path), Old: facts.JSON(old), New: facts.JSON(new)})
		}
		return
	}
	for _, name := range union(before, after) {
		x, had := before[name]
		y, has := after[name]
		below := append(slices.Clip(path), name)
		switch changeOf(had, has) {
		case Added:
			report(Value{Change: Added, Path: below, New: facts.JSON(y)})
		case Removed:
			report(Value{Change: Removed, Path: below, Old: facts.JSON(x)})
		default:
			compare(below, x, y, report)
		}
	}
}

// same compares values as their JSON texts, so that it does not matter who decoded them; 3 and 3.0 are not the same.
func same(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
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
