package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"

	"github.com/clanctl/clanctl/internal/nixtest/nixes"
)

// TestInstall installs the newest version the way the README says, from a module proxy in a directory.
func TestInstall(t *testing.T) {
	nixes.Slow(t)
	if strings.Contains(os.Getenv("GOFLAGS"), "-mod=vendor") {
		t.Skip("SKIP: there is no module cache")
	}
	const path, version = "github.com/clanctl/clanctl", "v1.2.3"
	proxy := t.TempDir()
	dir := filepath.Join(proxy, path, "@v")
	goMod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(
		os.MkdirAll(dir, 0o700),
		os.WriteFile(filepath.Join(dir, "list"), []byte(version+"\n"), 0o600),
		os.WriteFile(filepath.Join(dir, version+".info"), []byte(`{"Version":"`+version+`"}`), 0o600),
		os.WriteFile(filepath.Join(dir, version+".mod"), goMod, 0o600),
	); err != nil {
		t.Fatal(err)
	}
	pack, err := os.Create(filepath.Join(dir, version+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(zip.CreateFromDir(pack, module.Version{Path: path, Version: version}, "../.."),
		pack.Close()); err != nil {
		t.Fatal(err)
	}
	cache, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	install := exec.Command("go", "install", path+"/cmd/clanctl@latest")
	install.Env = append(os.Environ(), "GOBIN="+bin, "GOFLAGS=-modcacherw", "GOMODCACHE="+t.TempDir(), "GOSUMDB=off",
		"GOPROXY=file://"+proxy+",file://"+strings.TrimSpace(string(cache))+"/cache/download")
	install.Dir = t.TempDir()
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", install.Args, err, out)
	}
	if out, err := exec.Command(filepath.Join(bin, "clanctl"), "--version").Output(); err != nil ||
		string(out) != "clanctl version 1.2.3\n" {
		t.Errorf("clanctl --version says %q, %v", out, err)
	}
}
