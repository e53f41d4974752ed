package nixeval

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestIsRevision(t *testing.T) {
	for text, want := range map[string]bool{
		"HEAD": true, "HEAD~1": true, "HEAD^2": true, "main": true, "feature/x": true, "v1.0": true, "main@{1}": true, "@": true, "1a2b3c": true, "nixpkgs": true,
		"": false, ".": false, "..": false, "./main": false, "/main": false, "path:x": false, "github:a/b": false, "flake:x": false, "git+file:///x?rev=1": false, "x?dir=y": false,
	} {
		if got := IsRevision(text); got != want {
			t.Errorf("IsRevision(%q) = %t", text, got)
		}
	}
}

// repository makes a git repository and returns a function that runs git in it.
func repository(t *testing.T) (dir string, run func(args ...string) string) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("SKIP: no git")
	}
	dir = t.TempDir()
	run = func(args ...string) string {
		t.Helper()
		command := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=a", "-c", "user.email=a@example.org"}, args...)...)
		out, err := command.Output()
		if err != nil {
			t.Fatalf("git %v: %v", args, err)
		}
		return strings.TrimSpace(string(out))
	}
	run("init", "-q", "-b", "main")
	return dir, run
}

func TestAtRevision(t *testing.T) {
	dir, git := repository(t)
	sub := filepath.Join(dir, "a b")
	write := func(name, text string) {
		t.Helper()
		if err := errors.Join(os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755), os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
		git("add", "-A")
	}
	write("README", "")
	git("commit", "-q", "-m", "one")
	write("a b/flake.nix", "{ }")
	write("odd\nname", "")
	git("commit", "-q", "-m", "two")
	git("tag", "-a", "-m", "x", "annotated")
	git("branch", "--", "feature/x")

	flake := Ref{URL: "git+file://" + dir + "?dir=a%20b&ref=other", Root: dir, Dir: sub, Git: true}
	head := git("rev-parse", "HEAD")
	for _, name := range []string{"HEAD", "main", "annotated", "feature/x", head, head[:8], "@"} {
		got, err := AtRevision(t.Context(), flake, name)
		if diff := cmp.Diff(Revision{Ref: "git+file://" + dir + "?dir=a%20b&rev=" + head, Commit: head, Exists: true}, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
	if got, err := AtRevision(t.Context(), flake, "HEAD~1"); err != nil || got.Exists {
		t.Errorf("%+v, %v", got, err)
	}
	for _, name := range []string{"HEAD~9", "nowhere", "HEAD:README", "--help", "main..HEAD", "", "a\x00b"} {
		var unknown *RevisionError
		if got, err := AtRevision(t.Context(), flake, name); !errors.As(err, &unknown) || unknown.Error() == "" {
			t.Errorf("%q: %+v, %v", name, got, err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := AtRevision(ended, flake, "HEAD"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}

	files, err := ChangedFiles(t.Context(), dir, "HEAD~1", "HEAD")
	if diff := cmp.Diff([]string{"a b/flake.nix", "odd\nname"}, files); diff != "" || err != nil {
		t.Error(err, diff)
	}
	write("README", "more")
	if err := os.WriteFile(filepath.Join(dir, "untracked"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	files, err = ChangedFiles(t.Context(), dir, "HEAD", "")
	if diff := cmp.Diff([]string{"README"}, files); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if diff := cmp.Diff([]string{"HEAD", "feature/x", "main", "annotated"}, RevisionNames(t.Context(), flake)); diff != "" {
		t.Error(diff)
	}
}
