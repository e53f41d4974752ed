package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"testing"
)

// clanctl is the program, which is also in PATH. With the race detector it has that too. If CLANCTL_TEST_COVER names
// a directory, it writes there which code of pkg/ has run.
var clanctl string

const coverEnv = "CLANCTL_TEST_COVER"

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "clanctl-test-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		clanctl = filepath.Join(dir, "clanctl")
		if err := errors.Join(build(clanctl, "."), os.Setenv("PATH", dir+":"+os.Getenv("PATH")),
			os.Setenv("GOCOVERDIR", os.Getenv(coverEnv))); err != nil {
			panic(err)
		}
		return m.Run()
	}())
}

// build builds a program as it is released, or with the race detector where the tests have it.
func build(to, pkg string) error {
	cmd := exec.Command("go", "build", "-tags=urfave_cli_no_docs", "-o", to)
	info, _ := debug.ReadBuildInfo()
	if slices.ContainsFunc(info.Settings, func(s debug.BuildSetting) bool { return s.Key == "-race" && s.Value == "true" }) {
		cmd.Args = append(cmd.Args, "-race")
	} else {
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	}
	if os.Getenv(coverEnv) != "" {
		// Nothing is written down without the package main.
		cmd.Args = append(cmd.Args, "-cover", "-coverpkg=.,github.com/clanctl/clanctl/pkg/...")
	}
	cmd.Args = append(cmd.Args, pkg)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", pkg, err, out)
	}
	return nil
}
