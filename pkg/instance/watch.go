package instance

import (
	"context"
	"errors"
	"fmt"
	"io"
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
		err := watch.States(ctx, watch.Watched[Inventory]{
			Load:  func() (*Inventory, error) { return Load(ctx, ref, config) },
			Trees: func(inv *Inventory) []filetree.Source { return facts.Of(inv).Trees },
			Tree:  treeOf(ref),
			Write: func(to io.Writer, inv *Inventory, err error) error {
				fmt.Fprintln(to, err)
				return json.MarshalWrite(to, inv, json.Deterministic(true))
			},
			Show: func(inv *Inventory, err error) error {
				if !yield(inv, err) {
					return errStopped
				}
				return nil
			},
			Broken: nixeval.ErrEvaluation,
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
