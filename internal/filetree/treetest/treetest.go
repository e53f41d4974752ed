// Package treetest edits source trees, for tests of what must notice.
package treetest

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Edit does one random thing to a tree, of the kinds that people and programs do, and some that only a tester does.
func Edit(t *testing.T, r *rand.Rand, root string, git bool) string {
	t.Helper()
	name := func() string {
		return filepath.Join(root, []string{"", "a", "a/b", "c d"}[r.IntN(4)], fmt.Sprintf("f%d", r.IntN(6)))
	}
	path := name()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) {
		out, err := exec.Command("git",
			append([]string{"-C", root, "-c", "user.name=t", "-c", "user.email=t@example.org"},
				args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %s", args, out)
		}
	}
	must(os.MkdirAll(filepath.Dir(path), 0o755))
	info, err := os.Lstat(path)
	exists := err == nil && !info.IsDir()
	kinds := 9
	if git {
		kinds = 11
	}
	switch kind := r.IntN(kinds); {
	case kind == 0: // same size, and the time set back
		when := time.Unix(1_000_000_000, 0)
		_ = os.Remove(path)
		must(os.WriteFile(path, fmt.Appendf(nil, "%04d", r.IntN(4)), 0o644))
		must(os.Chtimes(path, when, when))
		return "same size, old time"
	case kind == 1 && exists && info.Mode().IsRegular(): // in place, the times kept
		must(os.WriteFile(path, fmt.Appendf(nil, "%04d", r.IntN(4)), 0o644))
		must(os.Chtimes(path, info.ModTime(), info.ModTime()))
		return "in place, time kept"
	case kind == 2 && exists && info.Mode().IsRegular():
		must(os.Chmod(path, info.Mode().Perm()^0o100))
		return "chmod"
	case kind == 3:
		_ = os.Remove(path)
		must(os.Symlink(fmt.Sprintf("target%d", r.IntN(3)), path))
		return "symlink"
	case kind == 4 && exists:
		must(os.Remove(path))
		return "delete"
	case kind == 5 && exists:
		other := name()
		must(os.MkdirAll(filepath.Dir(other), 0o755))
		must(os.Rename(path, other))
		return "rename"
	case kind == 6:
		must(os.MkdirAll(path+".d", 0o755))
		return "empty directory"
	case kind == 7:
		must(os.RemoveAll(filepath.Join(root, "a/b")))
		return "directory gone"
	case kind == 8:
		a, b := name(), name()
		x, errX := os.ReadFile(a)
		y, errY := os.ReadFile(b)
		if a != b && errX == nil && errY == nil { // swap, by names alone
			must(os.Rename(a, a+".swap"))
			must(os.Rename(b, a))
			must(os.Rename(a+".swap", b))
			return fmt.Sprintf("swap %d %d", len(x), len(y))
		}
	case kind == 9:
		run("add", "-A")
		return "git add"
	case kind == 10:
		run("add", "-A")
		run("commit", "-qm", "x", "--allow-empty")
		return "git commit"
	}
	must(os.RemoveAll(path))
	must(os.WriteFile(path, fmt.Appendf(nil, "%d", r.IntN(1000)), 0o644))
	return "write"
}
