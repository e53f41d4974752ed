package instance

import (
	"encoding/json"
	"maps"
	"slices"
)

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func sortedUnique(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}

func emptyNotNil(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

// extend appends without sharing the array.
func extend(path []string, more ...string) []string {
	return append(path[:len(path):len(path)], more...)
}

func compact(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "?"
	}
	return string(b)
}
