package git

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/clanctl/clanctl/internal/process"
)

// Commit commits a file as it is in the work tree, and nothing else, whatever else is staged. It is the
// user's own `git commit`: hooks, filters and signature are those that the repository and the user have, in
// the user's whole environment, but without a terminal.
//
// It returns the short name of the commit, also beside an error where the commit was made all the same (the
// context ended while post-commit ran, say). What hooks made of the file [Repo.Holds] tells.
func (r Repo) Commit(ctx context.Context, path, message string) (name string, err error) {
	before, err := r.head(ctx)
	if err != nil {
		return "", err
	}
	cmd := r.command(ctx, "commit", "--quiet", "--only", "--message", message, "--", path)
	cmd.Env = here(os.Environ())
	if _, err = finish(ctx, cmd, process.Ending{Background: true}, "commit"); err != nil {
		err = errors.Join(err, r.unlock(cmd))
	}
	// If the context has ended, it is still to be known what became of it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	after, headErr := r.head(ctx)
	if after == before || headErr != nil {
		return "", errors.Join(err, headErr)
	}
	short, _ := r.run(ctx, nil, "rev-parse", "--short", after)
	return strings.TrimSpace(short), err
}

// head is the full hash of the last commit; empty where there is none yet.
func (r Repo) head(ctx context.Context) (string, error) {
	out, err := r.run(ctx, nil, "rev-parse", "--verify", "--quiet", "HEAD")
	if saidNo(err) {
		err = nil
	}
	return strings.TrimSpace(out), err
}

// unlock removes the locks of a `git commit --only` that was killed so hard that it could not do so itself.
// While its second index is there, which has its process's number, the lock of the first is its own, and no
// other git's.
func (r Repo) unlock(cmd *exec.Cmd) error {
	if cmd.ProcessState == nil {
		return nil // it did not even begin
	}
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() ||
		status.Signal() != syscall.SIGKILL {
		return nil
	}
	dir, err := r.Dir(context.Background())
	if err != nil {
		return err
	}
	second := filepath.Join(dir, fmt.Sprintf("next-index-%d.lock", cmd.Process.Pid))
	if _, err := os.Lstat(second); err != nil {
		return nil
	}
	return errors.Join(os.Remove(filepath.Join(dir, "index.lock")), os.Remove(second))
}

// File returns what a commit has as the content of a file; [ErrNotFound] where it has none.
func (r Repo) File(ctx context.Context, commit, path string) ([]byte, error) {
	_, content, err := r.content(ctx, commit, path)
	return content, err
}

func (r Repo) content(ctx context.Context, commit, path string) (hash string, content []byte, err error) {
	files, err := r.listTree(ctx, commit, "--", path)
	if err != nil {
		return "", nil, err
	}
	file, has := files[path]
	if !has {
		return "", nil, fmt.Errorf("%s in %s: %w", path, commit, ErrNotFound)
	}
	out, err := r.run(ctx, nil, "cat-file", "blob", file.hash)
	return file.hash, []byte(out), err
}

// Holds reports whether a commit has a text as the content of a file, and the content that it has; that is
// nil where the commit has no such file. Where the two differ, the user's filters are asked what git would
// make of the text.
func (r Repo) Holds(ctx context.Context, commit, path string, text []byte) (holds bool, content []byte, err error) {
	has, content, err := r.content(ctx, commit, path)
	if errors.Is(err, ErrNotFound) {
		return false, nil, nil
	}
	if err != nil || string(content) == string(text) {
		return err == nil, content, err
	}
	cmd := r.command(ctx, "hash-object", "--stdin", "--path", path)
	cmd.Env, cmd.Stdin = here(os.Environ()), strings.NewReader(string(text))
	hash, err := finish(ctx, cmd, process.Ending{}, "hash-object")
	return strings.TrimSpace(hash) == has, content, err
}
