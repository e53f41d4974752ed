// Package git runs git for the few things that clanctl does to a file of a work tree.
package git

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
)

// File is a file of a work tree: Path is relative to Top.
type File struct{ Top, Path string }

// IsTracked reports whether git's index has the file.
func (f File) IsTracked(ctx context.Context) (bool, error) {
	out, err := f.run(ctx, "ls-files", "-z", "--", f.Path)
	return out != "", err
}

// IsIgnored reports whether git would leave the file out.
func (f File) IsIgnored(ctx context.Context) (bool, error) {
	_, err := f.run(ctx, "check-ignore", "--quiet", "--no-index", "--", f.Path)
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 1 {
		return false, nil
	}
	return err == nil, err
}

// IsChanged reports whether the file differs from the last commit.
func (f File) IsChanged(ctx context.Context) (bool, error) {
	out, err := f.run(ctx, "status", "--porcelain", "-z", "--untracked-files=normal", "--", f.Path)
	return out != "", err
}

// IntendToAdd records in the index that the file will be added (git add -N), so that Nix sees it. No content is staged.
func (f File) IntendToAdd(ctx context.Context) error {
	_, err := f.run(ctx, "add", "--intent-to-add", "--", f.Path)
	return err
}

// Commit commits the file as it is in the work tree, and nothing else, whatever else is staged. It returns the short name of the commit.
func (f File) Commit(ctx context.Context, message string) (string, error) {
	if _, err := f.run(ctx, "commit", "--quiet", "--only", "--message", message, "--", f.Path); err != nil {
		return "", err
	}
	out, err := f.run(ctx, "rev-parse", "--short", "HEAD")
	return strings.TrimSpace(out), err
}

// Named are the tracked files of a name in a work tree, anywhere in it, relative to its top; sorted.
func Named(ctx context.Context, top, name string) ([]string, error) {
	out, err := File{Top: top}.run(ctx, "ls-files", "-z")
	var found []string
	for file := range strings.SplitSeq(out, "\x00") {
		if path.Base(file) == name {
			found = append(found, file)
		}
	}
	return found, err
}

func (f File) run(ctx context.Context, args ...string) (string, error) {
	global := []string{"-C", f.Top}
	if args[0] != "check-ignore" { // takes names, not patterns
		global = append(global, "--literal-pathspecs")
	}
	command := exec.CommandContext(ctx, "git", append(global, args...)...)
	command.Env = environment(os.Environ())
	var stdout, stderr strings.Builder
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		text := strings.TrimSpace(stderr.String() + stdout.String())
		if text == "" {
			return "", fmt.Errorf("git %s: %w", args[0], err)
		}
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, text)
	}
	return stdout.String(), nil
}

// environment leaves out what says where some other repository is (in a hook of git's, say), and asks for no locks that are not needed.
func environment(environ []string) []string {
	elsewhere := []string{"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_PREFIX", "GIT_NAMESPACE"}
	environ = slices.DeleteFunc(slices.Clone(environ), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.Contains(elsewhere, name)
	})
	return append(environ, "GIT_OPTIONAL_LOCKS=0")
}
