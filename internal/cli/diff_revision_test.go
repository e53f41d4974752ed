package cli

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/clanctl/clanctl/internal/git"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

func TestIsRevision(t *testing.T) {
	for text, want := range map[string]bool{
		"HEAD": true, "HEAD~1": true, "HEAD^2": true, "main": true, "feature/x": true, "v1.0": true, "main@{1}": true,
		"@": true, "1a2b3c": true, "nixpkgs": true,
		"": false, ".": false, "..": false, "./main": false, "/main": false, "path:x": false, "github:a/b": false,
		"flake:x": false, "git+file:///x?rev=1": false, "x?dir=y": false,
	} {
		if got := isRevision(text); got != want {
			t.Errorf("isRevision(%q) = %t", text, got)
		}
	}
}

func TestAtRevision(t *testing.T) {
	dir := t.TempDir()
	run := func(args ...string) string {
		t.Helper()
		out, err := exec.Command("git",
			append([]string{"-C", dir, "-c", "user.name=a", "-c", "user.email=a@example.org"}, args...)...).Output()
		if err != nil {
			t.Fatalf("git %v: %v", args, err)
		}
		return strings.TrimSpace(string(out))
	}
	run("init", "-q")
	run("commit", "-q", "--allow-empty", "-m", "one")
	if err := errors.Join(os.Mkdir(filepath.Join(dir, "a b"), 0o755),
		os.WriteFile(filepath.Join(dir, "a b/flake.nix"), nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	run("add", "-A")
	run("commit", "-q", "-m", "two")
	flake := nixeval.Ref{URL: "git+file://" + dir + "?dir=a%20b&ref=other", Root: dir, Dir: filepath.Join(dir, "a b"),
		Git: true}
	head := run("rev-parse", "HEAD")
	if ref, commit, exists, err := atRevision(t.Context(), flake, "HEAD"); err != nil || !exists || commit != head ||
		ref != "git+file://"+dir+"?dir=a%20b&rev="+head {
		t.Error(ref, commit, exists, err)
	}
	if _, _, exists, err := atRevision(t.Context(), flake, "HEAD~1"); err != nil || exists {
		t.Error(exists, err)
	}
	var unknown *git.RevisionError
	if _, _, _, err := atRevision(t.Context(), flake, "nowhere"); !errors.As(err, &unknown) || unknown.Hint() == "" {
		t.Error(err)
	}
	flake.Git = false
	if _, _, _, err := atRevision(t.Context(), flake, "HEAD"); !errors.As(err, &unknown) {
		t.Error(err)
	}
}
