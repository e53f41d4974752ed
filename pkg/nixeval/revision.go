package nixeval

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// IsRevision reports whether a text can only be meant as a git revision, such as HEAD~1, a tag, a branch or a hash. A flake
// reference has a colon or a question mark, or begins as paths do, with a dot or a slash; no name of a revision can.
func IsRevision(text string) bool {
	return text != "" && !isPath(text) && !strings.ContainsAny(text, ":?")
}

// Revision is one commit of the repository that a local flake lies in.
type Revision struct {
	// Ref is the flake at that commit, for [Evaluator.Apply]. It is locked: its answers can be kept for ever.
	Ref string
	// Commit is the full hash.
	Commit string
	// Exists tells whether the commit has a flake.nix in the flake's directory.
	Exists bool
}

// AtRevision finds a commit of a local flake's repository by any name that git knows for it. It runs git, and changes nothing.
// The error is a [*RevisionError], or the context's.
func AtRevision(ctx context.Context, flake Ref, name string) (Revision, error) {
	failed := func(reason, hint string) (Revision, error) {
		return Revision{}, &RevisionError{Name: name, Reason: reason, hint: hint}
	}
	if !flake.Git {
		return failed("the flake is not in a git repository", "compare two flake references; a path begins with . or /")
	}
	if strings.Contains(name, "..") {
		return failed("that is a range", "give the two revisions one after the other")
	}
	hash, err := git(ctx, flake.Root, "rev-parse", "--verify", "--quiet", "--end-of-options", name+"^{commit}")
	if err != nil {
		if ctx.Err() != nil {
			return Revision{}, ctx.Err()
		}
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			return failed(fmt.Sprintf("git does not run: %v", err), "")
		}
		if _, err := git(ctx, flake.Root, "rev-parse", "--verify", "--quiet", "HEAD"); err != nil {
			return failed("the repository has no commit yet, or cannot be read", "try git -C "+flake.Root+" log")
		}
		hint := "a path begins with . or /, a flake of the registry with flake:"
		if shallow, _ := git(ctx, flake.Root, "rev-parse", "--is-shallow-repository"); shallow == "true" {
			hint = "this clone is shallow; git fetch --unshallow gets the commits that are missing"
		}
		return failed("the repository has no such revision", hint)
	}
	u, err := url.Parse(flake.URL)
	if err != nil {
		return failed(err.Error(), "")
	}
	query := u.Query()
	query.Del("ref")
	query.Set("rev", hash)
	base, _, _ := strings.Cut(flake.URL, "?")
	r := Revision{Ref: base + "?" + strings.ReplaceAll(query.Encode(), "+", "%20"), Commit: hash}
	_, err = git(ctx, flake.Root, "cat-file", "-e", hash+":"+path.Join(filepath.ToSlash(query.Get("dir")), "flake.nix"))
	r.Exists = err == nil
	return r, ctx.Err()
}

// RevisionNames are HEAD and the branches and tags of the repository that a local flake lies in; none if that is not known.
func RevisionNames(ctx context.Context, flake Ref) []string {
	if !flake.Git {
		return nil
	}
	out, err := git(ctx, flake.Root, "for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/remotes", "refs/tags")
	if err != nil {
		return nil
	}
	return append([]string{"HEAD"}, strings.Fields(out)...)
}

// RevisionError: there is no such revision.
type RevisionError struct {
	Name, Reason string
	hint         string
}

func (e *RevisionError) Error() string { return fmt.Sprintf("revision %q: %s", e.Name, e.Reason) }

// Hint says what to write instead.
func (e *RevisionError) Hint() string { return e.hint }

// ChangedFiles are the files of a repository that differ from one commit to another, or to the work tree where that is empty:
// tracked ones only, as Nix sees them. The names are relative to the top and sorted.
func ChangedFiles(ctx context.Context, root, old, new string) ([]string, error) {
	args := []string{"diff", "--no-ext-diff", "--no-textconv", "--no-renames", "--name-only", "-z", old}
	if new != "" {
		args = append(args, new)
	}
	out, err := git(ctx, root, append(args, "--")...)
	if err != nil {
		return nil, err
	}
	files := strings.FieldsFunc(out, func(r rune) bool { return r == 0 })
	slices.Sort(files)
	return files, nil
}
