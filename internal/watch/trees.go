package watch

import (
	"context"
	"time"

	"github.com/clanctl/clanctl/internal/filetree"
)

const (
	// settled is how long no file must change before the trees are read again, overdue how long that is put
	// off at most.
	settled = 30 * time.Millisecond
	overdue = 2 * time.Second
)

// Trees calls read, and again whenever files of the trees changed that it read from: those that it returned
// last, or else the first ones. It ends with read's error, with that of the context, or where the files of the
// first trees cannot be listed.
func Trees(ctx context.Context, trees []filetree.Source, read func() ([]filetree.Source, error)) error {
	files, err := New()
	if err != nil {
		return err
	}
	defer files.Close()
	for {
		again, err := follow(ctx, files, trees)
		if err != nil {
			return err
		}
		if !again {
			if err := files.Wait(ctx, settled, overdue); err != nil {
				return err
			}
		}
		// Where there were new directories, the trees are read once more for what happened in these meanwhile.
		found, err := read()
		if err != nil {
			return err
		}
		if len(found) > 0 {
			trees = found
		}
	}
}

// follow watches the directories of the trees as they are now, and reports whether there are new ones.
func follow(ctx context.Context, files *Files, trees []filetree.Source) (added bool, err error) {
	var directories []filetree.Directory
	for _, tree := range trees {
		found, err := tree.Directories(ctx)
		switch {
		case ctx.Err() != nil:
			return false, ctx.Err()
		case err != nil && len(files.only) == 0:
			return false, err // nothing is watched yet, so that no change would ever be seen
		case err != nil:
			return false, nil // git is busy, or a directory is gone for a moment: those of before will do
		}
		directories = append(directories, found...)
	}
	return files.Set(directories)
}
