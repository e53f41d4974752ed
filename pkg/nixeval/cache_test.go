package nixeval

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/clanctl/clanctl/internal/nixtest/nixes"
	"github.com/clanctl/clanctl/internal/scratch"
)

// counting answers with the content of the flake's file "value" and counts how often it ran.
func realNix(t *testing.T, e *Evaluator) {
	t.Helper()
	*e = Evaluator{Nix: nixes.Programs(t)[0], Offline: true, ProgramDir: t.TempDir(),
		CacheDir: filepath.Join(t.TempDir(), "cache")}
}

var readValues = Function{Name: "values.nix",
	Source: `flake: args: { own = builtins.readFile (flake + "/value"); input = flake.inputs.other.value or null; dirty = flake ? rev; inherit args; }`}

func writeAll(t *testing.T, files map[string]string) {
	t.Helper()
	for path, text := range files {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCache(t *testing.T) {
	var e Evaluator
	realNix(t, &e)
	home, other := t.TempDir(), t.TempDir()
	writeAll(t, map[string]string{
		filepath.Join(home, "flake.nix"):  `{ inputs.other.url = "path:` + other + `"; outputs = _: { }; }`,
		filepath.Join(home, "value"):      "one",
		filepath.Join(other, "flake.nix"): `{ outputs = _: { value = import ./value.nix; }; }`,
		filepath.Join(other, "value.nix"): `1`,
	})
	time.Sleep(100 * time.Millisecond) // files that are only just written are not trusted
	ask := func(e Evaluator, args any) (string, bool) {
		t.Helper()
		result, err := e.Apply(t.Context(), at(home), readValues, args)
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(result.Value)), result.Cached
	}
	expect := func(what string, e Evaluator, args any, value string, cached bool) {
		t.Helper()
		if got, hit := ask(e, args); got != value || hit != cached {
			t.Errorf("%s: got %s, cached %v; want %s, %v", what, got, hit, value, cached)
		}
	}
	first := `{"args":null,"dirty":false,"input":1,"own":"one"}`
	expect("first", e, nil, first, false)
	expect("again", e, nil, first, true)
	only := e
	only.CacheOnly = true
	expect("only the cache", only, nil, first, true)
	if _, err := only.Apply(t.Context(), at(home), readValues, "not asked yet"); !errors.Is(err, ErrNotCached) {
		t.Errorf("only the cache, of a new question: %v", err)
	}
	expect("another question", e, 7, `{"args":7,"dirty":false,"input":1,"own":"one"}`, false)
	other2 := e
	other2.Options = []string{"max-jobs=1"}
	expect("another option", other2, nil, first, false)
	none := e
	none.CacheDir = ""
	expect("no cache", none, nil, first, false)
	impure := e
	impure.Impure = true
	expect("impure", impure, nil, first, false)
	lax := e
	lax.Options = []string{"pure-eval=false"}
	expect("not pure", lax, nil, first, false)
	expect("not pure again", lax, nil, first, false)
	expect("impure again", impure, nil, first, false)

	// The time of a file shows, as self.lastModified.
	touched := time.Now().Add(time.Hour)
	if err := os.Chtimes(filepath.Join(home, "value"), touched, touched); err != nil {
		t.Fatal(err)
	}
	expect("touched", e, nil, first, false)
	writeAll(t, map[string]string{filepath.Join(home, "value"): "two"})
	expect("edited", e, nil, `{"args":null,"dirty":false,"input":1,"own":"two"}`, false)
	time.Sleep(100 * time.Millisecond)
	writeAll(t, map[string]string{filepath.Join(other, "value.nix"): "2"})
	time.Sleep(100 * time.Millisecond)
	second := `{"args":null,"dirty":false,"input":2,"own":"two"}`
	expect("an input outside edited", e, nil, second, false)
	expect("and kept again", e, nil, second, true)

	// Damage of any kind is a miss that heals.
	entries, err := os.ReadDir(e.CacheDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		path := filepath.Join(e.CacheDir, entry.Name())
		info, _ := entry.Info()
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", entry.Name(), info.Mode())
		}
		text, _ := os.ReadFile(path)
		text[len(text)/2] ^= 0x55
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	expect("damaged", e, nil, second, false)
	expect("healed", e, nil, second, true)
	if info, _ := os.Stat(e.CacheDir); info.Mode().Perm() != 0o700 {
		t.Errorf("the cache directory has mode %v", info.Mode())
	}
	// Somebody else could have written here.
	if err := os.Chmod(e.CacheDir, 0o777); err != nil {
		t.Fatal(err)
	}
	expect("world-writable", e, nil, second, false)
}

func TestStoreIsBounded(t *testing.T) {
	defer func(size int64, files int) { maxCache, maxFiles = size, files }(maxCache, maxFiles)
	fill := func(n, size int) *cacheFiles {
		t.Helper()
		s, err := openCacheFiles(filepath.Join(t.TempDir(), "s"))
		if err != nil {
			t.Fatal(err)
		}
		for i := range n {
			if _, err := s.put("x", fmt.Sprint(i), make([]byte, size)); err != nil {
				t.Fatal(err)
			}
			_ = os.Chtimes(s.path("x", fmt.Sprint(i)), time.Time{}, time.Now().Add(time.Duration(i-n)*time.Second))
		}
		s.trim()
		if _, ok := s.get("x", "0"); ok {
			t.Error("the oldest is still there")
		}
		if _, ok := s.get("x", fmt.Sprint(n-1)); !ok {
			t.Error("the newest is gone")
		}
		return s
	}
	left := func(s *cacheFiles) int {
		entries, _ := os.ReadDir(s.dir)
		return len(entries)
	}
	maxCache = 4 << 20
	fill(6, 2<<20)
	// Small files take whole blocks.
	maxCache = 400 << 10
	if n := left(fill(200, 1)); n > 100 {
		t.Errorf("%d small files are left", n)
	}
	maxCache, maxFiles = 1<<30, 50
	if n := left(fill(100, 1)); n < 45 || n > 50 {
		t.Errorf("%d files are left", n)
	}
}

// A file is an answer to the question whose name it has, and to no other.
func TestExchangedFilesAreNotThere(t *testing.T) {
	s, err := openCacheFiles(filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"a", "b"} {
		if _, err := s.put("x", key, []byte(key)); err != nil {
			t.Fatal(err)
		}
	}
	beside := filepath.Join(s.dir, "c")
	if err := errors.Join(os.Rename(s.path("x", "a"), beside), os.Rename(s.path("x", "b"), s.path("x", "a")),
		os.Rename(beside, s.path("x", "b"))); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"a", "b"} {
		if text, ok := s.get("x", key); ok {
			t.Errorf("%s is %s", key, text)
		}
	}
	if err := os.Rename(s.path("x", "a"), s.path("y", "b")); err != nil {
		t.Fatal(err)
	}
	if text, ok := s.get("y", "b"); ok {
		t.Errorf("of another kind: %s", text)
	}
}

// What killed runs left is removed by the next one.
func TestLeftoversAreRemoved(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	e := fake(t, "echo 1")
	e.CacheDir = filepath.Join(t.TempDir(), "cache")
	left := []string{filepath.Join(temp, scratch.Prefix+"1", "file"), filepath.Join(e.CacheDir, tempPrefix+"1"),
		filepath.Join(e.ProgramDir, tempPrefix+"1", "file")}
	for _, file := range left {
		writeAll(t, map[string]string{file: ""})
	}
	if err := errors.Join(os.Chmod(e.CacheDir, 0o700), os.Chmod(e.ProgramDir, 0o700)); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Apply(t.Context(), at(clan(t)), identity, nil); err != nil {
		t.Fatal(err)
	}
	for _, file := range left {
		if exists(file) {
			t.Errorf("%s is still there", file)
		}
	}
}

// A reference to a commit means one tree for ever, whatever happens to the work tree.
func TestLockedReferenceIsKeptForGood(t *testing.T) {
	var e Evaluator
	realNix(t, &e)
	repo, other := t.TempDir(), t.TempDir()
	writeAll(t, map[string]string{
		filepath.Join(repo, "flake.nix"):  "{ inputs.other.url = \"git+file://" + other + "\"; outputs = _: { }; }",
		filepath.Join(repo, "value"):      "committed",
		filepath.Join(other, "flake.nix"): "{ outputs = _: { value = 1; }; }",
	})
	git := func(dir string, args ...string) string {
		t.Helper()
		out, err := exec.Command("git",
			append([]string{"-C", dir, "-c", "user.name=t", "-c", "user.email=t@example.org"},
				args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %s", args, out)
		}
		return strings.TrimSpace(string(out))
	}
	for _, dir := range []string{other, repo} {
		git(dir, "init", "-q")
		git(dir, "add", "-A")
		if dir == repo {
			nix := exec.Command(e.nix(), "--extra-experimental-features", "nix-command flakes", "--offline", "flake",
				"lock", repo)
			if out, err := nix.CombinedOutput(); err != nil {
				t.Fatalf("%s", out)
			}
			git(dir, "add", "-A")
		}
		git(dir, "commit", "-qm", "x")
	}
	ref := "git+file://" + repo + "?rev=" + git(repo, "rev-parse", "HEAD")
	for _, cached := range []bool{false, true} {
		writeAll(t, map[string]string{filepath.Join(repo, "value"): fmt.Sprint("edited ", cached)})
		result, err := e.Apply(t.Context(), at(ref), readValues, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(result.Value), `"own":"committed"`) || result.Cached != cached {
			t.Errorf("got %s, cached %v; want %v", result.Value, result.Cached, cached)
		}
	}
}
