package packaging

import (
	"os"
	"os/exec"
	"testing"
)

const top = "../.."

// run runs Nix without a network and returns what it prints.
func run(t *testing.T, nix string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(nix, append([]string{
		"--extra-experimental-features", "nix-command flakes", "--option", "substituters", "", "--option", "warn-dirty",
		"false",
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
