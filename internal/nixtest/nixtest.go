// Package nixtest has what tests with real Nix need.
package nixtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/clanctl/clanctl/pkg/nixeval"
)

// Programs are the paths of the Nix programs to test with: those of CLANCTL_TEST_NIX, separated by colons, or the one in PATH. Without any
// the test is skipped, aloud.
func Programs(t testing.TB) []string {
	t.Helper()
	if list := os.Getenv("CLANCTL_TEST_NIX"); list != "" {
		return filepath.SplitList(list)
	}
	nix, err := exec.LookPath("nix")
	if err != nil {
		t.Skip("SKIP: no test against real Nix was run: there is no nix in PATH, and CLANCTL_TEST_NIX is not set")
	}
	return []string{nix}
}

// Version is the name of the tests with this Nix, such as "nix-2.8.0".
func Version(t testing.TB, nix string) string {
	t.Helper()
	out, err := exec.Command(nix, "--version").Output()
	words := strings.Fields(string(out))
	if err != nil || len(words) == 0 {
		t.Fatalf("%s --version: %v", nix, err)
	}
	return "nix-" + words[len(words)-1]
}

// Evaluator runs the first of the programs, without a network and without leaving anything behind.
func Evaluator(t testing.TB) nixeval.Evaluator {
	t.Helper()
	return nixeval.Evaluator{Nix: Programs(t)[0], Offline: true, ProgramDir: t.TempDir()}
}

// Each runs a test with each of the programs.
func Each(t *testing.T, test func(t *testing.T, e nixeval.Evaluator)) {
	t.Helper()
	for _, nix := range Programs(t) {
		t.Run(Version(t, nix), func(t *testing.T) {
			test(t, nixeval.Evaluator{Nix: nix, Offline: true, ProgramDir: t.TempDir()})
		})
	}
}

// Count counts the processes that an evaluator starts.
func Count(e *nixeval.Evaluator) *atomic.Int32 {
	var n atomic.Int32
	e.OnCommand = func([]string) { n.Add(1) }
	return &n
}

// Ref resolves a flake reference.
func Ref(t testing.TB, ref string) nixeval.Ref {
	t.Helper()
	resolved, err := nixeval.ResolveRef(ref)
	if err != nil {
		t.Fatal(err)
	}
	return resolved
}

// Flake writes a flake with these files into a temporary directory.
func Flake(t testing.TB, files map[string]string) nixeval.Ref {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return Ref(t, "path:"+dir)
}
