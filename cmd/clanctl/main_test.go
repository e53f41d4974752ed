package main

import (
	"errors"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/clanctl/clanctl/internal/programtest"
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

// build builds a program, with the race detector where the tests have it.
func build(to, dir string) error {
	var flags []string
	info, _ := debug.ReadBuildInfo()
	if slices.ContainsFunc(info.Settings, func(s debug.BuildSetting) bool { return s.Key == "-race" && s.Value == "true" }) {
		flags = append(flags, "-race")
	}
	if os.Getenv(coverEnv) != "" {
		// Nothing is written down without the package main.
		flags = append(flags, "-cover", "-coverpkg=.,github.com/clanctl/clanctl/pkg/...")
	}
	return programtest.Build(to, dir, flags...)
}
