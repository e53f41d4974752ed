package nixeval

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/clanctl/clanctl/internal/nixtest/nixes"
)

// Each chosen edit is made once more, when everything has been looked at and Nix is about to run.
func TestChosenEditsDuringRuns(t *testing.T) {
	nixes.Slow(t)
	for _, c := range chosenEdits {
		eachWorld(t, c.name, func(w *world) {
			c.make(w)
			settle()
			edited := false
			e := w.evaluator()
			e.OnCommand = func([]string) {
				if !edited {
					edited = true
					c.edit(w)
				}
			}
			ref := w.ref
			if ref == "" {
				ref = w.path("flake")
			}
			_, _ = e.Apply(t.Context(), at(ref), everything, nil)
			w.ask("after the edit")
			settle()
			w.ask("a moment after the edit")
		})
	}
}

// like gives a file another content of the same size, and the times that it had.
func (w *world) like(name, text string) {
	w.Helper()
	info, err := os.Stat(w.path(name))
	w.do(err, os.WriteFile(w.path(name), []byte(text), info.Mode()), os.Chtimes(w.path(name), info.ModTime(), info.ModTime()))
}

func plain(w *world) { w.write("flake/flake.nix", valueFlake); w.write("flake/value", "one") }

func link(w *world, target, name string) { w.do(os.Symlink(target, w.path(name))) }

// rareEdits are what people seldom do to a tree, and programs do.
var rareEdits = []chosenEdit{
	// Names and links.
	{name: "flake.nix is a link in the tree", make: func(w *world) {
		checkout(w)
		w.do(os.Rename(w.path("flake/flake.nix"), w.path("flake/real.nix")))
		link(w, "real.nix", "flake/flake.nix")
		w.commit("flake")
	}, edit: func(w *world) { w.write("flake/real.nix", `{ outputs = _: { value = "two"; }; }`) }, kept: true, maybe: true},
	{name: "flake.nix is a link out of the tree", make: func(w *world) {
		plain(w)
		w.do(os.Rename(w.path("flake/flake.nix"), w.path("real.nix")))
		link(w, w.path("real.nix"), "flake/flake.nix")
	}, edit: func(w *world) { w.write("real.nix", `{ outputs = _: { value = "two"; }; }`) }, maybe: true},
	{name: "a file is a link out of the tree", make: func(w *world) {
		checkout(w)
		w.do(os.Rename(w.path("flake/value"), w.path("value")))
		link(w, w.path("value"), "flake/value")
		w.commit("flake")
	}, edit: func(w *world) { w.write("value", "two") }, maybe: true},
	{name: "a link leads to what is not there yet", make: func(w *world) {
		checkout(w)
		w.do(os.Remove(w.path("flake/value")))
		link(w, "sub/later", "flake/value")
		w.commit("flake")
	}, edit: func(w *world) { w.write("flake/sub/later", "two"); w.git("flake", "add", "sub/later") }, maybe: true},
	{name: "the flake's directory is a link that leads elsewhere", make: func(w *world) {
		directory(w, "one")
		directory(w, "two")
		w.write("two/value", "two")
		link(w, "one", "flake")
	}, edit: func(w *world) { w.do(os.Remove(w.path("flake"))); link(w, "two", "flake") }, kept: true},
	{name: "an input is a link to a directory that gets a file", make: func(w *world) {
		directory(w, "real")
		link(w, "real", "other")
		withInput(w, "path:DIR/other")
		w.write("flake/flake.nix", `{ inputs.other = { url = "path:DIR/other"; flake = false; }; outputs = { self, other }: {
			value = builtins.attrNames (builtins.readDir (other + "/.")); }; }`)
	}, edit: func(w *world) { w.write("real/new", "") }, maybe: true},
	{name: "an input below a link that leads elsewhere", make: func(w *world) {
		directory(w, "one/other")
		directory(w, "two/other")
		w.write("two/other/value", "two")
		link(w, "one", "link")
		withInput(w, "path:DIR/link/other")
	}, edit: func(w *world) { w.do(os.Remove(w.path("link"))); link(w, "two", "link") }, kept: true, maybe: true},
	{name: "a hard link, written under its other name", make: func(w *world) {
		plain(w) // git may go by the index that it refreshed after the link was made
		w.do(os.Link(w.path("flake/value"), w.path("value")))
	}, edit: func(w *world) { w.like("value", "two") }, kept: true},
	{name: "two files change places, of one size and time", make: func(w *world) {
		plain(w)
		w.write("flake/second", "two")
		old := time.Now().Add(-time.Hour)
		w.do(os.Chtimes(w.path("flake/value"), old, old), os.Chtimes(w.path("flake/second"), old, old))
	}, edit: func(w *world) {
		w.do(os.Rename(w.path("flake/value"), w.path("flake/x")), os.Rename(w.path("flake/second"), w.path("flake/value")),
			os.Rename(w.path("flake/x"), w.path("flake/second")))
	}, kept: true},
	{name: "a copy of a file takes its place, its times kept (cp -p)", make: func(w *world) {
		checkout(w)
		w.write("copy", "two")
		info, err := os.Stat(w.path("flake/value"))
		w.do(err, os.Chtimes(w.path("copy"), info.ModTime(), info.ModTime()))
	}, edit: func(w *world) { w.do(os.Rename(w.path("copy"), w.path("flake/value"))) }, kept: true},
	{name: "a directory gives way to one with the same names and times", make: func(w *world) {
		plain(w)
		w.do(os.CopyFS(w.path("copy"), os.DirFS(w.path("flake"))))
		w.write("copy/value", "two")
		for _, name := range []string{"value", "flake.nix", "."} {
			info, err := os.Stat(w.path("flake/" + name))
			w.do(err, os.Chtimes(w.path("copy/"+name), info.ModTime(), info.ModTime()))
		}
	}, edit: func(w *world) {
		w.do(os.Rename(w.path("flake"), w.path("away")), os.Rename(w.path("copy"), w.path("flake")))
	}, kept: true},
	{name: "a file system is mounted over a directory", make: func(w *world) {
		checkout(w)
		w.do(os.CopyFS(w.path("copy"), os.DirFS(w.path("flake/sub"))))
		w.like("copy/file", "two")
	}, edit: func(w *world) { w.mount("copy", "flake/sub") }, kept: true},
	{name: "a name in other case", make: plain,
		edit: func(w *world) { w.do(os.Rename(w.path("flake/value"), w.path("flake/Value"))) }, kept: true},
	{name: "an empty directory comes", make: plain,
		edit: func(w *world) { w.do(os.Mkdir(w.path("flake/empty"), 0o755)) }, kept: true},
	{name: "an empty directory comes, in git", make: checkout,
		edit: func(w *world) { w.do(os.Mkdir(w.path("flake/empty"), 0o755)) }, kept: true, still: true},
	{name: "permissions that Nix does not see", make: checkout,
		edit: func(w *world) { w.do(os.Chmod(w.path("flake/value"), 0o666)) }, kept: true, still: true},
	{name: "a pipe among the files", make: func(w *world) {
		plain(w)
		w.do(exec.Command("mkfifo", w.path("flake/pipe")).Run())
	}, edit: func(w *world) { w.do(os.Remove(w.path("flake/pipe"))) }, maybe: true},

	// Git.
	{name: "a submodule", make: submodule, edit: func(w *world) { w.write("flake/module/value", "two") }, maybe: true, reason: "submodules"},
	{name: "a commit in a clone that borrows objects", make: func(w *world) {
		checkout(w)
		w.do(os.Rename(w.path("flake"), w.path("lender")))
		w.git("", "clone", "--quiet", "--shared", "lender", "flake")
	}, edit: func(w *world) { w.git("flake", "commit", "-qm", "x", "--allow-empty") }, kept: true},
	{name: "a sparse checkout", make: checkout, edit: func(w *world) {
		w.git("flake", "sparse-checkout", "set", "--no-cone", "/*", "!/sub")
	}, kept: true, maybe: true},
	{name: "a sparse checkout with a sparse index", make: func(w *world) {
		checkout(w)
		w.git("flake", "sparse-checkout", "set", "--cone", "--sparse-index", "other")
	}, edit: func(w *world) { w.git("flake", "sparse-checkout", "disable") }, kept: true, maybe: true},
	{name: "an index in two files", make: func(w *world) {
		checkout(w)
		w.git("flake", "update-index", "--split-index")
	}, edit: func(w *world) { w.write("flake/value", "two"); w.git("flake", "add", "value") }, kept: true, maybe: true},
	{name: "work is stashed", make: func(w *world) { checkout(w); w.write("flake/value", "two") },
		edit: func(w *world) { w.git("flake", "stash", "--quiet") }, kept: true},
	{name: "the file .git leads to another repository", make: func(w *world) {
		checkout(w)
		w.do(os.CopyFS(w.path("git-two"), os.DirFS(w.path("flake/.git"))), os.Rename(w.path("flake/.git"), w.path("git-one")))
		w.git("", "--git-dir=git-two", "commit", "-qm", "x", "--allow-empty")
		w.write("flake/.git", "gitdir: DIR/git-one\n")
	}, edit: func(w *world) { w.write("flake/.git", "gitdir: DIR/git-two\n") }, kept: true},
	{name: "a repository comes to be", make: plain, edit: func(w *world) { w.commit("flake") }, kept: true},
	{name: "a repository goes", make: checkout, edit: func(w *world) { w.do(os.RemoveAll(w.path("flake/.git"))) }, kept: true},
	{name: "a repository above the flake comes to be", make: plain, edit: func(w *world) { w.commit("") }, kept: true},
	{name: "a commit is written anew", make: checkout,
		edit: func(w *world) { w.git("flake", "commit", "-q", "--amend", "--message", "y") }, kept: true},
	{name: "HEAD is detached at its commit", make: checkout,
		edit: func(w *world) { w.git("flake", "checkout", "-q", "--detach") }, kept: true, maybe: true},
	{name: "git cleans up", make: checkout, edit: func(w *world) { w.git("flake", "gc", "--quiet", "--prune=now") }, kept: true,
		maybe: true},
	{name: "an empty file that git is to take in later (add -N)", make: func(w *world) { checkout(w); w.write("flake/new", "") },
		edit: func(w *world) { w.git("flake", "add", "-N", "new") }, kept: true},
	{name: "a file that git ignores", make: func(w *world) {
		w.write("flake/.gitignore", "ignored\n")
		checkout(w)
	}, edit: func(w *world) { w.write("flake/ignored", "") }, kept: true, still: true},
	{name: "a tracked file that is gone from the index alone", make: checkout,
		edit: func(w *world) { w.git("flake", "rm", "-q", "--cached", "sub/file") }, kept: true},
	{name: "an attribute by which git converts more than line ends", make: func(w *world) {
		checkout(w)
		w.write("flake/.gitattributes", "value ident\n")
		w.write("flake/value", "$Id$")
		w.commit("flake")
	}, edit: func(w *world) { w.write("flake/value", "$Id: x $") }, maybe: true, reason: "ident"},
	{name: "a repository that says it has no work tree", make: func(w *world) { checkout(w) },
		edit: func(w *world) { w.git("flake", "config", "core.bare", "true") }, kept: true, maybe: true},
	{name: "HEAD names another branch", make: func(w *world) {
		checkout(w)
		w.git("flake", "branch", "second")
		w.git("flake", "commit", "-qm", "x", "--allow-empty")
	}, edit: func(w *world) { w.git("flake", "symbolic-ref", "HEAD", "refs/heads/second") }, kept: true},

	// Inputs.
	{name: "an input that is no flake", make: func(w *world) {
		directory(w, "other")
		w.write("flake/flake.nix", `{ inputs.other = { url = "path:DIR/other"; flake = false; };
			outputs = { self, other }: { value = builtins.readFile (other + "/value"); }; }`)
	}, edit: func(w *world) { w.write("other/value", "two") }, kept: true},
	{name: "an input that is one file", make: func(w *world) {
		w.write("other.json", "1")
		w.write("flake/flake.nix", `{ inputs.other = { url = "path:DIR/other.json"; flake = false; };
			outputs = { self, other }: { value = builtins.readFile other; }; }`)
	}, edit: func(w *world) { w.write("other.json", "2") }, maybe: true},
	{name: "a repository without a work tree as input", make: func(w *world) {
		stable(w, "other")
		w.git("", "clone", "--quiet", "--bare", "other", "bare")
		withInput(w, "git+file://DIR/bare")
	}, edit: func(w *world) {
		w.write("other/value", "two")
		w.commit("other")
		w.git("other", "push", "--quiet", "../bare", "main")
	}, maybe: true},
	{name: "a directory beside the flake, by a relative path", make: func(w *world) {
		directory(w, "other")
		withInput(w, "path:../other")
	}, edit: func(w *world) { w.write("other/value", "two") }, maybe: true},
	{name: "a flake below the flake, and one below that", make: func(w *world) {
		directory(w, "flake/sub/deep")
		w.write("flake/sub/flake.nix",
			`{ inputs.deep.url = "path:./deep"; outputs = { self, deep }: { value = deep.value; }; }`)
		withInput(w, "path:./sub")
		w.write("flake/flake.nix",
			`{ inputs.other.url = "path:./sub"; outputs = { self, other }: { value = other.value; }; }`)
	}, edit: func(w *world) { w.write("flake/sub/deep/value", "two") }, kept: true},
	{name: "a lock file edited by hand", make: func(w *world) {
		stable(w, "other")
		withInput(w, "git+file://DIR/other?ref=stable")
		w.lock("flake")
	}, edit: func(w *world) {
		text, err := os.ReadFile(w.path("flake/flake.lock"))
		w.do(err, os.WriteFile(w.path("flake/flake.lock"), append([]byte("\n"), text...), 0o644))
	}, kept: true},
	{name: "a tree that the flake fetches by its commit", make: func(w *world) {
		stable(w, "other")
		w.write("flake/flake.nix", `{ outputs = _: { value = builtins.readFile ((builtins.fetchGit {
			url = "file://DIR/other"; ref = "stable"; rev = "`+w.git("other", "rev-parse", "stable")+`"; }) + "/value"); }; }`)
	}, edit: func(w *world) { moveStable(w, "other") }, kept: true, still: true},
	{name: "a tree that the flake fetches by a branch", make: func(w *world) {
		stable(w, "other")
		w.write("flake/flake.nix", `{ outputs = _: { value = builtins.readFile ((builtins.fetchGit {
			url = "file://DIR/other"; ref = "stable"; }) + "/value"); }; }`)
	}, edit: func(w *world) { moveStable(w, "other") }, maybe: true},
	{name: "what the flake reads of the environment and the time", make: func(w *world) {
		plain(w)
		w.write("flake/flake.nix", `{ outputs = _: { value = [ (builtins.getEnv "HOME") (builtins ? currentTime)
			(builtins ? currentSystem) builtins.nixPath ]; }; }`)
	}, edit: func(w *world) { w.write("flake/value", "two") }, kept: true},
	{name: "a file that is built during evaluation", make: func(w *world) {
		plain(w)
		w.write("flake/flake.nix", `{ outputs = _: { value = builtins.readFile (derivation {
			name = "x"; system = "x86_64-linux"; builder = "/bin/sh"; args = [ "-c" "echo >$out" ]; }); }; }`)
	}, edit: func(w *world) { w.write("flake/value", "two") }, maybe: true},
	{name: "a file outside of the flake", make: func(w *world) {
		w.write("outside", "one")
		plain(w)
		w.write("flake/flake.nix", `{ outputs = _: { value = builtins.readFile `+filepath.Join(w.dir, "outside")+`; }; }`)
	}, edit: func(w *world) { w.write("outside", "two") }, maybe: true},
}
