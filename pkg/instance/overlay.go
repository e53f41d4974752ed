package instance

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"

	"github.com/clanctl/clanctl/internal/git"
	"github.com/clanctl/clanctl/internal/sourcetree"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// overlaid is a copy of what Nix sees of a flake's source tree, with other content for some files, in a temporary
// directory; remove takes it away.
func overlaid(ctx context.Context, ref Ref, files map[string][]byte) (copied Ref, remove func(), err error) {
	if ref.Root == "" {
		return Ref{}, nil, fmt.Errorf("the flake %s %w, so it cannot be changed", ref.Text, ErrNotLocal)
	}
	if !sourcetree.IsPlain(ref.URL) {
		return Ref{}, nil,
			fmt.Errorf("cannot copy what Nix sees of %s: it asks for more than the files of a tree", ref.URL)
	}
	top, remove, err := treeOf(ref).Copy(ctx, files)
	if err != nil {
		return Ref{}, nil, err
	}
	text := (&url.URL{Scheme: "path", OmitHost: true, Path: top}).String()
	if sub, subErr := filepath.Rel(ref.Root, ref.Dir); subErr != nil || sub != "." {
		// Nix 2.8 knows a flake below the top of a tree in git only.
		err = errors.Join(subErr, git.Repo(top).Track(ctx))
		text = filepath.Join(top, sub)
	}
	if err == nil {
		copied, err = nixeval.ResolveRef(text)
	}
	if err != nil {
		remove()
		return Ref{}, nil, err
	}
	return copied, remove, nil
}
