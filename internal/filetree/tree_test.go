package filetree

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/clanctl/clanctl/internal/filetree/treetest"
	"github.com/clanctl/clanctl/internal/nixtest/nixes"
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

func TestObserveNeverMissesAnEdit(t *testing.T) {
	for _, git := range []bool{false, true} {
		t.Run(fmt.Sprintf("git=%t", git), func(t *testing.T) {
			edits := 3000
			if git {
				edits = 600
			}
			if testing.Short() || !nixes.WithSlow(t) {
				edits /= 10
			}
			seed := uint64(time.Now().UnixNano())
			t.Logf("seed %d", seed)
			r := rand.New(rand.NewPCG(seed, 1))
			root := t.TempDir()
			if git {
				for _, args := range [][]string{{"init", "-q"},
					{"-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-q", "--allow-empty", "-m",
						"x"}} {
					if out, err := exec.Command("git",
						append([]string{"-C", root}, args...)...).CombinedOutput(); err != nil {
						t.Fatalf("%s", out)
					}
				}
			}
			sums := map[string]digest{}
			back := map[digest]string{}
			var known *Tree
			same := 0
			for i := range edits {
				what := "nothing"
				for range r.IntN(3) {
					what = treetest.Edit(t, r, root, git)
				}
				if r.IntN(20) == 0 {
					time.Sleep(60 * time.Millisecond) // old enough to be trusted
				}
				seen, _, err := Source{Root: root, Git: git}.Observe(t.Context(), known)
				if err != nil {
					t.Fatalf("edit %d (%s): %v", i, what, err)
				}
				// What was seen survives being written and read.
				if known, err = Unmarshal(seen.Marshal()); err != nil {
					t.Fatal(err)
				}
				now := truth(t, root, git)
				// Without git the files' times show, too, and in it those of files that git may not look into.
				timeless := git && !slices.ContainsFunc(seen.dirs, func(d dir) bool {
					return slices.ContainsFunc(d.entries(), func(e entry) bool { return e.isDoubtful() })
				})
				if sum, again := sums[now]; again && timeless {
					if same++; sum != seen.sum {
						t.Errorf("edit %d (%s): the same tree has another hash", i, what)
					}
				}
				if other, taken := back[seen.sum]; taken && other != now {
					t.Fatalf("edit %d (%s) was missed:\n%s\n---\n%s", i, what, other, now)
				}
				if back[seen.sum] = now; timeless {
					sums[now] = seen.sum
				}
			}
			t.Logf("%d edits, %d different trees, %d seen again", edits, len(back), same)
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
	seen, _, err := Source{Root: root}.Observe(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	whole := seen.Marshal()
	for i := range whole {
		if _, err := Unmarshal(whole[:i]); err == nil {
			t.Fatalf("%d of %d bytes were accepted", i, len(whole))
		}
		damaged := append([]byte(nil), whole...)
		damaged[i] ^= 0xff
		// It may read as another tree (the cache's checksum tells), which is looked at anew where it makes no sense.
		if known, err := Unmarshal(damaged); err == nil {
			if _, _, err := (Source{Root: root}).Observe(t.Context(), known); err != nil {
				t.Fatalf("with byte %d damaged: %v", i, err)
			}
		}
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
	source := Source{Root: root}
	known, _, err := source.Observe(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}
	text := known.Marshal()
	b.ReportAllocs()
	for b.Loop() {
		known, _ := Unmarshal(text)
		if _, changed, err := source.Observe(b.Context(), known); err != nil || changed {
			b.Fatal(changed, err)
		}
	}
}

// An edit while a file is read shows: the content may be the new one, and must not be taken for what was there before.
func TestEditWhileReadingShows(t *testing.T) {
	const size = 64 << 20 // takes a while to hash
	root := t.TempDir()
	large := filepath.Join(root, "large")
	if err := errors.Join(os.WriteFile(large, nil, 0o644), os.Truncate(large, size)); err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond)
	began, edited := time.Now(), make(chan error)
	go func() {
		time.Sleep(10 * time.Millisecond)
		f, err := os.OpenFile(large, os.O_WRONLY, 0)
		if err == nil {
			_, err = f.WriteAt([]byte("edited"), size-10)
			err = errors.Join(err, f.Close())
		}
		edited <- err
	}()
	during, _, err := Source{Root: root}.Observe(t.Context(), nil)
	if err := errors.Join(err, <-edited); err != nil {
		t.Fatal(err)
	}
	after, _, err := Source{Root: root}.Observe(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(during.ChangedFiles(after)) == 0 && during.QuietSince(began) {
		t.Error("the new content was read, and the file taken for one that was not touched")
	}
}

// A tree is written down without being changed: the race detector sees a write.
func TestMarshalChangesNothing(t *testing.T) {
	tree := &Tree{dirs: []dir{{path: "d", packed: pack([]entry{{name: "f", hashed: -1}})}}}
	first := make(chan []byte)
	go func() { first <- tree.Marshal() }()
	second := tree.Marshal()
	if !bytes.Equal(<-first, second) {
		t.Error("the same tree is written in two ways")
	}
}

func TestTrustNeedsTime(t *testing.T) {
	const second = int64(time.Second)
	s := Stamp{ctime: 100*second + 1}
	for _, c := range []struct {
		hashed int64
		want   bool
	}{
		{s.ctime + second, true},
		{s.ctime + second/1000, false}, // another edit may have come within the same tick
		{0, false},                     // changed while it was read
	} {
		if got := (&entry{stamp: s, hashed: c.hashed}).trusts(s); got != c.want {
			t.Errorf("hashed %d ns after the change: trusted %v", c.hashed-s.ctime, got)
		}
	}
	coarse := Stamp{ctime: 100 * second}
	if (&entry{stamp: coarse, hashed: coarse.ctime + second}).trusts(coarse) {
		t.Error("a file system that counts seconds was trusted within one")
	}
	if other := (Stamp{ctime: s.ctime, mode: 1}); (&entry{stamp: s, hashed: s.ctime + second}).trusts(other) {
		t.Error("another mode was trusted")
	}
}

// A file of the cache that anything may stand in: an error, or a tree that is written as it was read.
func FuzzTreeFile(f *testing.F) {
	t := &Tree{source: Source{Git: true, Root: "/clan"},
		config: gitConfig{attributes: "/x", programs: true, files: []entry{{name: "/y"}}},
		dirs:   []dir{{path: "a", packed: pack([]entry{{name: "b", hashed: 5}, {name: "c"}})}, {}}}
	f.Add(t.Marshal())
	f.Add((&Tree{}).Marshal())
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, text []byte) {
		read, err := Unmarshal(text)
		if err != nil {
			return
		}
		again, err := Unmarshal(read.Marshal())
		if err != nil || string(again.Marshal()) != string(read.Marshal()) {
			t.Fatalf("%v: written it is another", err)
		}
	})
}
