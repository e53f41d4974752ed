package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

const top = "../.."

// nixes are the Nix programs to test with, as everywhere in the project: those that CLANCTL_TEST_NIX names, or the one in PATH.
func nixes(t *testing.T) []string {
	t.Helper()
	if list := os.Getenv("CLANCTL_TEST_NIX"); list != "" {
		return filepath.SplitList(list)
	}
	nix, err := exec.LookPath("nix")
	if err != nil {
		t.Skip("SKIP: there is no nix in PATH, and CLANCTL_TEST_NIX is not set")
	}
	return []string{nix}
}

// run runs Nix without a network and returns what it prints.
func run(t *testing.T, nix string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(nix, append([]string{
		"--extra-experimental-features", "nix-command flakes", "--option", "substituters", "", "--option", "warn-dirty", "false",
	}, args...)...)
	// Neither the user's settings nor answers of earlier runs.
	cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+t.TempDir(), "NIX_CONFIG=")
	out, err := cmd.Output()
	if err != nil {
		said := ""
		if exit, ok := err.(*exec.ExitError); ok {
			said = string(exit.Stderr)
		}
		t.Fatalf("%v: %v\n%s", cmd.Args, err, said)
	}
	return out
}
