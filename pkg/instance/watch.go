package instance

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"

	"github.com/go-json-experiment/json"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/filetree"
	"github.com/clanctl/clanctl/internal/watch"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// Watch loads the clan of a flake in a local directory, and again whenever files change that it was read from, those of
// inputs in local directories included. Each pair is what [Load] returns; one that says the same as the last is left
// out.
//
// A state that does not evaluate at all is a pair without an inventory, and the watch goes on. It ends when the loop or
// ctx does, and after a pair with an error that no edit of the flake helps: the flake is not a local directory, Nix
// cannot be run, or the system watches no more files for this user.
func Watch(ctx context.Context, ref Ref, config Config) iter.Seq2[*Inventory, error] {
	return func(yield func(*Inventory, error) bool) {
		if ref.Root == "" {
			yield(nil, fmt.Errorf("cannot watch %s: it is not a local directory", ref.Text))
			return
		}
		var last [sha256.Size]byte
		any := false
		err := watch.Trees(ctx, []filetree.Source{treeOf(ref)}, func() ([]filetree.Source, error) {
			inv, err := Load(ctx, ref, config)
			switch {
			case ctx.Err() != nil:
				return nil, errStopped
			case inv == nil && !any && !errors.Is(err, nixeval.ErrEvaluation):
				return nil, err
			}
			any = true
			now, sumErr := stateOf(inv, err)
			if sumErr != nil {
				return nil, sumErr
			}
			if now != last && !yield(inv, err) {
				return nil, errStopped
			}
			last = now
			if inv == nil {
				return nil, nil
			}
			return facts.Of(inv).Trees, nil
		})
		if ctx.Err() == nil && !errors.Is(err, errStopped) {
			yield(nil, err)
		}
	}
}

// errStopped ends a watch that nobody follows any more.
var errStopped = errors.New("the watch was stopped")

// treeOf is the source tree of a local flake.
func treeOf(ref Ref) filetree.Source { return filetree.Source{Root: ref.Root, Git: ref.Git} }

// stateOf stands for all that a load says.
func stateOf(inv *Inventory, err error) (sum [sha256.Size]byte, _ error) {
	h := sha256.New()
	fmt.Fprintln(h, err)
	if err := json.MarshalWrite(h, inv, json.Deterministic(true)); err != nil {
		return sum, err
	}
	return [sha256.Size]byte(h.Sum(nil)), nil
}
