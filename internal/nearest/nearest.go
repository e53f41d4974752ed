// Package nearest finds the known names that a mistyped one may have meant.
package nearest

import (
	"slices"
	"strconv"
	"strings"

	"github.com/hbollon/go-edlib"
)

// Of returns up to three known names that are close to name, the closest first.
func Of(name string, known []string) []string {
	type candidate struct {
		name     string
		distance int
	}
	limit := max(1, len([]rune(name))/3)
	var found []candidate
	for _, k := range known {
		if k == name {
			continue
		}
		d := edlib.OSADamerauLevenshteinDistance(strings.ToLower(name), strings.ToLower(k))
		if d <= limit {
			found = append(found, candidate{k, d})
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int {
		if a.distance != b.distance {
			return a.distance - b.distance
		}
		return strings.Compare(a.name, b.name)
	})
	names := make([]string, 0, 3)
	for _, c := range found[:min(3, len(found))] {
		names = append(names, c.name)
	}
	return names
}

// Most is how many names List writes.
const Most = 20

// List writes names as quoted, comma-separated text; of a long list only the first Most; "none" where there are none.
func List(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	quoted := make([]string, 0, min(len(names), Most+1))
	for i, name := range names {
		if i == Most {
			quoted = append(quoted, "...")
			break
		}
		quoted = append(quoted, strconv.Quote(name))
	}
	return strings.Join(quoted, ", ")
}
