package reader

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/clanctl/clanctl/internal/lazyregexp"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// One bad part can kill the whole process: tryEval does not catch every error. In a question with Isolate each part puts its
// path into the trace of an error that passes through it, so that the part names itself, with Nix's own message.

var markInTrace = lazyregexp.New(`(?m)^.*clanctl-part (\[.*\])$\n?`)

// culprit returns the part that killed a question, and the error without our marks. The path is nil if it is the flake as a whole.
func (r *Reader) culprit(ctx context.Context, ask question, err error) ([]string, error) {
	var nixErr *nixeval.Error
	if errors.As(err, &nixErr) {
		var best []string
		for _, match := range markInTrace.FindAllStringSubmatch(nixErr.Trace, -1) {
			var path []string
			if json.Unmarshal([]byte(match[1]), &path) == nil && len(path) > len(best) && !r.isOmitted(path) {
				best = path
			}
		}
		clean := *nixErr
		clean.Trace = markInTrace.ReplaceAllString(nixErr.Trace, "")
		if best != nil {
			return best, &clean
		}
	}
	// A stack overflow leaves no trace. If the flake itself does not evaluate, that is the answer.
	ask.Isolate = false
	whole := ask
	whole.Select = [][]string{{"flake"}}
	if _, err := r.once(ctx, whole); err != nil {
		return nil, err
	}
	return r.search(ctx, ask, err)
}

func (r *Reader) isOmitted(path []string) bool {
	return slices.ContainsFunc(r.omitted, func(o []string) bool { return slices.Equal(o, path) })
}

// search halves the parts of a question that dies with err until one is left, and goes on with the parts of that.
func (r *Reader) search(ctx context.Context, ask question, err error) ([]string, error) {
	paths := ask.Select
	for len(paths) > 1 {
		half := len(paths) / 2
		ask.Select = paths[:half]
		_, halfErr := r.once(ctx, ask)
		switch {
		case halfErr == nil:
			paths = paths[half:]
		case isolates(halfErr):
			paths, err = paths[:half], halfErr
		default:
			return nil, halfErr
		}
	}
	ask.Select, ask.Outline = paths, true
	result, outlineErr := r.once(ctx, ask)
	ask.Outline = false
	var names Part[[]string]
	if outlineErr != nil || decode(result.Value, []Want{{Into: &names}}) != nil || len(names.Value) == 0 {
		return paths[0], err
	}
	ask.Select = nil
	for _, name := range names.Value {
		if below := append(slices.Clip(paths[0]), name); !r.isOmitted(below) {
			ask.Select = append(ask.Select, below)
		}
	}
	if _, belowErr := r.once(ctx, ask); belowErr == nil || len(ask.Select) == 0 {
		return paths[0], err
	} else if !isolates(belowErr) {
		return nil, belowErr
	}
	return r.search(ctx, ask, err)
}
