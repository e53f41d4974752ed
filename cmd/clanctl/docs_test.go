package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/clanctl/clanctl/internal/nixtest/nixes"
)

// TestDocs runs the commands in the console blocks of the README and of all pages below docs/, and compares what they
// print; UPDATE=1 writes what they print now into the pages.
//
// In the reference each block is a shell of its own, at the top of the project. In the tutorial, how-tos and
// explanations the blocks of a page are one shell, in a new home: what one block makes is there in the next. `git
// clone` gets this checkout.
func TestDocs(t *testing.T) {
	nixes.Programs(t)
	pages := []string{"README.md"}
	top, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	err = fs.WalkDir(os.DirFS(top), "docs", func(path string, entry fs.DirEntry, err error) error {
		if filepath.Ext(path) == ".md" {
			pages = append(pages, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	origin := newOrigin(t, top)
	for _, page := range pages {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(filepath.Join(top, page))
			if err != nil {
				t.Fatal(err)
			}
			var blocks []string
			for _, block := range consoleBlock.FindAllStringSubmatch(string(text), -1) {
				blocks = append(blocks, block[1])
			}
			if fences := strings.Count(string(text), "```console"); fences != len(blocks) {
				t.Fatalf("%d console blocks, but %d begin and end at the margin: the others would not be run", fences,
					len(blocks))
			}
			if shell := shellBlock.FindString(string(text)); shell != "" {
				t.Errorf("commands stand in console blocks, which are run; not in a block %s", shell)
			}
			if len(blocks) == 0 {
				return
			}
			if strings.Contains(os.Getenv("GOFLAGS"), "-mod=vendor") && strings.Contains(string(text), "$ go run") &&
				inOneShell.MatchString(page) {
				t.Skip("SKIP: a clone has no modules where Nix vendors them")
			}
			var got []string
			if inOneShell.MatchString(page) {
				got = console(t, newHome(t, origin), blocks)
			} else {
				for _, block := range blocks {
					got = append(got, console(t, top, []string{block})...)
				}
			}
			update := os.Getenv("UPDATE") != ""
			for i, block := range blocks {
				if block == got[i] {
					continue
				}
				if !update {
					t.Errorf("the page says\n%s\nbut it is\n%s", block, got[i])
				}
				text = bytes.Replace(text, []byte("```console\n"+block), []byte("```console\n"+got[i]), 1)
			}
			if update {
				if err := os.WriteFile(filepath.Join(top, page), text, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// console runs the commands of blocks in one shell, and returns the blocks with what they print now.
func console(t *testing.T, dir string, blocks []string) []string {
	t.Helper()
	const end = "==== end of block ===="
	var script strings.Builder
	for _, block := range blocks {
		for _, command := range consoleCommand.FindAllStringSubmatch(block, -1) {
			// Printed as the page has it, then run.
			script.WriteString("cat <<'CONSOLE'\n$ " + command[1] + "\nCONSOLE\n" +
				strings.ReplaceAll(command[1], "\n> ", "\n") + "\n")
		}
		script.WriteString("echo '" + end + "'\n")
	}
	shell := exec.Command("sh", "-c", "exec 2>&1\n"+script.String())
	shell.Dir = dir
	shell.Env = docsEnv(t, dir)
	out, _ := shell.Output()
	got := strings.SplitAfter(string(out), end+"\n")
	if len(got) != len(blocks)+1 {
		t.Fatalf("the shell ended early; it said\n%s", out)
	}
	for i := range blocks {
		got[i] = strings.TrimSuffix(got[i], end+"\n")
	}
	return got[:len(blocks)]
}

// docsEnv is this process's environment, without answers of earlier runs, but with what Go has compiled.
func docsEnv(t *testing.T, home string) []string {
	// What is compiled is the same then in every clone.
	flags := os.Getenv("GOFLAGS") + " -trimpath"
	env := append(os.Environ(), "XDG_CACHE_HOME="+t.TempDir(), "GORACE=atexit_sleep_ms=0", "GOFLAGS="+flags)
	env = append(env, goCaches()...)
	if _, err := os.Stat(filepath.Join(home, ".gitconfig")); err == nil {
		env = append(env, "HOME="+home, "GIT_CONFIG_NOSYSTEM=1")
	}
	return env
}

var goCaches = sync.OnceValue(func() (env []string) {
	for _, name := range []string{"GOCACHE", "GOMODCACHE"} {
		value, err := exec.Command("go", "env", name).Output()
		if err != nil {
			panic(err)
		}
		env = append(env, name+"="+strings.TrimSpace(string(value)))
	}
	return env
})

// newHome is a home directory of somebody who has nothing yet, and clones the project from a place.
func newHome(t *testing.T, origin string) string {
	t.Helper()
	home := t.TempDir()
	config := "[user]\n\tname = You\n\temail = you@example.org\n[init]\n\tdefaultBranch = main\n[advice]\n\tdetachedHead = false\n" +
		"[url \"" + origin + "\"]\n\tinsteadOf = https://github.com/clanctl/clanctl\n"
	if err := os.WriteFile(filepath.Join(home, ".gitconfig"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return home
}

// newOrigin is a repository of the project as it is here, committed or not.
func newOrigin(t *testing.T, top string) string {
	t.Helper()
	origin := filepath.Join(t.TempDir(), "clanctl")
	var err error
	for _, name := range []string{"cmd", "internal", "pkg", "examples"} {
		err = errors.Join(err, os.CopyFS(filepath.Join(origin, name), os.DirFS(filepath.Join(top, name))))
	}
	for _, name := range []string{"go.mod", "go.sum", "Makefile"} {
		text, readErr := os.ReadFile(filepath.Join(top, name))
		err = errors.Join(err, readErr, os.WriteFile(filepath.Join(origin, name), text, 0o600))
	}
	if err != nil {
		t.Fatal(err)
	}
	commitAll(t, origin)
	return origin
}

var (
	inOneShell   = regexp.MustCompile(`^docs/(tutorial\.md$|how-to/|explanation/)`)
	consoleBlock = regexp.MustCompile("(?ms)^```console\n(.*?)^```$")
	shellBlock   = regexp.MustCompile("(?m)^ *```(?:sh|bash|shell)$")
	// A command goes on in the lines that begin with "> ".
	consoleCommand = regexp.MustCompile(`(?m)^\$ (.*(?:\n> .*)*)`)
)
