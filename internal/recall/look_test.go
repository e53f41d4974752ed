package recall

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/clanctl/clanctl/internal/filetree"
	"github.com/clanctl/clanctl/internal/git"
)

// Each kind of look holds as long as nothing is another, and again once it is back.
func TestLooks(t *testing.T) {
	top := t.TempDir()
	do := func(name string, args ...string) func() {
		return func() {
			t.Helper()
			cmd := exec.Command(name, args...)
			cmd.Dir = top
			cmd.Env = append(os.Environ(), "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
		}
	}
	shell := func(script string) func() { return do("sh", "-ec", script) }
	shell(`git init -q; mkdir in; echo '{ outputs = _: { }; }' > flake.nix; cp flake.nix elsewhere.nix
		echo 1 > rules; ln -s rules link; git add flake.nix; git commit -qm one; git branch b; git commit -q --allow-empty -m two`)()
	t.Chdir(filepath.Join(top, "in"))
	file := func(dir, name string) func() Look {
		return func() Look {
			text, err := filetree.ReadFile(top, name, MaxFile)
			if dir == "" {
				name = filepath.Join(top, name)
			}
			return File(dir, name, text, err)
		}
	}
	commit := func(name string) func() Look {
		return func() Look {
			return Commit("", name, CommitOf(t.Context(), "", name))
		}
	}
	untracked := func() Look {
		files, err := git.Repo(top).Untracked(t.Context())
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		return Untracked("", files)
	}
	for _, c := range []struct {
		what       string
		look       func() Look
		edit, back func()
	}{
		{"a file", file(top, "rules"), shell("echo 2 > rules"), shell("echo 1 > rules")},
		{"no file", file(top, "none"), shell("echo 2 > none"), shell("rm none")},
		{"no file, then a directory", file(top, "none"), shell("mkdir none"), shell("rmdir none")},
		{"a file, then a link out", file(top, "rules"), shell("mv rules ..; ln -s ../rules rules"), shell("mv ../rules rules")},
		{"a file anywhere, by a link", file("", "link"), shell("ln -sf flake.nix link"), shell("ln -sf rules link")},
		{"a branch", commit("b"), shell("git branch -f b"), shell("git branch -f b HEAD~1")},
		{"a branch that goes", commit("b"), shell("git branch -D b"), shell("git branch -f b HEAD~1")},
		{"a nearer flake", commit("HEAD"), shell("cp flake.nix in"), shell("rm in/flake.nix")},
		{"an untracked file", untracked, shell("echo > in/new"), shell("rm in/new")},
		{"an ignored file", untracked, shell("echo rules > .git/info/exclude"),
			shell("echo > .git/info/exclude")},
		{"the time of a build", func() Look { return Hour(Now()) }, func() { t.Setenv("SOURCE_DATE_EPOCH", "86400") },
			func() { os.Unsetenv("SOURCE_DATE_EPOCH") }},
		{"another hour", func() Look { return Hour(Now().Add(time.Hour)) }, func() {}, nil},
		{"a look of a later program", func() Look { return Look{Kind: "stars"} }, func() {}, nil},
	} {
		text, err := json.Marshal(Note{Looks: []Look{c.look()}})
		if err != nil {
			t.Fatal(err)
		}
		holds := func() bool { _, ok := ReadNote(t.Context(), text, Plain); return ok }
		if c.back != nil && !holds() {
			t.Errorf("%s: nothing is another, and it does not hold", c.what)
		}
		if c.edit(); holds() {
			t.Errorf("%s: it holds", c.what)
		}
		if c.back != nil {
			if c.back(); !holds() {
				t.Errorf("%s: it is back, and does not hold", c.what)
			}
		}
	}
}
