package nixeval

import (
	"os"
	"os/exec"
	"time"
)

// old gives files the time of an hour ago, so that git takes them for unchanged by their time alone.
func (w *world) old(names ...string) {
	w.Helper()
	when := time.Now().Add(-time.Hour).Truncate(time.Second)
	for _, name := range names {
		w.do(os.Chtimes(w.path(name), when, when))
	}
}

// touch gives a file the time that it is.
func touch(name string) func(w *world) {
	return func(w *world) { w.do(os.Chtimes(w.path(name), time.Now(), time.Now())) }
}

// lockIndex keeps git from bringing its index up to date.
func (w *world) lockIndex() { w.write("flake/.git/index.lock", "") }

// mount mounts a directory over another.
func (w *world) mount(from, to string) {
	w.Helper()
	if out, err := exec.Command("mount", "--bind", w.path(from), w.path(to)).CombinedOutput(); err != nil {
		w.Skipf("SKIP: mount --bind: %s", out)
	}
	w.Cleanup(func() { _ = exec.Command("umount", w.path(to)).Run() })
}

// give gives a file to another user.
func give(name string) func(w *world) {
	return func(w *world) {
		if err := os.Lchown(w.path(name), 1234, 1234); err != nil {
			w.Skipf("SKIP: %v", err)
		}
	}
}

// linked is a work tree of a repository elsewhere.
func linked(w *world) {
	checkout(w)
	w.do(os.Rename(w.path("flake"), w.path("main")))
	w.git("main", "worktree", "add", "-q", w.path("flake"))
}

// conflict is a checkout in the middle of a merge.
func conflict(w *world) {
	checkout(w)
	w.git("flake", "checkout", "-qb", "other")
	w.write("flake/sub/file", "theirs")
	w.commit("flake")
	w.git("flake", "checkout", "-q", "main")
	w.write("flake/sub/file", "ours")
	w.commit("flake")
	_ = exec.Command("git", "-C", w.path("flake"), "-c", "user.name=t", "-c", "user.email=t@example.org", "merge",
		"other").Run() // it fails
}

// two are directories one and two, of other values.
func two(w *world) {
	directory(w, "one")
	directory(w, "two")
	w.write("two/value", "two")
}

// repoint has a link lead to directory two.
func repoint(name string) func(w *world) {
	return func(w *world) { w.do(os.Remove(w.path(name))); link(w, "two", name) }
}

// workEdits are what a day's work does to a checkout, and an administrator to what is around it.
var workEdits = []chosenEdit{
	{name: "a commit on a packed branch, which is packed again", make: func(w *world) {
		checkout(w)
		w.git("flake", "pack-refs", "--all")
	}, edit: func(w *world) {
		w.git("flake", "commit", "-qm", "x", "--allow-empty")
		w.git("flake", "pack-refs", "--all")
	}, kept: true},
	{name: "the executable bit of a tracked file", make: checkout,
		edit: func(w *world) { w.do(os.Chmod(w.path("flake/value"), 0o744)) }, kept: true},
	{name: "the executable bit of a file, without git", make: plain,
		edit: func(w *world) { w.do(os.Chmod(w.path("flake/value"), 0o744)) }, kept: true},
	{name: "a link in place of a directory with tracked files further below", make: func(w *world) {
		w.write("flake/dir/deep/file", "one")
		checkout(w)
	}, edit: func(w *world) {
		w.do(os.Rename(w.path("flake/dir"), w.path("flake/real")))
		link(w, "real", "flake/dir")
	}, kept: true},
	{name: "the time of a file that git filters, while the index is locked", make: func(w *world) {
		filtered("flake")(w)
		w.write("flake/value", "two")
		w.old("flake/value")
		w.commit("flake")
		w.lockIndex()
	}, edit: touch("flake/value"), kept: true, maybe: true},
	{name: "the time of a file whose line ends git converted, while the index is locked", make: func(w *world) {
		lineEnds(w)
		w.write("flake/value", "two\r\n")
		w.old("flake/value")
		w.commit("flake")
		w.git("flake", "config", "--unset", "core.autocrlf")
		w.lockIndex()
	}, edit: touch("flake/value"), kept: true, maybe: true},
	{name: "the time of a file whose line ends git would convert", make: func(w *world) {
		checkout(w)
		w.write("flake/value", "two\r\n")
		w.old("flake/value")
		w.commit("flake")
		w.write("flake/.gitattributes", "value text\n")
	}, edit: touch("flake/value"), kept: true, maybe: true},
	{name: "line ends that were others when git looked, in a touched file", make: func(w *world) {
		lineEnds(w)
		w.old("flake/value")
		w.commit("flake")
		w.lockIndex()
		touch("flake/value")(w)
	}, edit: func(w *world) {
		w.do(os.Remove(w.path("flake/.git/index.lock")))
		w.write("flake/value", "one\n")
		w.git("flake", "add", "value")
		w.write("flake/value", "one\r\n")
	}, kept: true, maybe: true},
	{name: "two work trees change places (git worktree move)", make: func(w *world) {
		linked(w)
		w.git("main", "worktree", "add", "-q", w.path("second"))
		w.write("second/value", "two")
	}, edit: func(w *world) {
		w.git("main", "worktree", "move", w.path("flake"), w.path("third"))
		w.git("main", "worktree", "move", w.path("second"), w.path("flake"))
	}, kept: true},
	{name: "the repository of a work tree is somewhere else (git worktree repair)", make: linked, edit: func(w *world) {
		w.do(os.Rename(w.path("main"), w.path("moved")))
		w.git("moved", "worktree", "repair", w.path("flake"))
	}, kept: true, maybe: true},
	{name: "the repository of a work tree is gone", make: linked,
		edit: func(w *world) { w.do(os.Rename(w.path("main"), w.path("moved"))) }, kept: true},
	{name: "stashed work comes back (git stash pop)", make: func(w *world) {
		checkout(w)
		w.write("flake/value", "two")
		w.git("flake", "stash", "--quiet")
	}, edit: func(w *world) { w.git("flake", "stash", "pop", "--quiet") }, kept: true},
	{name: "a new file is taken back (git restore --staged)", make: func(w *world) {
		checkout(w)
		w.write("flake/new", "one")
		w.git("flake", "add", "new")
	}, edit: func(w *world) { w.git("flake", "restore", "--staged", "new") }, kept: true},
	{name: "the HEAD of a submodule, with ?submodules=1", make: func(w *world) {
		submodule(w)
		w.ref = "git+file://" + w.path("flake") + "?submodules=1"
	}, edit: func(w *world) {
		w.write("flake/module/value", "two")
		w.git("flake/module", "commit", "-qam", "x")
	}, maybe: true, reason: "needs more than the files of a tree"},
	{name: "what git ignores (core.excludesFile)", make: func(w *world) {
		checkout(w)
		w.git("flake", "config", "core.excludesFile", w.path("ignored"))
	}, edit: func(w *world) { w.write("ignored", "value\n") }, kept: true, still: true},
	{name: "a name in other case, by git mv", make: checkout,
		edit: func(w *world) { w.git("flake", "mv", "where", "Where") }, kept: true},
	{name: "a name in other case, where git is told that it is the same (core.ignoreCase)", make: func(w *world) {
		checkout(w)
		w.git("flake", "config", "core.ignoreCase", "true")
	}, edit: func(w *world) { w.do(os.Rename(w.path("flake/where"), w.path("flake/Where"))) }, kept: true, maybe: true},
	{name: "flake.nix becomes a link", make: func(w *world) { w.write("flake/real.nix", valueFlake); checkout(w) },
		edit: func(w *world) { w.do(os.Remove(w.path("flake/flake.nix"))); link(w, "real.nix", "flake/flake.nix") },
		kept: true},
	{name: "a merge with conflicts, resolved", make: conflict,
		edit: func(w *world) { w.git("flake", "add", "sub/file") }, kept: true, maybe: true},
	{name: "a merge with conflicts, given up", make: conflict,
		edit: func(w *world) { w.git("flake", "merge", "--abort") }, kept: true},
	{name: "a monitor that says nothing changed (core.fsmonitor)", make: func(w *world) {
		checkout(w)
		w.write("monitor", "#!/bin/sh\nprintf 'token\\0'\n")
		w.do(os.Chmod(w.path("monitor"), 0o755))
		w.git("flake", "config", "core.fsmonitor", w.path("monitor"))
		w.git("flake", "update-index", "--fsmonitor")
		w.git("flake", "status")
	}, edit: func(w *world) { w.write("flake/value", "two") }, kept: true},
	{name: "a link that is kept as a file (core.symlinks)", make: func(w *world) {
		w.write("flake/file", "")
		w.do(os.Remove(w.path("flake/file")))
		link(w, "value", "flake/file")
		checkout(w)
		w.do(os.Remove(w.path("flake/file")))
		w.write("flake/file", "value")
	}, edit: func(w *world) { w.git("flake", "config", "core.symlinks", "false") }, kept: true, maybe: true},
	{name: "a name with a line break and quotes", make: func(w *world) { w.write("flake/a\nb/\"ü\"", "one"); checkout(w) },
		edit: func(w *world) { w.write("flake/a\nb/\"ü\"", "two") }, kept: true},
	{name: "times before 1970", make: func(w *world) { plain(w); w.aroundEpoch(-1) },
		edit: func(w *world) { w.aroundEpoch(1) }, kept: true, maybe: true},
	{name: "the index is a link", make: func(w *world) {
		checkout(w)
		w.do(os.Rename(w.path("flake/.git/index"), w.path("index")))
		link(w, w.path("index"), "flake/.git/index")
	}, edit: func(w *world) { w.git("flake", "rm", "-q", "--cached", "sub/file") }, kept: true},
	{name: "the directory .git is a link that leads elsewhere", make: func(w *world) {
		checkout(w)
		w.do(os.CopyFS(w.path("two"), os.DirFS(w.path("flake/.git"))), os.Rename(w.path("flake/.git"), w.path("one")))
		w.git("", "--git-dir=two", "commit", "-qm", "x", "--allow-empty")
		link(w, w.path("one"), "flake/.git")
	}, edit: func(w *world) {
		w.do(os.Remove(w.path("flake/.git")))
		link(w, w.path("two"), "flake/.git")
	}, kept: true},
	{name: "the checkout is given to another user", make: checkout, edit: give("flake"), kept: true},
	{name: "the repository is given to another user", make: checkout, edit: give("flake/.git"), kept: true},
	{name: "the file .git is given to another user", make: linked, edit: give("flake/.git"), kept: true},
	{name: "a flake.nix comes nearer", make: func(w *world) { checkout(w); w.ref = w.path("flake/sub") },
		edit: func(w *world) {
			w.write("flake/sub/flake.nix", `{ outputs = _: { value = "two"; }; }`)
			w.commit("flake")
		},
		kept: true},
	{name: "a repository comes nearer", make: func(w *world) {
		w.write("flake/sub/flake.nix", `{ outputs = _: { value = "two"; }; }`)
		checkout(w)
		w.ref = w.path("flake/sub")
	}, edit: func(w *world) { w.commit("flake/sub") }, kept: true},
	{name: "another file system is mounted over the flake", make: func(w *world) {
		two(w)
		w.do(os.Mkdir(w.path("flake"), 0o755))
		w.mount("one", "flake")
	}, edit: func(w *world) { w.mount("two", "flake") }, kept: true},

	// Inputs.
	{name: "another file system is mounted over an input", make: func(w *world) {
		two(w)
		w.do(os.Mkdir(w.path("other"), 0o755))
		w.mount("one", "other")
		withInput(w, "path:DIR/other")
	}, edit: func(w *world) { w.mount("two", "other") }, kept: true},
	{name: "an input given with --override-input is a link that leads elsewhere", make: func(w *world) {
		two(w)
		link(w, "one", "link")
		withInput(w, "path:DIR/one")
		w.lock("flake")
		w.e.OverrideInputs = map[string]string{"other": w.path("link")}
	}, edit: repoint("link"), kept: true},
	{name: "a directory given with --override-input becomes a repository", make: func(w *world) {
		two(w)
		withInput(w, "path:DIR/two")
		w.lock("flake")
		w.write("one/left-out", "")
		w.e.OverrideInputs = map[string]string{"other": w.path("one")}
	}, edit: func(w *world) {
		w.git("one", "init", "-q")
		w.git("one", "add", "flake.nix", "value")
	}, kept: true},
	{name: "an input is given to another user", make: func(w *world) {
		stable(w, "other")
		withInput(w, "git+file://DIR/other")
	}, edit: give("other"), kept: true},
	{name: "an input below the top of its tree", make: func(w *world) {
		directory(w, "other/sub")
		w.commit("other")
		withInput(w, "git+file://DIR/other?dir=sub")
	}, edit: func(w *world) { w.write("other/sub/value", "two") }, reason: "a form of URL that the cache does not know"},
	{name: "an absolute path without path:", make: func(w *world) { directory(w, "other"); withInput(w, "DIR/other") },
		edit: func(w *world) { w.write("other/value", "two") }, reason: "a form of URL that the cache does not know"},
	{name: "an input's input whose URL flake.nix sets, without a lock", make: urlFromAbove,
		edit: func(w *world) { moveStable(w, "deep") }, reason: "its URL is set in another flake.nix"},
	{name: "an input's input that follows one which no lock pins", make: func(w *world) {
		stable(w, "mine")
		directory(w, "deep")
		w.write("other/flake.nix",
			`{ inputs.deep.url = "path:DIR/deep"; outputs = { self, deep }: { value = deep.value; }; }`)
		w.write("flake/flake.nix", `{ inputs.mine.url = "git+file://DIR/mine?ref=stable";
			inputs.other.url = "path:DIR/other"; inputs.other.inputs.deep.follows = "mine";
			outputs = { self, mine, other }: { value = other.value; }; }`)
	}, edit: func(w *world) { moveStable(w, "mine") }, reason: "names no commit and no hash"},
	{name: "a lock file that is a link in the flake", make: func(w *world) { lockFileIs(w, "real.lock") },
		edit: func(w *world) { w.write("flake/real.lock", emptyLock) }, maybe: true},
	{name: "a lock file of a directory that is a link out of the flake", make: func(w *world) {
		lockFileIs(w, w.path("real.lock"))
	}, edit: func(w *world) { w.write("real.lock", emptyLock) }, maybe: true},
	{name: "a lock file that is a directory", make: func(w *world) {
		directory(w, "other")
		withInput(w, "path:DIR/other")
		w.write("flake/flake.lock/file", "")
	}, edit: func(w *world) { w.write("other/value", "two") }, maybe: true},
	{name: "a lock file that is a pipe", make: func(w *world) {
		directory(w, "other")
		withInput(w, "path:DIR/other")
		w.write("flake/flake.lock", "")
		w.commit("flake")
		w.do(os.Remove(w.path("flake/flake.lock")), exec.Command("mkfifo", w.path("flake/flake.lock")).Run())
	}, edit: func(w *world) { w.write("other/value", "two") }, maybe: true},
	{name: "what there is outside of the flake (builtins.pathExists)", make: func(w *world) {
		plain(w)
		w.write("flake/flake.nix", `{ outputs = _: { value = builtins.pathExists `+w.path("outside")+`; }; }`)
	}, edit: func(w *world) { w.write("outside", "") }, kept: true, still: true},
}

const emptyLock = `{"version": 7, "root": "root", "nodes": {"root": {}}}`

// lockFileIs has the lock file, which pins another state of a directory than it has, be a link.
func lockFileIs(w *world, target string) {
	directory(w, "other")
	withInput(w, "path:DIR/other")
	w.lock("flake")
	w.write("other/value", "two")
	real := target
	if real == "real.lock" {
		real = w.path("flake/real.lock")
	}
	w.do(os.Rename(w.path("flake/flake.lock"), real))
	link(w, target, "flake/flake.lock")
}

// submodule is a checkout with one.
func submodule(w *world) {
	stable(w, "other")
	checkout(w)
	w.git("flake", "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", w.path("other"), "module")
	w.commit("flake")
}

// aroundEpoch gives all files a time half a second before or after 1970 began.
func (w *world) aroundEpoch(sign int64) {
	when := time.Unix(0, sign*int64(time.Second)/2)
	for _, name := range []string{"flake/value", "flake/flake.nix", "flake"} {
		w.do(os.Chtimes(w.path(name), when, when))
	}
}
