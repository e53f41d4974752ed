package facts

import (
	"context"
	"path/filepath"

	"github.com/clanctl/clanctl/internal/filetree"
)

// Observed are the files of source trees as they were at some time.
type Observed []*filetree.Tree

// Observe looks at the files of all trees that the clan was read from. A tree of which nothing can be told is nil. The
// error is the context's.
func (i *Inventory) Observe(ctx context.Context) (Observed, error) {
	trees := make(Observed, len(i.Trees))
	for at, source := range i.Trees {
		trees[at], _ = source.ObserveFiles(ctx, nil)
	}
	return trees, ctx.Err()
}

// ChangedSince are the files that are no longer what they were, by their absolute paths, sorted within each tree: the
// top of a tree that is not there any more. The error is the context's.
func (i *Inventory) ChangedSince(ctx context.Context, before Observed) ([]string, error) {
	var changed []string
	for at, source := range i.Trees {
		if before[at] == nil {
			continue
		}
		now, err := source.ObserveFiles(ctx, before[at])
		if err != nil {
			changed = append(changed, source.Root)
			continue
		}
		for _, file := range now.ChangedFiles(before[at]) {
			changed = append(changed, filepath.Join(source.Root, file))
		}
	}
	return changed, ctx.Err()
}
