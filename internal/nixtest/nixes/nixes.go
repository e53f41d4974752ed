// Package nixes says with which Nix programs a test runs, and whether it runs at all.
package nixes

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Programs are the paths of the Nix programs to test with: those of CLANCTL_TEST_NIX, separated by colons, or
// the one in PATH. Without any, and with -short, the test is skipped. Beside slow tests the others, which `make test`
// runs with all of them, have the last one.
func Programs(t testing.TB) []string {
	t.Helper()
	if testing.Short() {
		t.Skip("SKIP: a test against real Nix takes longer than -short is for")
	}
	if list := os.Getenv("CLANCTL_TEST_NIX"); list != "" {
		programs := filepath.SplitList(list)
		if _, isSlow := slow.Load(outermost(t)); !isSlow && os.Getenv(slowEnv) != "" {
			return programs[len(programs)-1:]
		}
		return programs
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

// slow are the names of the slow tests that run.
var slow sync.Map

const slowEnv = "CLANCTL_TEST_SLOW"

// WithSlow reports whether a test is to take long, with all of [Programs]: whether CLANCTL_TEST_SLOW is set, as
// `make test-all` does.
func WithSlow(t testing.TB) bool {
	if os.Getenv(slowEnv) == "" {
		return false
	}
	slow.Store(outermost(t), true)
	return true
}

// Slow skips a test that takes long and rarely finds anything, but [WithSlow].
func Slow(t testing.TB) {
	t.Helper()
	if !WithSlow(t) {
		t.Skip("SKIP: slow; make test-all runs it (CLANCTL_TEST_SLOW is not set)")
	}
}

func outermost(t testing.TB) string {
	name, _, _ := strings.Cut(t.Name(), "/")
	return name
}
