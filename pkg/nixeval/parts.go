package nixeval

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/clanctl/clanctl/internal/lazyregexp"
)

// One bad part can kill a whole process: tryEval does not catch every error. A part that puts its path into the trace
// of an error that passes through it names itself, with Nix's own message; one that kills Nix without a trace (by a
// stack overflow, or by all of the memory) is the one that was announced last.

const partMark = "nixeval-part "

var markInTrace = lazyregexp.New(`(?m)^.*` + partMark + `(\[.*\])$\n?`)

// partsIn returns a trace without the marks of parts, and these, the innermost first.
func partsIn(trace string) (clean string, parts [][]string) {
	for _, match := range markInTrace.FindAllStringSubmatch(trace, -1) {
		var path []string
		if json.Unmarshal([]byte(match[1]), &path) == nil {
			parts = append(parts, path)
		}
	}
	if parts == nil {
		return trace, nil
	}
	slices.SortStableFunc(parts, func(a, b []string) int { return cmp.Compare(len(b), len(a)) })
	return markInTrace.ReplaceAllString(trace, ""), parts
}
