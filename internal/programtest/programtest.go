// Package programtest builds programs for tests.
package programtest

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
)

// Build builds a program from the package in a directory, as it is released, or with more flags of go build. The race
// detector needs cgo; what is released has none.
func Build(to, dir string, flags ...string) error {
	cmd := exec.Command("go", "build", "-tags=urfave_cli_no_docs", "-o", to)
	if !slices.Contains(flags, "-race") {
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	}
	cmd.Args = append(append(cmd.Args, flags...), dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", dir, err, out)
	}
	return nil
}
