package watch

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"

	"github.com/clanctl/clanctl/internal/filetree"
)

// Watched is something that is loaded from a source tree, and shown.
type Watched[T any] struct {
	Load func() (*T, error)
	// Trees are what something was loaded from. Before there is any, Tree is watched.
	Trees func(*T) []filetree.Source
	Tree  filetree.Source
	// Write writes all that is shown of a state.
	Write func(io.Writer, *T, error) error
	Show  func(*T, error) error
	// Broken is the error of a load without a value that an edit may help. Others end the watch, if they come at once.
	Broken error
}

// States shows the state of what is watched, and again whenever files change that it was loaded from, if it says
// something else than the one before. It ends with an error of Write or Show, or with that of the context.
func States[T any](ctx context.Context, what Watched[T]) error {
	var last [sha256.Size]byte
	loaded := false
	return Trees(ctx, []filetree.Source{what.Tree}, func() ([]filetree.Source, error) {
		value, err := what.Load()
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case value == nil && !loaded && !errors.Is(err, what.Broken):
			return nil, err
		}
		loaded = true
		var trees []filetree.Source
		if value != nil {
			trees = what.Trees(value)
		}
		sum := sha256.New()
		if err := what.Write(sum, value, err); err != nil {
			return nil, err
		}
		now := [sha256.Size]byte(sum.Sum(nil))
		if now == last {
			return trees, nil
		}
		last = now
		return trees, what.Show(value, err)
	})
}
