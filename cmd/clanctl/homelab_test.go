package main

import (
	"os"
	"os/exec"
	"testing"

	"github.com/clanctl/clanctl/internal/nixtest/nixes"
)

// onHomelab runs a test with each Nix: with clanctl as a program, and a copy of the example.
func onHomelab(t *testing.T, test func(t *testing.T, nix, dir string)) {
	for _, nix := range nixes.Programs(t) {
		t.Run(nixes.Version(t, nix), func(t *testing.T) {
			t.Parallel()
			test(t, nix, homelab(t))
		})
	}
}

// homelab is a copy of the example.
func homelab(t *testing.T) string {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../examples/homelab")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// commitAll makes a directory a git repository with one commit.
func commitAll(t *testing.T, dir string) {
	t.Helper()
	for _, args := range [][]string{
		{"init", "-q", "-b", "main"}, {"add", "."}, {"-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "-m", "a"},
	} {
		if out, err := exec.Command("git", append([]string{"-C", dir}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("git: %s", out)
		}
	}
}
