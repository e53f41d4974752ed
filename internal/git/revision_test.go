package git

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"
)

// repository makes a git repository and returns a function that runs git in it.
func repository(t *testing.T) (dir string, run func(args ...string) string) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("SKIP: no git")
	}
	dir = t.TempDir()
	run = func(args ...string) string {
		t.Helper()
		command := exec.Command("git", append([]string{"-C", dir}, args...)...)
		out, err := command.Output()
		if err != nil {
			t.Fatalf("git %v: %v", args, err)
		}
		return strings.TrimSpace(string(out))
	}
	run("init", "-q", "-b", "main")
	run("config", "user.name", "a")
	run("config", "user.email", "a@example.org")
	return dir, run
}

// write writes a file of a work tree.
func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
		t.Fatal(err)
	}
}

func TestResolve(t *testing.T) {
	dir, git := repository(t)
	repo := Repo(dir)
	if _, err := repo.Resolve(t.Context(), "HEAD"); !errors.Is(err, ErrNotFound) ||
		!strings.Contains(err.Error(), "no commit yet") {
		t.Error(err)
	}
	write(t, dir, "README", "")
	git("add", "-A")
	git("commit", "-q", "-m", "one")
	write(t, dir, "a b/flake.nix", "{ }")
	git("add", "-A")
	git("commit", "-q", "-m", "two")
	git("tag", "-a", "-m", "x", "annotated")
	git("branch", "--", "feature/x")

	head := git("rev-parse", "HEAD")
	for _, name := range []string{"HEAD", "main", "annotated", "feature/x", head, head[:8], "@"} {
		if got, err := repo.Resolve(t.Context(), name); got != head || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for _, name := range []string{"HEAD~9", "nowhere", "--help", "main..HEAD", "", "HEAD:README",
		strings.Repeat("1", 40)} {
		var unknown *RevisionError
		if got, err := repo.Resolve(t.Context(), name); !errors.As(err, &unknown) || !errors.Is(err, ErrNotFound) {
			t.Errorf("%q: %+v, %v", name, got, err)
		}
	}
	// git, or the system, has something to say about it
	for _, name := range []string{"HEAD^{tree}", "HEAD@{99}", "a\x00b"} {
		if got, err := repo.Resolve(t.Context(), name); err == nil || errors.Is(err, ErrNotFound) {
			t.Errorf("%q: %+v, %v", name, got, err)
		}
	}
	for path, want := range map[string]bool{"a b/flake.nix": true, "a b": true, "flake.nix": false,
		"a b/flake.nix/x": false, "*/flake.nix": false} {
		if got, err := repo.Has(t.Context(), head, path); got != want || err != nil {
			t.Errorf("%s: %t, %v", path, got, err)
		}
	}
	if names, err := repo.Names(t.Context()); err != nil {
		t.Error(err)
	} else if diff := differ([]string{"HEAD", "feature/x", "main", "annotated"}, names); diff != "" {
		t.Error(diff)
	}
	if when, err := repo.Time(t.Context(), "HEAD"); err != nil || time.Since(when).Abs() > time.Hour {
		t.Error(when, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := repo.Resolve(ended, "HEAD"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// What git cannot read is not said to be missing.
func TestDamaged(t *testing.T) {
	dir, git := repository(t)
	write(t, dir, "flake.nix", "{ }")
	git("add", "-A")
	git("commit", "-q", "-m", "one")
	head, tree := git("rev-parse", "HEAD"), git("rev-parse", "HEAD^{tree}")
	damage := func(hash, text string) {
		t.Helper()
		file := filepath.Join(dir, ".git/objects", hash[:2], hash[2:])
		if err := errors.Join(os.Remove(file), os.WriteFile(file, []byte(text), 0o444)); err != nil {
			t.Fatal(err)
		}
	}
	var failed *Error
	damage(tree, "junk")
	if has, err := Repo(dir).Has(t.Context(), head, "flake.nix"); has || !errors.As(err, &failed) ||
		errors.Is(err, ErrNotFound) {
		t.Errorf("a damaged tree: %t, %v", has, err)
	}
	if files, err := Repo(dir).ChangedFiles(t.Context(), head, ""); !errors.As(err, &failed) {
		t.Errorf("a damaged tree: %q, %v", files, err)
	}
	damage(head, "junk")
	if hash, err := Repo(dir).Resolve(t.Context(), "HEAD"); !errors.As(err, &failed) || errors.Is(err, ErrNotFound) {
		t.Errorf("a damaged commit: %q, %v", hash, err)
	}
	if _, err := Repo(t.TempDir()).Index(t.Context()); !errors.As(err, &failed) {
		t.Errorf("no repository: %v", err)
	}
}

func TestChangedFiles(t *testing.T) {
	for _, format := range []string{"sha1", "sha256"} {
		t.Run(format, func(t *testing.T) {
			dir, git := repository(t)
			if format != "sha1" {
				if err := os.RemoveAll(filepath.Join(dir, ".git")); err != nil {
					t.Fatal(err)
				}
				git("init", "-q", "--object-format="+format)
			}
			commit := func() {
				git("add", "-A")
				git("-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "-m", "x")
			}
			for _, name := range []string{"same", "edited", "deleted", "executable", "a/replaced", "odd\nname",
				"touched", "pipe"} {
				write(t, dir, name, name)
			}
			if err := os.Symlink("same", filepath.Join(dir, "link")); err != nil {
				t.Fatal(err)
			}
			commit()
			write(t, dir, "a b/flake.nix", "{ }")
			write(t, dir, "odd\nname", "new")
			commit()
			check := func(old, new string, want ...string) {
				t.Helper()
				files, err := Repo(dir).ChangedFiles(t.Context(), old, new)
				if diff := differ(want, files); diff != "" || err != nil {
					t.Error(err, diff)
				}
			}
			check("HEAD~1", "HEAD", "a b/flake.nix", "odd\nname")
			check("HEAD", "")
			write(t, dir, "untracked", "")
			write(t, dir, "added", "")
			git("add", "--intent-to-add", "added")
			write(t, dir, "edited", "EDITED")
			write(t, dir, "touched", "touched")
			path := func(name string) string { return filepath.Join(dir, name) }
			if err := errors.Join(os.Remove(path("deleted")), os.Chmod(path("executable"), 0o755),
				os.RemoveAll(path("a")), os.WriteFile(path("a"), nil, 0o644),
				os.Remove(path("pipe")), syscall.Mkfifo(path("pipe"), 0o600), os.Remove(path("link")),
				os.Symlink("other", path("link"))); err != nil {
				t.Fatal(err)
			}
			check("HEAD", "", "a/replaced", "added", "deleted", "edited", "executable", "link", "pipe")
		})
	}
}

// differ says how two values differ; nothing if they do not.
func differ(want, got any) string {
	if reflect.DeepEqual(want, got) {
		return ""
	}
	return fmt.Sprintf("want %q\ngot  %q", want, got)
}
