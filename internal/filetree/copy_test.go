package filetree

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestCopy copies what Nix sees, and nothing else.
func TestCopy(t *testing.T) {
	write := func(dir, name, text string, mode os.FileMode) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	tree := func(dir string) string {
		out, err := exec.Command("sh", "-c",
			`cd "$1" && find . -name .git -prune -o \( -type f -o -type l -o -empty \) -printf '%P %y %l ' -exec sh -c 'test -f "$1" && test ! -L "$1" && cat "$1"; test -x "$1" && test -f "$1" && echo -n " x"; echo' - {} \; | LC_ALL=C sort`,
			"-", dir).Output()
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	dir := t.TempDir()
	write(dir, "flake.nix", "flake", 0o644)
	write(dir, "sub/run", "run", 0o755)
	write(dir, "sub/gone", "gone", 0o644)
	write(dir, "odd 'name\n", "odd", 0o644)
	if err := os.Symlink("../flake.nix", filepath.Join(dir, "sub/link")); err != nil {
		t.Fatal(err)
	}
	instead := map[string][]byte{"new/inventory.json": []byte("{}"), "sub/run": []byte("other")}
	const want = "flake.nix f  flake\nnew/inventory.json f  {}\nodd 'name\n f  odd\nsub/link l ../flake.nix \nsub/run f  other\n"
	check := func(git bool, want string) {
		t.Helper()
		copied, remove, err := Source{Root: dir, Git: git}.Copy(t.Context(), instead)
		if err != nil {
			t.Fatal(err)
		}
		if got := tree(copied); sortLines(got) != sortLines(want) {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		remove()
		if _, err := os.Stat(copied); err == nil {
			t.Error("the copy is left")
		}
	}
	check(false, want+"sub/gone f  gone\n")

	git := func(args ...string) {
		t.Helper()
		if out, err := exec.Command("git", append([]string{"-C", dir}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", args, out)
		}
	}
	git("init", "-q")
	git("add", ".")
	index, err := os.ReadFile(filepath.Join(dir, ".git/index"))
	if err != nil {
		t.Fatal(err)
	}
	write(dir, "untracked", "no", 0o644)
	if err := os.Remove(filepath.Join(dir, "sub/gone")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	check(true, want)
	if after, _ := os.ReadFile(filepath.Join(dir, ".git/index")); string(after) != string(index) {
		t.Error("the index changed")
	}

	// A pipe in a plain tree is nothing that Nix copies either.
	if err := os.RemoveAll(filepath.Join(dir, ".git")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := (Source{Root: dir}).Copy(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "pipe") {
		t.Errorf("it is %v", err)
	}
}

func sortLines(text string) string {
	lines := strings.Split(text, "\n")
	// The order of find's lines is no matter.
	for i := range lines {
		for j := i + 1; j < len(lines); j++ {
			if lines[j] < lines[i] {
				lines[i], lines[j] = lines[j], lines[i]
			}
		}
	}
	return strings.Join(lines, "\n")
}
