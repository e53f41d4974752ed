// Package nearest finds the known names that a mistyped one may have meant.
package nearest

import (
	"slices"
	"strconv"
	"strings"

	"github.com/clanctl/clanctl/internal/natural"
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
		d := distance(strings.ToLower(name), strings.ToLower(k))
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

// distance counts the letters to add, leave out or replace, and neighbours to swap, that make one name of
// another (optimal string alignment).
func distance(from, to string) int {
	a, b := []rune(from), []rune(to)
	// The last three lines of the table whose cell i, j is the distance between the first i and the first j letters.
	before, above, line := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range line {
		line[j] = j
	}
	for i := range a {
		before, above, line = above, line, before
		line[0] = i + 1
		for j := range b {
			replace := above[j]
			if a[i] != b[j] {
				replace++
			}
			line[j+1] = min(above[j+1]+1, line[j]+1, replace)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				line[j+1] = min(line[j+1], before[j-1]+1)
			}
		}
	}
	return line[len(b)]
}

// Or are the names that are near or, if none is, some of those that there are.
func Or(near, known []string) ([]string, []string) {
	if len(near) > 0 {
		return near, nil
	}
	return nil, First(known)
}

// Hint asks whether names that are near were meant or, if none is, says which there are, behind such words as
// "its roles are "; of none at all it is otherwise.
func Hint(near, known []string, all, otherwise string) string {
	switch {
	case len(near) > 0:
		return "did you mean " + List(near) + "?"
	case len(known) > 0:
		return all + List(natural.Sort(slices.Clone(known)))
	}
	return otherwise
}

// most is how many names List writes.
const most = 20

// List writes names as quoted, comma-separated text; of a long list only the first twenty; "none" where there are none.
func List(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	quoted := make([]string, 0, min(len(names), most+1))
	for i, name := range names {
		if i == most {
			quoted = append(quoted, "...")
			break
		}
		quoted = append(quoted, strconv.Quote(name))
	}
	return strings.Join(quoted, ", ")
}

// First are as many names as words show of a list, and one more that stands for the rest; nil if there are none.
func First(names []string) []string {
	if len(names) == 0 {
		return nil
	}
	return slices.Clone(names[:min(len(names), most+1)])
}
