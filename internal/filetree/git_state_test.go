package filetree

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// repository is a git work tree in a home of its own, with a file tracked in a/b/ and one at the top, whose
// repository may be elsewhere.
type repository struct {
	*testing.T
	home, root string
}

func newRepository(t *testing.T) *repository {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"HOME": dir + "/home", "XDG_CONFIG_HOME": dir + "/xdg",
		"GIT_CONFIG_NOSYSTEM": "1"} {
		t.Setenv(name, value)
	}
	r := &repository{t, dir + "/home", dir + "/repo"}
	r.write("../home/file", "")
	r.write("../xdg/file", "")
	r.write("file", "one")
	r.write("a/b/file", "one")
	r.git("init", "-q", "-b", "main", ".")
	r.git("add", ".")
	r.git("commit", "-qm", "x")
	return r
}

func (r *repository) write(name, text string) {
	r.Helper()
	path := filepath.Join(r.root, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
		r.Fatal(err)
	}
}

func (r *repository) git(args ...string) string {
	r.Helper()
	out, err := exec.Command("git",
		append([]string{"-C", r.root, "-c", "user.name=t", "-c", "user.email=t@example.org"},
			args...)...).CombinedOutput()
	if err != nil {
		r.Fatalf("git %v: %s", args, out)
	}
	return strings.TrimSpace(string(out))
}

func (r *repository) do(errs ...error) {
	r.Helper()
	if err := errors.Join(errs...); err != nil {
		r.Fatal(err)
	}
}

// Each of these changes what Nix sees of a work tree, or may, and most of them no file that git tracks.
func TestGitStateNoticesEdits(t *testing.T) {
	for name, c := range map[string]struct {
		prepare, edit func(r *repository)
	}{
		"a commit":         {edit: func(r *repository) { r.git("commit", "-qm", "x", "--allow-empty") }},
		"assume-unchanged": {edit: func(r *repository) { r.git("update-index", "--assume-unchanged", "file") }},
		"no assume-unchanged": {func(r *repository) { r.git("update-index", "--assume-unchanged", "file") },
			func(r *repository) { r.git("update-index", "--no-assume-unchanged", "file") }},
		"skip-worktree": {edit: func(r *repository) { r.git("update-index", "--skip-worktree", "file") }},
		"no skip-worktree": {func(r *repository) { r.git("update-index", "--skip-worktree", "file") },
			func(r *repository) { r.git("update-index", "--no-skip-worktree", "file") }},
		"untracked attributes at the top": {edit: func(r *repository) { r.write(".gitattributes", "* text") }},
		"untracked attributes beside a file": {edit: func(r *repository) {
			r.write("a/b/.gitattributes", "* text")
		}},
		"untracked attributes above all files": {edit: func(r *repository) {
			r.write("a/.gitattributes", "* text")
		}},
		"changed attributes": {func(r *repository) { r.write("a/.gitattributes", "* text") }, func(r *repository) {
			r.write("a/.gitattributes", "* eol=crlf")
		}},
		"attributes of the repository": {edit: func(r *repository) {
			r.write(".git/info/attributes", "file export-ignore")
		}},
		"attributes of the user": {edit: func(r *repository) {
			r.write("../xdg/git/attributes", "file text")
		}},
		"attributes in a file that is configured": {func(r *repository) {
			r.git("config", "core.attributesFile", r.home+"/attributes")
		}, func(r *repository) { r.write("../home/attributes", "file text") }},
		"configuration of the repository": {edit: func(r *repository) { r.git("config", "core.autocrlf", "true") }},
		"configuration of the user": {edit: func(r *repository) {
			r.write("../home/.gitconfig", "[core]\n\tfileMode = false\n")
		}},
		"other configuration of the user": {edit: func(r *repository) {
			r.write("../xdg/git/config", "[core]\n\tfileMode = false\n")
		}},
		"included configuration": {func(r *repository) {
			r.write("more", "[core]\n\teol = lf\n")
			r.git("config", "include.path", "../more")
		},
			func(r *repository) { r.write("more", "[core]\n\teol = crlf\n") }},
		"included configuration that was not there": {func(r *repository) { r.git("config", "include.path", "~/more") },
			func(r *repository) {
				r.write("../home/more", "[core]\n\teol = crlf\n")
			}},
		"included configuration of a branch": {func(r *repository) {
			r.write("../home/more", "[core]\n\teol = crlf\n")
			r.git("config", "includeIf.onbranch:other.path", "~/more")
			r.git("branch", "other")
		}, func(r *repository) { r.git("symbolic-ref", "HEAD", "refs/heads/other") }},
		"configuration of work trees": {func(r *repository) { r.git("config", "extensions.worktreeConfig", "true") },
			func(r *repository) { r.git("config", "--worktree", "core.autocrlf", "true") }},
		"configuration in the environment": {edit: func(r *repository) {
			r.Setenv("GIT_CONFIG_COUNT", "1")
			r.Setenv("GIT_CONFIG_KEY_0", "core.autocrlf")
			r.Setenv("GIT_CONFIG_VALUE_0", "true")
		}},
		"a packed branch": {func(r *repository) { r.git("pack-refs", "--all") }, func(r *repository) {
			r.git("commit", "-qm", "x", "--allow-empty")
		}},
		"a tag that is called HEAD": {edit: func(r *repository) { r.git("update-ref", "refs/tags/HEAD", "HEAD") }},
		"a packed branch that is called HEAD": {func(r *repository) { r.git("pack-refs", "--all") }, func(r *repository) {
			r.git("update-ref", "refs/heads/HEAD", "HEAD")
			r.git("pack-refs", "--all")
		}},
		"a ref behind a ref": {func(r *repository) {
			r.git("symbolic-ref", "refs/heads/alias", "refs/heads/main")
			r.git("symbolic-ref", "HEAD", "refs/heads/alias")
		}, func(r *repository) { r.git("commit", "-qm", "x", "--allow-empty") }},
		"a shallow clone": {edit: func(r *repository) { r.write(".git/shallow", r.git("rev-parse", "HEAD")+"\n") }},
		"a graft":         {edit: func(r *repository) { r.write(".git/info/grafts", r.git("rev-parse", "HEAD")+"\n") }},
		"a directory that becomes a link": {edit: func(r *repository) {
			r.do(os.Rename(r.root+"/a", r.root+"/real"), os.Symlink("real", r.root+"/a"))
		}},
		"reftables": {func(r *repository) {
			r.write(".git/HEAD", "ref: refs/heads/.invalid\n")
			r.write(".git/reftable/tables.list", "0x000000000001-0x000000000002-aaaaaaaa.ref\n")
		}, func(r *repository) {
			r.write(".git/reftable/tables.list", "0x000000000001-0x000000000003-bbbbbbbb.ref\n")
		}},
		"a commit in a linked work tree": {linked, func(r *repository) {
			r.git("commit", "-qm", "x", "--allow-empty")
		}},
		"the main configuration of a linked work tree": {linked, func(r *repository) {
			r.do(exec.Command("git", "-C", r.root+"/../main", "config", "core.fileMode", "false").Run())
		}},
		"attributes of the main repository of a linked work tree": {linked, func(r *repository) {
			r.write("../main/.git/info/attributes", "file export-ignore")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRepository(t)
			if c.prepare != nil {
				c.prepare(r)
			}
			time.Sleep(100 * time.Millisecond)
			source := Source{Root: r.root, Git: true}
			before, _, err := source.Observe(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			before, _ = Unmarshal(before.Marshal())
			again, changed, err := source.Observe(t.Context(), before)
			if err != nil || changed || again.configured || !bytes.Equal(again.Sum(), before.Sum()) {
				t.Errorf("looked at again: %v, %v, configured %v", err, changed, again.configured)
			}
			if !again.QuietSince(time.Now()) {
				t.Error("something is not quiet")
			}
			c.edit(r)
			after, changed, err := source.Observe(t.Context(), before)
			if err != nil || !changed || bytes.Equal(after.Sum(), before.Sum()) {
				t.Errorf("%v: it is not noticed", err)
			}
			if after.UnchangedSince(again) {
				t.Error("it is not noticed during a run")
			}
			fresh, _, err := source.Observe(t.Context(), nil)
			if err != nil || !bytes.Equal(fresh.Sum(), after.Sum()) {
				t.Errorf("%v: it hangs on what was known", err)
			}
		})
	}
}

// linked makes the work tree one that is linked to a repository beside.
func linked(r *repository) {
	main := filepath.Join(r.root, "../main")
	r.do(os.Rename(r.root, main))
	r.do(exec.Command("git", "-C", main, "worktree", "add", "-q", "-b", "linked", r.root).Run())
}

// giveWay has a link stand in the place of a directory, and the directory come back.
func (r *repository) giveWay(dir string) {
	path := filepath.Join(r.root, dir)
	r.do(os.Rename(path, path+"2"))
	r.do(os.Symlink("/", path))
	r.do(os.Remove(path))
	r.do(os.Rename(path+"2", path))
}

// comesAndGoes has a file be there for a moment.
func (r *repository) comesAndGoes(file string) {
	_, err := os.Stat(filepath.Dir(filepath.Join(r.root, file)))
	r.write(file, "")
	r.do(os.Remove(filepath.Join(r.root, file)))
	if err != nil {
		r.do(os.Remove(filepath.Dir(filepath.Join(r.root, file))))
	}
}

// What is changed and changed back during a run is noticed.
func TestGitStateThereAndBack(t *testing.T) {
	for name, edit := range map[string]func(r *repository){
		"HEAD": func(r *repository) { r.git("checkout", "-q", "-b", "other"); r.git("checkout", "-q", "main") },
		"the index": func(r *repository) {
			r.write("new", "")
			r.git("add", "new")
			r.git("rm", "-q", "--cached", "new")
		},
		"a commit": func(r *repository) {
			r.git("commit", "-qm", "x", "--allow-empty")
			r.git("reset", "-q", "--soft", "HEAD~1")
		},
		"configuration": func(r *repository) {
			r.git("config", "core.autocrlf", "true")
			r.git("config", "--unset", "core.autocrlf")
		},
		"attributes that are not there":    func(r *repository) { r.comesAndGoes(".git/info/attributes") },
		"a shallow clone":                  func(r *repository) { r.comesAndGoes(".git/shallow") },
		"configuration of the work tree":   func(r *repository) { r.comesAndGoes(".git/config.worktree") },
		"the user's attributes":            func(r *repository) { r.comesAndGoes("../xdg/git/attributes") },
		"a commit in the place of another": func(r *repository) { r.comesAndGoes(".git/refs/replace/x") },
		"a directory":                      func(r *repository) { r.giveWay("deep/er") },
		"a directory of those":             func(r *repository) { r.giveWay("deep") },
		"a directory that moves":           func(r *repository) { r.git("mv", "deep", "x"); r.git("mv", "x", "deep") },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRepository(t)
			r.do(os.MkdirAll(r.root+"/deep/er", 0o755))
			r.write("deep/er/file", "")
			r.git("add", "-A")
			r.git("commit", "-qm", "deep")
			time.Sleep(100 * time.Millisecond)
			source := Source{Root: r.root, Git: true}
			before, _, err := source.Observe(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			edit(r)
			after, _, err := source.Observe(t.Context(), before)
			if err != nil {
				t.Fatal(err)
			}
			if after.UnchangedSince(before) {
				t.Error("it is not noticed")
			}
			if after.QuietSince(began) {
				t.Error("it is taken for quiet")
			}
		})
	}
}

// Where it cannot be known whether git takes a work tree for changed, that is said.
func TestGitStateUnknown(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(r *repository)
		want    string
	}{
		"attributes that are a link": {func(r *repository) { r.do(os.Symlink("file", r.root+"/.gitattributes")) },
			"is a link"},
		"another work tree": {func(r *repository) {
			r.do(os.Mkdir(r.root+"/../other", 0o755))
			r.git("config", "core.worktree", r.root+"/../other")
		}, "core.worktree"},
		"an object in the place of another": {func(r *repository) {
			r.git("commit", "-qm", "x", "--allow-empty")
			r.git("replace", "HEAD", "HEAD~1")
		}, "refs/replace"},
		"packed, too": {func(r *repository) {
			r.git("commit", "-qm", "x", "--allow-empty")
			r.git("replace", "HEAD", "HEAD~1")
			r.git("pack-refs", "--all")
		}, "refs/replace"},
		"a file of somebody's home": {func(r *repository) {
			r.git("config", "core.attributesFile", "~root/attributes")
		}, "core.attributesfile"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRepository(t)
			c.prepare(r)
			_, _, err := Source{Root: r.root, Git: true}.Observe(t.Context(), nil)
			if !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("it is %v, want %q", err, c.want)
			}
		})
	}
}

// Of files that git may take for what they are not, the stamps of files and the index count, too: git takes a file for
// changed by these.
func TestGitStateByStamps(t *testing.T) {
	for name, prepare := range map[string]func(r *repository){
		"the size and time that git knows": func(r *repository) {
			info, err := os.Stat(r.root + "/file")
			r.write("file", "two")
			r.do(err, os.Chtimes(r.root+"/file", info.ModTime(), info.ModTime()))
		},
		"a filter that is not run": func(r *repository) {
			r.git("config", "filter.x.clean", "sed s/two/one/")
			r.write(".gitattributes", "file filter=x")
			r.write("file", "two")
			r.git("add", "file")
		},
		"line ends": func(r *repository) {
			r.write("file", "one\r\n")
			r.git("add", "file")
		},
		"a size that git does not know": func(r *repository) {
			r.git("config", "core.autocrlf", "true")
			r.write("file", "one\n")
			r.git("add", "file")
			r.write("file", "one\r\n")
			r.git("add", "file")
			r.write("file", "one\n")
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRepository(t)
			prepare(r)
			look := func() *Tree {
				t.Helper()
				seen, _, err := Source{Root: r.root, Git: true}.Observe(t.Context(), nil)
				r.do(err)
				return seen
			}
			before := look()
			if !bytes.Equal(before.Sum(), look().Sum()) {
				t.Error("looked at again it is another")
			}
			when := time.Unix(1_000_000_000, 0)
			index := filepath.Join(r.root, ".git/index")
			r.do(os.Chtimes(index, when, when))
			touched := look()
			if bytes.Equal(before.Sum(), touched.Sum()) {
				t.Error("the index's stamp does not count")
			}
			r.do(os.Chtimes(filepath.Join(r.root, "file"), when, when))
			if bytes.Equal(look().Sum(), touched.Sum()) {
				t.Error("a file's time does not count")
			}
		})
	}
}

func TestRunsPrograms(t *testing.T) {
	for _, c := range []struct {
		setting, attributes, text string
		want                      bool
	}{
		{"filter.x.clean", ".gitattributes", "file filter=x", true},
		{"filter.x.process", ".git/info/attributes", "file filter=x", true},
		{"diff.x.command", "a/.gitattributes", "file diff=x", true},
		// Programs that nothing asks for are no matter: git lfs install puts some into every configuration.
		{"filter.lfs.clean", "a/.gitattributes", "* text", false},
	} {
		r := newRepository(t)
		r.git("config", c.setting, "cat")
		r.write(c.attributes, c.text)
		if seen, _, err := (Source{Root: r.root, Git: true}).Observe(t.Context(), nil); err != nil ||
			seen.RunsPrograms() != c.want {
			t.Errorf("%s and %s in %s: %v, or %v", c.setting, c.text, c.attributes, err, !c.want)
		}
	}
}

// Writers compare files alone. What happens in git makes no difference to them, nor what is in a submodule.
func TestChangedFiles(t *testing.T) {
	r := newRepository(t)
	r.git("clone", "-q", ".", "sub") // which is tracked as a submodule
	r.git("add", ".")
	r.git("commit", "-qm", "y")
	r.git("replace", "--graft", "HEAD")
	inGit, plain := Source{Root: r.root, Git: true}, Source{Root: r.root}
	if _, _, err := inGit.Observe(t.Context(), nil); !errors.Is(err, ErrUnknown) {
		t.Errorf("observed: %v", err)
	}
	for _, c := range []struct {
		edit         func()
		inGit, plain string
	}{
		{func() { r.write("file", "two") }, "file", "file"},
		{func() { r.do(os.Chmod(r.root+"/a/b/file", 0o755)) }, "a/b/file", "a/b/file"},
		{func() { r.do(os.Remove(r.root+"/file"), os.Symlink("two", r.root+"/file")) }, "file", "file"},
		{func() { r.do(os.RemoveAll(r.root + "/a")) }, "a/b/file", "a a/b a/b/file"},
		{func() { r.write("new", "") }, "", "new"},
		{func() { r.git("add", "new") }, "new", ""},
		{func() { r.git("rm", "-q", "--cached", "new") }, "new", ""},
		{func() { r.write("sub/file", "two") }, "", "sub/file"},
		{func() { r.git("commit", "-qam", "x") }, "", ""},
		{func() { r.git("config", "core.autocrlf", "true") }, "", ""},
		{func() { r.do(os.Chtimes(r.root+"/sub/file", time.Now(), time.Now())) }, "", ""},
	} {
		look := func(s Source, known *Tree) *Tree {
			tree, err := s.ObserveFiles(t.Context(), known)
			r.do(err)
			return tree
		}
		a, b := look(inGit, nil), look(plain, nil)
		c.edit()
		for _, known := range []bool{true, false} {
			x, y := a, b
			if !known {
				x, y = nil, nil
			}
			if got := strings.Join(look(inGit, x).ChangedFiles(a), " "); got != c.inGit {
				t.Errorf("git sees %q, not %q", got, c.inGit)
			}
			if got := strings.Join(look(plain, y).ChangedFiles(b), " "); got != c.plain {
				t.Errorf("without git there is %q, not %q", got, c.plain)
			}
		}
	}
}
