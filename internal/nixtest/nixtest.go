// Package nixtest has what tests with real Nix need.
package nixtest

import (
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/clanctl/clanctl/internal/nixtest/nixes"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// Evaluator runs the first of the programs, without a network and without leaving anything behind.
func Evaluator(t testing.TB) nixeval.Evaluator {
	t.Helper()
	return nixeval.Evaluator{Nix: nixes.Programs(t)[0], Offline: true, ProgramDir: t.TempDir()}
}

// Each runs a test with each of the programs.
func Each(t *testing.T, test func(t *testing.T, e nixeval.Evaluator)) {
	t.Helper()
	for _, nix := range nixes.Programs(t) {
		t.Run(nixes.Version(t, nix), func(t *testing.T) {
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
