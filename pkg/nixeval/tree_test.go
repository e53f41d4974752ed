package nixeval

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// truth describes a tree without any cleverness: every file's kind, executable bit and content, and git's own state.
func truth(t *testing.T, root string, git bool) string {
	t.Helper()
	var b strings.Builder
	if git {
		for _, args := range [][]string{{"ls-files", "--stage"}, {"rev-parse", "HEAD"}} {
			out, err := exec.Command("git", append([]string{"-C", root}, args...)...).Output()
			if err != nil {
				t.Fatal(err)
			}
			b.Write(out)
		}
	}
	tracked := map[string]bool{}
	if git {
		out, _ := exec.Command("git", "-C", root, "ls-files", "-z").Output()
		for name := range strings.SplitSeq(string(out), "\x00") {
			tracked[name] = true
		}
	}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		if git && d.IsDir() {
			if rel == ".git" {
				return filepath.SkipDir
			}
			return nil
		}
		if git && !tracked[rel] {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		content := ""
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			content, _ = os.Readlink(path)
		case info.Mode().IsRegular():
			text, _ := os.ReadFile(path)
			content = fmt.Sprintf("%t %x", info.Mode()&0o100 != 0, sha256.Sum256(text))
		}
		fmt.Fprintf(&b, "%q %v %s\n", rel, info.Mode().Type(), content)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// edit does one random thing to a tree, of the kinds that people and programs do, and some that only a tester does.
func edit(t *testing.T, r *rand.Rand, root string, git bool) string {
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
		out, err := exec.Command("git", append([]string{"-C", root, "-c", "user.name=t", "-c", "user.email=t@example.org"}, args...)...).CombinedOutput()
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

func TestObserveNeverMissesAnEdit(t *testing.T) {
	for _, git := range []bool{false, true} {
		t.Run(fmt.Sprintf("git=%t", git), func(t *testing.T) {
			edits := 3000
			if git {
				edits = 600
			}
			if testing.Short() {
				edits /= 10
			}
			seed := uint64(time.Now().UnixNano())
			t.Logf("seed %d", seed)
			r := rand.New(rand.NewPCG(seed, 1))
			root := t.TempDir()
			if git {
				for _, args := range [][]string{{"init", "-q"}, {"-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-q", "--allow-empty", "-m", "x"}} {
					if out, err := exec.Command("git", append([]string{"-C", root}, args...)...).CombinedOutput(); err != nil {
						t.Fatalf("%s", out)
					}
				}
			}
			sums := map[string]digest{}
			back := map[digest]string{}
			var known *tree
			for i := range edits {
				what := "nothing"
				for range r.IntN(3) {
					what = edit(t, r, root, git)
				}
				if r.IntN(20) == 0 {
					time.Sleep(60 * time.Millisecond) // old enough to be trusted
				}
				seen, _, err := observe(t.Context(), root, git, known)
				if err != nil {
					t.Fatalf("edit %d (%s): %v", i, what, err)
				}
				// What was seen survives being written and read.
				if known, err = unmarshalTree(seen.marshal()); err != nil {
					t.Fatal(err)
				}
				now := truth(t, root, git)
				if sum, again := sums[now]; again && sum != seen.sum && git { // elsewhere the files' times show, too
					t.Errorf("edit %d (%s): the same tree has another hash", i, what)
				}
				if other, taken := back[seen.sum]; taken && other != now {
					t.Fatalf("edit %d (%s) was missed:\n%s\n---\n%s", i, what, other, now)
				}
				sums[now], back[seen.sum] = seen.sum, now
			}
			t.Logf("%d edits, %d different trees", edits, len(back))
		})
	}
}

func TestUnmarshalDamaged(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"a", "b"} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	seen, _, err := observe(t.Context(), root, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	whole := seen.marshal()
	for i := range whole {
		if _, err := unmarshalTree(whole[:i]); err == nil {
			t.Fatalf("%d of %d bytes were accepted", i, len(whole))
		}
		damaged := append([]byte(nil), whole...)
		damaged[i] ^= 0xff
		_, _ = unmarshalTree(damaged) // may read as another tree; the store's checksum tells. It must not panic.
	}
}

func BenchmarkObserve(b *testing.B) {
	root := b.TempDir()
	for i := range 5000 {
		dir := filepath.Join(root, fmt.Sprintf("d%d", i/50))
		if i%50 == 0 {
			if err := os.Mkdir(dir, 0o755); err != nil {
				b.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("f%d", i)), []byte("x"), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	time.Sleep(100 * time.Millisecond)
	known, _, err := observe(b.Context(), root, false, nil)
	if err != nil {
		b.Fatal(err)
	}
	text := known.marshal()
	b.ReportAllocs()
	for b.Loop() {
		known, _ := unmarshalTree(text)
		if _, changed, err := observe(b.Context(), root, false, known); err != nil || changed {
			b.Fatal(changed, err)
		}
	}
}
