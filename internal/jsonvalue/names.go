package jsonvalue

import (
	"maps"
	"slices"
)

// Names are those in either of two objects, sorted.
func Names[V any](a, b map[string]V) []string {
	names := slices.Collect(maps.Keys(a))
	for name := range b {
		if _, both := a[name]; !both {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
