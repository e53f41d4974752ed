package facts

import (
	"context"
	"path/filepath"

	"github.com/clanctl/clanctl/internal/filetree"
)

// Observed are the files of source trees as they were at some time.
type Observed []*filetree.Tree

// Observe looks at the files of trees. A tree of which nothing can be told is left out. The error is the context's.
func Observe(ctx context.Context, trees []filetree.Source) (Observed, error) {
	var seen Observed
	for _, source := range trees {
		if tree, err := source.ObserveFiles(ctx, nil); err == nil {
			seen = append(seen, tree)
		}
	}
	return seen, ctx.Err()
}

// Changed are the files that are no longer what they were, by their absolute paths, sorted within each tree: the top of
// a tree that is not there any more. The error is the context's.
func (o Observed) Changed(ctx context.Context) ([]string, error) {
	var changed []string
	for _, before := range o {
		source := before.Source()
		now, err := source.ObserveFiles(ctx, before)
		if err != nil {
			changed = append(changed, source.Root)
			continue
		}
		for _, file := range now.ChangedFiles(before) {
			changed = append(changed, filepath.Join(source.Root, file))
		}
	}
	return changed, ctx.Err()
}
