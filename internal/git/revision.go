package git

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// RevisionError: git knows no such revision, or cannot read it.
type RevisionError struct {
	Name, Reason string
	// Advice says what to do about it, if there is something to say.
	Advice string
	// Err is [ErrNotFound], or git's [*Error].
	Err error
}

func (e *RevisionError) Error() string { return fmt.Sprintf("revision %q: %s", e.Name, e.Reason) }

// Hint returns the advice.
func (e *RevisionError) Hint() string { return e.Advice }

// Unwrap returns Err.
func (e *RevisionError) Unwrap() error { return e.Err }

// ErrNotFound: git answered, and what was asked for is not there.
var ErrNotFound = errors.New("not there")

// Resolve returns the full hash of the commit that a name means: HEAD~1, a branch, a tag, a hash. The error
// is a [*RevisionError], or the context's.
func (r Repo) Resolve(ctx context.Context, name string) (string, error) {
	failed := func(err error, reason, hint string) (string, error) {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", &RevisionError{name, reason, hint, err}
	}
	if strings.Contains(name, "..") {
		return failed(ErrNotFound, "that is a range", "give the two revisions one after the other")
	}
	hash, err := r.run(ctx, nil, "rev-parse", "--verify", "--quiet", "--end-of-options", name+"^{commit}")
	switch {
	case err == nil:
		return strings.TrimSpace(hash), nil
	case !saidNo(err):
		return failed(err, err.Error(), r.Lacks(ctx))
	}
	if _, err := r.run(ctx, nil, "rev-parse", "--verify", "--quiet", "HEAD"); saidNo(err) {
		return failed(ErrNotFound, "the repository has no commit yet",
			"there is nothing to compare with before the first commit")
	}
	return failed(ErrNotFound, "the repository has no such revision", r.Lacks(ctx))
}

// Lacks says why a repository may lack objects, and how to get them; empty if it should have all.
func (r Repo) Lacks(ctx context.Context) string {
	if out, _ := r.run(ctx, nil, "rev-parse", "--is-shallow-repository"); strings.TrimSpace(out) == "true" {
		return "this clone is shallow; git fetch --unshallow gets the commits that are missing"
	}
	if out, _ := r.run(ctx, nil, "config", "--get-regexp",
		`^(extensions\.partialclone|remote\..*\.promisor)$`); out != "" {
		return "this clone is partial; git fetch --refetch --no-filter gets everything that is missing"
	}
	return ""
}

// Time is when a commit was made.
func (r Repo) Time(ctx context.Context, commit string) (time.Time, error) {
	out, err := r.run(ctx, nil, "rev-list", "--max-count=1", "--timestamp", commit)
	seconds, _, _ := strings.Cut(out, " ")
	if err != nil {
		return time.Time{}, err
	}
	unix, err := strconv.ParseInt(seconds, 10, 64)
	return time.Unix(unix, 0), err
}

// Has reports whether a commit has a file or directory. A commit that cannot be read is a [*RevisionError].
func (r Repo) Has(ctx context.Context, commit, path string) (bool, error) {
	files, err := r.listTree(ctx, commit, "--", path)
	return len(files) > 0, err
}

// Names are HEAD and the branches and tags.
func (r Repo) Names(ctx context.Context) ([]string, error) {
	out, err := r.run(ctx, nil, "for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/remotes", "refs/tags")
	return append([]string{"HEAD"}, strings.Fields(out)...), err
}

// blob is a file in a commit, as git lists it.
type blob struct{ mode, hash string }

// listTree lists files of a commit by their paths. What cannot be read is a [*RevisionError].
func (r Repo) listTree(ctx context.Context, commit string, args ...string) (map[string]blob, error) {
	out, err := r.run(ctx, nil, append([]string{"ls-tree", "-z", "--full-tree", commit}, args...)...)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, &RevisionError{commit, err.Error(), r.Lacks(ctx), err}
	}
	files := map[string]blob{}
	for _, line := range lines(out) {
		about, path, _ := strings.Cut(line, "\t")
		if words := strings.Fields(about); len(words) == 3 { // mode, type, hash
			files[path] = blob{words[0], words[2]}
		}
	}
	return files, nil
}
