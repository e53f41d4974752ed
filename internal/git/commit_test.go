package git

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// hook makes one of a repository's hooks.
func hook(t *testing.T, dir, name, script string) {
	t.Helper()
	path := filepath.Join(dir, ".git/hooks", name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755),
		os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o755)); err != nil {
		t.Fatal(err)
	}
}

func locks(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, ".git/*.lock"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestCommit(t *testing.T) {
	const file = "a b/inventory.json"
	for _, c := range []struct {
		name  string
		hooks map[string]string
		// made: there is a commit; holds: it has the text.
		made, holds bool
		failed      string
		locks       int
	}{
		{name: "none", made: true, holds: true},
		{name: "one that refuses", hooks: map[string]string{"pre-commit": "echo no >&2; exit 1"},
			failed: "exit status 1: no"},
		{name: "one that is killed with git", hooks: map[string]string{"pre-commit": "kill -9 $PPID"},
			failed: "killed"},
		{name: "git is killed in a later hook, while another git has the lock",
			hooks: map[string]string{"post-commit": "> .git/index.lock; kill -9 $PPID"}, made: true, holds: true,
			failed: "killed", locks: 1},
		{name: "one that formats the file",
			hooks: map[string]string{"pre-commit": "echo formatted > '" + file + "'; git add '" + file + "'"},
			made:  true},
		{name: "one that takes the file out",
			hooks: map[string]string{"pre-commit": "git rm -q --cached '" + file + "'"}, made: true},
		{name: "one that leaves something running",
			hooks: map[string]string{"post-commit": "sleep 30 & echo $! > ../running"}, made: true, holds: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir, git := repository(t)
			if err := os.Mkdir(filepath.Join(dir, "w"), 0o755); err != nil {
				t.Fatal(err)
			}
			write(t, dir, file, "old\n")
			write(t, dir, "other", "")
			git("add", "-A")
			git("commit", "-q", "-m", "one")
			head := git("rev-parse", "HEAD")
			write(t, dir, file, "new\n")
			write(t, dir, "other", "staged")
			git("add", "other")
			for name, script := range c.hooks {
				hook(t, dir, name, strings.ReplaceAll(script, "../running", filepath.Join(dir, "running")))
			}
			name, err := Repo(dir).Commit(t.Context(), file, "two")
			if (name != "") != c.made || c.failed == "" && err != nil || c.failed != "" &&
				(err == nil || !strings.Contains(err.Error(), c.failed)) {
				t.Fatalf("%q, %v", name, err)
			}
			if found := locks(t, dir); len(found) != c.locks {
				t.Errorf("locks: %v", found)
			}
			if !c.made {
				if now := git("rev-parse", "HEAD"); now != head {
					t.Errorf("the commit is %s", now)
				}
				return
			}
			if !strings.HasPrefix(git("rev-parse", "HEAD"), name) {
				t.Errorf("%s is not the commit", name)
			}
			holds, content, err := Repo(dir).Holds(t.Context(), name, file, []byte("new\n"))
			if holds != c.holds || err != nil {
				t.Errorf("holds %t: %q, %v", holds, content, err)
			}
			if changed := git("show", "--name-only", "--format=", "HEAD"); strings.Contains(changed, "other") {
				t.Errorf("it has %q", changed)
			}
			if text, err := os.ReadFile(filepath.Join(dir, "running")); err == nil {
				if pid := number(t, text); !runs(pid) {
					t.Error("it was ended")
				} else {
					_ = syscall.Kill(pid, syscall.SIGKILL)
				}
			}
		})
	}
}

// What git makes of a text by the user's filters is the text.
func TestHoldsFiltered(t *testing.T) {
	dir, git := repository(t)
	git("config", "filter.rot13.clean", "tr a-z n-za-m")
	write(t, dir, ".gitattributes", "*.json filter=rot13\n*.txt text eol=crlf\n")
	write(t, dir, "a.json", "secret\n")
	write(t, dir, "a.txt", "line\r\n")
	git("add", "-A")
	git("commit", "-q", "-m", "one")
	for path, texts := range map[string]map[string]bool{"a.json": {"secret\n": true, "frperg\n": true,
		"other\n": false}, "a.txt": {"line\r\n": true, "line\n": true, "lin\n": false}, "nowhere": {"": false}} {
		for text, want := range texts {
			if holds, content, err := Repo(dir).Holds(t.Context(), "HEAD", path, []byte(text)); holds != want ||
				err != nil {
				t.Errorf("%s: %q is in it: %t; it has %q, %v", path, text, holds, content, err)
			}
		}
	}
}

func TestCommitIsEnded(t *testing.T) {
	for name, script := range map[string]string{"gently": "sleep 60",
		"by force":          "trap '' TERM; while :; do sleep 1; done",
		"in the background": "exec >/dev/null 2>&1; trap '' TERM; while :; do sleep 1; done"} {
		for _, when := range []string{"pre-commit", "post-commit"} {
			t.Run(name+" in "+when, func(t *testing.T) {
				t.Parallel()
				dir, git := repository(t)
				git("commit", "-q", "--allow-empty", "-m", "one")
				write(t, dir, "file", "")
				git("add", "file")
				running := filepath.Join(dir, "running")
				hook(t, dir, when, "echo $$ > "+running+"; "+script)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				go func() {
					for ctx.Err() == nil {
						if text, err := os.ReadFile(running); err == nil && len(text) > 0 {
							cancel()
						}
						time.Sleep(10 * time.Millisecond)
					}
				}()
				commit, err := Repo(dir).Commit(ctx, "file", "two")
				if !errors.Is(err, context.Canceled) || (commit != "") != (when == "post-commit") {
					t.Errorf("%q, %v", commit, err)
				}
				if found := locks(t, dir); len(found) > 0 {
					t.Errorf("left behind: %v", found)
				}
				text, _ := os.ReadFile(running)
				pid := number(t, text)
				for deadline := time.Now().Add(10 * time.Second); runs(pid); time.Sleep(10 * time.Millisecond) {
					if time.Now().After(deadline) {
						_ = syscall.Kill(pid, syscall.SIGKILL)
						t.Fatal("the hook still runs")
					}
				}
			})
		}
	}
}

func number(t *testing.T, text []byte) int {
	t.Helper()
	n, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// runs reports whether there is a process, and not only its end that nobody has asked for yet.
func runs(pid int) bool {
	out, _ := exec.Command("ps", "-o", "stat=", "-p", strconv.Itoa(pid)).Output()
	state := strings.TrimSpace(string(out))
	return state != "" && !strings.HasPrefix(state, "Z")
}

// A lock of another git is none of ours.
func TestForeignLockStays(t *testing.T) {
	dir, git := repository(t)
	git("commit", "-q", "--allow-empty", "-m", "one")
	write(t, dir, "file", "")
	write(t, dir, ".git/index.lock", "")
	if name, err := Repo(dir).Commit(t.Context(), "file", "two"); name != "" || err == nil {
		t.Errorf("%q, %v", name, err)
	}
	if err := Repo(dir).IntendToAdd(t.Context(), "file"); err == nil {
		t.Error("it was added")
	}
	if len(locks(t, dir)) != 1 {
		t.Error("the lock is gone")
	}
}
