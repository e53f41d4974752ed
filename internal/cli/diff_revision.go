package cli

import (
	"context"
	"errors"
	"net/url"
	"path"
	"strings"

	"github.com/clanctl/clanctl/internal/git"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// isRevision reports whether a text can only be meant as a git revision, such as HEAD~1, a tag, a branch or a hash. A
// flake reference has a colon or a question mark, or begins as paths do, with a dot or a slash; no name of a revision
// can.
func isRevision(text string) bool {
	return text != "" && !strings.HasPrefix(text, ".") && !strings.HasPrefix(text, "/") &&
		!strings.ContainsAny(text, ":?")
}

// atRevision returns a local flake at a commit of its repository, and tells whether that has a flake.nix. The reference
// is locked: its answers can be kept for ever.
func atRevision(ctx context.Context, flake nixeval.Ref, name string) (ref, commit string, exists bool, err error) {
	if !flake.Git {
		return "", "", false, &git.RevisionError{Name: name, Reason: "the flake is not in a git repository",
			Advice: "compare two flake references; a path begins with . or /"}
	}
	repo := git.Repo(flake.Root)
	if commit, err = repo.Resolve(ctx, name); err != nil {
		var unknown *git.RevisionError
		if errors.As(err, &unknown) && unknown.Advice == "" {
			unknown.Advice = "a path begins with . or /, a flake of the registry with flake:"
		}
		return "", "", false, err
	}
	u, err := url.Parse(flake.URL)
	if err != nil {
		return "", "", false, err
	}
	query := u.Query()
	query.Del("ref")
	query.Set("rev", commit)
	base, _, _ := strings.Cut(flake.URL, "?")
	exists, err = repo.Has(ctx, commit, path.Join(query.Get("dir"), "flake.nix"))
	return base + "?" + strings.ReplaceAll(query.Encode(), "+", "%20"), commit, exists, err
}
