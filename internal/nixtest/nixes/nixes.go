// Package nixes says with which Nix programs a test runs, and whether it runs at all.
package nixes

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Programs are the paths of the Nix programs to test with: those of CLANCTL_TEST_NIX, separated by colons, or
// the one in PATH. Without any, and with -short, the test is skipped.
func Programs(t testing.TB) []string {
	t.Helper()
	if testing.Short() {
		t.Skip("SKIP: a test against real Nix takes longer than -short is for")
	}
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

// Slow skips a test that takes long and rarely finds anything, unless CLANCTL_TEST_SLOW is set, as `make
// test-all` does.
func Slow(t testing.TB) {
	t.Helper()
	if os.Getenv("CLANCTL_TEST_SLOW") == "" {
		t.Skip("SKIP: slow; make test-all runs it (CLANCTL_TEST_SLOW is not set)")
	}
}
