package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/clanctl/clanctl/internal/nixtest/nixes"
)

// TestReproducible builds the archive of this platform twice, the second time from another directory, with an
// empty build cache and with other settings. Bytes and checksums must be the same. With CLANCTL_TEST_SLOW=all
// it builds those of all platforms.
func TestReproducible(t *testing.T) {
	nixes.Slow(t)
	if strings.Contains(os.Getenv("GOFLAGS"), "-mod=vendor") {
		t.Skip("SKIP: releases are not built from modules that Nix vendors")
	}
	at := time.Unix(1700000000, 0)
	here := platform{runtime.GOOS, runtime.GOARCH}
	first := release{"../..", t.TempDir(), "1.2.3", at}
	built := []platform{here}
	if os.Getenv("CLANCTL_TEST_SLOW") == "all" {
		built = platforms
	}
	if err := first.build(built); err != nil {
		t.Fatal(err)
	}
	t.Run("contents", func(t *testing.T) { contents(t, first, built, here) })

	elsewhere := t.TempDir()
	for _, name := range []string{"cmd", "docs", "internal", "pkg"} {
		if err := os.CopyFS(filepath.Join(elsewhere, name), os.DirFS("../../"+name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"go.mod", "go.sum", "LICENSE", "README.md"} {
		text, err := os.ReadFile("../../" + name)
		if err == nil {
			err = os.WriteFile(filepath.Join(elsewhere, name), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("GOCACHE", t.TempDir())
	t.Setenv("GOFLAGS", "-ldflags=-w")
	t.Setenv("TZ", "Pacific/Auckland")
	second := release{elsewhere, t.TempDir(), "1.2.3", at}
	if err := second.build([]platform{here}); err != nil {
		t.Fatal(err)
	}
	name := first.archive(here)
	if !bytes.Equal(read(t, first.out, name), read(t, second.out, name)) {
		t.Errorf("two builds of %s differ", name)
	}
	if sums := read(t, second.out, "SHA256SUMS"); !bytes.Contains(read(t, first.out, "SHA256SUMS"), sums) ||
		len(sums) == 0 {
		t.Error("their checksums differ")
	}
}

// contents looks into what was built.
func contents(t *testing.T, r release, built []platform, here platform) {
	if sums := strings.Split(strings.TrimSpace(string(read(t, r.out, "SHA256SUMS"))), "\n"); len(sums) != len(built) {
		t.Errorf("%d archives, but the checksums are %q", len(built), sums)
	}
	zip, err := gzip.NewReader(bytes.NewReader(read(t, r.out, r.archive(here))))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	program := filepath.Join(t.TempDir(), "clanctl")
	for pack := tar.NewReader(zip); ; {
		header, err := pack.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		_, name, _ := strings.Cut(header.Name, "/")
		names = append(names, name)
		text, err := io.ReadAll(pack)
		if name == "clanctl" {
			err = errors.Join(err, os.WriteFile(program, text, 0o700))
		}
		if err != nil || len(text) == 0 {
			t.Errorf("%s: %d bytes, %v", name, len(text), err)
		}
	}
	want := []string{"LICENSE", "README.md", "clanctl", "completions/_clanctl", "completions/clanctl.bash",
		"completions/clanctl.fish"}
	pages := 0
	names = slices.DeleteFunc(names, func(name string) bool {
		page := strings.HasPrefix(name, "man/clanctl") && strings.HasSuffix(name, ".1")
		if page {
			pages++
		}
		return page
	})
	if pages < 10 {
		t.Errorf("the archive has %d manual pages", pages)
	}
	if !slices.Equal(names, want) {
		t.Errorf("the archive has %q", names)
	}
	if out, err := exec.Command(program, "--version").Output(); err != nil || string(out) != "clanctl version 1.2.3\n" {
		t.Errorf("clanctl --version says %q, %v", out, err)
	}
}

func TestChangelogVersion(t *testing.T) {
	for heading, want := range map[string]string{"## [Unreleased]": "", "## [1.2.3] - 2030-01-02": "1.2.3",
		"## 1.2.3": "an error"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "CHANGELOG.md"), []byte("# Changelog\n\n"+heading+"\n"),
			0o600); err != nil {
			t.Fatal(err)
		}
		got, err := changelogVersion(dir)
		if err != nil {
			got = "an error"
		}
		if got != want {
			t.Errorf("%s: %q, want %q", heading, got, want)
		}
	}
}

func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}
