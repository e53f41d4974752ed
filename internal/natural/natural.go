// Package natural orders names the way people count: m2 before m10.
package natural

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strings"
)

// Compare compares two names; a run of digits counts as the number that it is.
func Compare(a, b string) int {
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		m, n := digits(a[i:]), digits(b[j:])
		switch {
		case m > 0 && n > 0:
			x, y := strings.TrimLeft(a[i:i+m], "0"), strings.TrimLeft(b[j:j+n], "0")
			if c := cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y)); c != 0 {
				return c
			}
			i, j = i+m, j+n
		case a[i] != b[j]:
			return cmp.Compare(a[i], b[j])
		default:
			i, j = i+1, j+1
		}
	}
	return cmp.Or(cmp.Compare(len(a)-i, len(b)-j), cmp.Compare(a, b))
}

// Sort sorts names in place, and returns them.
func Sort(names []string) []string {
	slices.SortFunc(names, Compare)
	return names
}

// Keys are those of a map, in order.
func Keys[V any](m map[string]V) []string { return Sorted(maps.Keys(m)) }

// Sorted are the names of a sequence, in order.
func Sorted(names iter.Seq[string]) []string { return slices.SortedFunc(names, Compare) }

// digits is how many digits a text begins with.
func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}
