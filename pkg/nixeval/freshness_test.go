package nixeval

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/clanctl/clanctl/internal/filetree"
	"github.com/clanctl/clanctl/internal/nixtest/nixes"
)

// world is a flake in a directory of its own, with everything that it may come from beside it.
type world struct {
	*testing.T
	e    Evaluator
	nix  string // the program, whatever e.Nix is
	dir  string
	ref  string   // the flake; "" for dir/flake
	seen []string // reasons why an answer was not kept
	runs int      // of Nix
	said string   // what Nix has said of the world as it is; empty if that is not known
}

// settle lets enough time pass that files are no longer just written, which would keep answers from being kept.
func settle() { time.Sleep(120 * time.Millisecond) }

func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

// write writes a file; DIR in its text is the directory of the world.
func (w *world) write(name, text string) {
	w.Helper()
	writeAll(w.T, map[string]string{w.path(name): w.text(text)})
}

func (w *world) text(text string) string { return strings.ReplaceAll(text, "DIR", w.dir) }

func (w *world) git(repo string, args ...string) string {
	w.Helper()
	command := exec.Command("git",
		append([]string{"-C", w.path(repo), "-c", "user.name=t", "-c", "user.email=t@example.org", "-c",
			"core.hooksPath=/dev/null"}, args...)...)
	out, err := command.CombinedOutput()
	if err != nil {
		w.Fatalf("git %v: %s", args, out)
	}
	return strings.TrimSpace(string(out))
}

// commit makes a repository of a directory, or a commit with everything in it.
func (w *world) commit(repo string) {
	w.Helper()
	if !exists(w.path(repo + "/.git")) {
		w.git(repo, "init", "-q", "-b", "main")
	}
	w.git(repo, "add", "-A")
	w.git(repo, "commit", "-qm", "x", "--allow-empty")
}

// lock has Nix write the flake's lock file.
func (w *world) lock(flake string) {
	w.Helper()
	command := exec.Command(w.e.nix(), "--extra-experimental-features", "nix-command flakes", "--offline", "flake",
		"lock", "path:"+w.path(flake))
	if out, err := command.CombinedOutput(); err != nil {
		w.Fatalf("%s", out)
	}
}

func (w *world) evaluator() *Evaluator {
	e := w.e
	e.OnCommand = func([]string) { w.runs++ }
	e.OnNotCached = func(reason string) { w.seen = append(w.seen, reason) }
	return &e
}

// everything is a function whose answer hangs on all that a flake can see.
var everything = Function{Name: "everything.nix", Source: `flake: _:
	let
		walk = dir: builtins.mapAttrs (n: k: if k == "directory" then walk (dir + "/${n}") else if k == "regular" then builtins.readFile (dir + "/${n}") else k) (removeAttrs (builtins.readDir dir) [ ".git" ]);
		values = depth: flake: builtins.mapAttrs (_: i: { hash = i.narHash or null; value = i.value or (if builtins.pathExists (i + "/value") then builtins.readFile (i + "/value") else null); }
			// (if depth > 0 && i ? inputs then { inputs = values (depth - 1) i; } else { })) flake.inputs;
	in { tree = walk flake.outPath; inputs = values 2 flake; info = builtins.intersectAttrs { rev = 1; dirtyRev = 1; revCount = 1; lastModified = 1; narHash = 1; } flake; value = flake.value or null; exec = builtins ? exec; feature = builtins ? fetchClosure; }`}

// ask asks, and returns the answer (or the error) and whether it came from the cache. If it did, it must be what Nix says
// of the world as it is: what it has said if nothing was edited since, or what it says without the cache. A run of Nix is
// the same with the cache and without.
func (w *world) ask(what string) (string, bool) {
	w.Helper()
	ref := w.ref
	if ref == "" {
		ref = w.path("flake")
	}
	w.seen, w.runs = nil, 0
	e := w.evaluator()
	recorded, _ := recall(w.T, e, "what it says")
	e.recording = e.record("what it says")
	result, err := e.Apply(w.Context(), at(ref), everything, nil)
	got := outcome(result, err)
	_, _ = io.WriteString(e.recording, got)
	e.recording.Keep(w.Context(), nil)
	if w.runs > 0 {
		w.said = got
	} else if w.said == "" {
		uncached := w.e
		uncached.CacheDir = ""
		w.said = outcome(uncached.Apply(w.Context(), at(ref), everything, nil))
	}
	if w.runs > 1 || result != nil && result.Cached != (w.runs == 0) {
		w.Errorf("%s: %d Nix processes", what, w.runs)
	}
	if recorded != "" && recorded != w.said {
		w.Fatalf("%s: a stale recording\n%s\nit is\n%s", what, recorded, w.said)
	}
	if got != w.said {
		w.Fatalf("%s: stale (%v, cached: %v)\n%s\nit is\n%s", what, w.seen, result != nil && result.Cached, got,
			w.said)
	}
	return got, result != nil && result.Cached
}

func outcome(r *Result[json.RawMessage], err error) string {
	if err != nil {
		return "error: " + err.Error()
	}
	return string(r.Value)
}

// eachWorld runs a test in a world for each Nix of CLANCTL_TEST_NIX, side by side with others.
func eachWorld(t *testing.T, name string, test func(w *world)) {
	for i, nix := range nixes.Programs(t) {
		t.Run(fmt.Sprintf("%s/%d", name, i), func(t *testing.T) {
			t.Parallel()
			test(newWorld(t, nix))
		})
	}
}

func newWorld(t *testing.T, nix string) *world {
	t.Helper()
	dir, err := os.MkdirTemp("", "world-") // the name of the test may have signs that a URL must escape
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return &world{T: t, nix: nix, dir: dir, e: Evaluator{Nix: nix, Offline: true,
		ProgramDir: filepath.Join(dir, "programs"), CacheDir: filepath.Join(dir, "cache")}}
}

// edit is one that somebody could make; each was chosen because an answer could be stale after it.
type chosenEdit struct {
	name string
	// make makes a world in which an answer is had.
	make func(w *world)
	// edit changes it.
	edit func(w *world)
	// kept: an unchanged world is answered from the cache.
	kept bool
	// still: the edit changes nothing for Nix; the answer comes from the cache (if kept).
	still bool
	// maybe: whether it changes something for Nix hangs on Nix's version.
	maybe bool
	// reason is part of the reason why nothing is kept.
	reason string
}

var chosenEdits = slices.Concat(inputEdits, gitEdits, rareEdits, workEdits)

const valueFlake = `{ outputs = _: { value = builtins.readFile ./value; }; }`

func TestChosenEdits(t *testing.T) {
	for _, c := range chosenEdits {
		eachWorld(t, c.name, func(w *world) { c.try(w) })
	}
}

// try makes the edit and asks before and after.
func (c chosenEdit) try(w *world) {
	w.Helper()
	c.make(w)
	settle()
	before, _ := w.ask("first")
	first, failed := w.seen, strings.HasPrefix(before, "error: ")
	if !failed && (len(first) == 0) != c.kept || !strings.Contains(strings.Join(first, "\n"), c.reason) {
		w.Errorf("not kept: %q; want kept: %v, with %q", first, c.kept, c.reason)
	}
	if _, cached := w.ask("again"); !failed && cached != c.kept {
		w.Errorf("the second answer comes from the cache: %v", cached)
	}
	c.edit(w)
	w.said = ""
	after, cached := w.ask("after the edit")
	if (before == after) != c.still && !c.maybe {
		w.Errorf("the edit changed something: %v\n%s\n%s", before != after, before, after)
	}
	if cached != (c.kept && c.still) && !c.maybe {
		w.Errorf("after the edit it comes from the cache: %v", cached)
	}
	settle()
	w.ask("a moment after the edit")
}

// The `git diff` that Nix 2.8 runs brings git's index up to date where a file was touched, and no setting keeps it from
// that without calling the file changed. An answer during which it did is not kept; the next one is.
func TestTouchedFile(t *testing.T) {
	eachWorld(t, "touched", func(w *world) {
		checkout(w)
		old := time.Now().Add(-time.Hour)
		w.do(os.Chtimes(w.path("flake/value"), old, old))
		settle()
		listed := w.git("flake", "ls-files", "--stage", "-v")
		index := func() filetree.Stamp {
			stamp, err := filetree.Lstat(w.path("flake/.git/index"))
			w.do(err)
			return stamp
		}
		before := index()
		first, _ := w.ask("first")
		wrote := index() != before
		if (len(w.seen) > 0) != wrote || wrote && w.seen[0] != "the flake's tree changed during the run" {
			w.Errorf("git wrote the index: %v; not kept: %q", wrote, w.seen)
		}
		if now := w.git("flake", "ls-files", "--stage", "-v"); now != listed {
			w.Errorf("the index lists\n%s\nit was\n%s", now, listed)
		}
		settle()
		if second, cached := w.ask("second"); second != first || cached == wrote || len(w.seen) > 0 {
			w.Errorf("the second answer comes from the cache: %v; not kept: %q", cached, w.seen)
		}
		if _, cached := w.ask("third"); !cached {
			w.Error("the third answer does not come from the cache")
		}
	})
}

// The manual lists the chosen edits. UPDATE=1 writes the list.
func TestChosenEditsAreListed(t *testing.T) {
	const page, begin, end = "../../docs/reliability.md", "<!-- edits -->\n", "<!-- end of edits -->"
	list := "| edit | the answer before it | after it |\n|---|---|---|\n"
	for _, c := range slices.Concat(chosenEdits, environmentEdits) {
		before, after := "kept", "Nix runs again"
		switch {
		case !c.kept && c.reason == "":
			before = "not kept, or Nix fails"
		case !c.kept:
			before = "not kept: " + strings.TrimSuffix(c.reason, ": ")
		case c.still:
			after = "kept: it is the same to Nix"
		}
		list += fmt.Sprintf("| %s | %s | %s |\n", c.name, before, after)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(text), begin)
	was, after, found := strings.Cut(rest, end)
	if os.Getenv("UPDATE") != "" && found {
		if err := os.WriteFile(page, []byte(before+begin+list+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if was != list {
		t.Errorf("%s lists other edits: run UPDATE=1 go test -run TestChosenEditsAreListed ./pkg/nixeval", page)
	}
}

// withInput is a flake with an input.
func withInput(w *world, url string) {
	w.write("flake/flake.nix", `{ inputs.other.url = "`+url+`"; outputs = { self, other }: { value = other.value; }; }`)
}

// stable is a repository with branches main and stable, whose value is one.
func stable(w *world, repo string) {
	w.write(repo+"/flake.nix", valueFlake)
	w.write(repo+"/value", "one")
	w.commit(repo)
	w.git(repo, "branch", "stable")
}

// urlFromAbove makes an input's input whose URL is the one that flake.nix gives it.
func urlFromAbove(w *world) {
	stable(w, "deep")
	w.write("other/flake.nix",
		`{ inputs.deep.url = "git+file://DIR/deep?ref=main"; outputs = { self, deep }: { value = deep.value; }; }`)
	w.write("flake/flake.nix",
		`{ inputs.other.url = "path:DIR/other"; inputs.other.inputs.deep.url = "git+file://DIR/deep?ref=stable";
			outputs = { self, other }: { value = other.value; }; }`)
}

// moveStable moves the branch without touching the work tree.
func moveStable(w *world, repo string) {
	w.git(repo, "checkout", "-q", "stable")
	w.write(repo+"/value", "two")
	w.commit(repo)
	w.git(repo, "checkout", "-q", "main")
}

func directory(w *world, dir string) {
	w.write(dir+"/flake.nix", valueFlake)
	w.write(dir+"/value", "one")
}

var inputEdits = []chosenEdit{
	{name: "a branch that no lock pins", make: func(w *world) {
		stable(w, "other")
		withInput(w, "git+file://DIR/other?ref=stable")
	},
		edit: func(w *world) { moveStable(w, "other") }, reason: "names no commit and no hash"},
	{name: "a branch given with --override-input", make: func(w *world) {
		stable(w, "other")
		directory(w, "pinned")
		withInput(w, "path:DIR/pinned")
		w.lock("flake")
		w.e.OverrideInputs = map[string]string{"other": "git+file://" + w.path("other") + "?ref=stable"}
	}, edit: func(w *world) { moveStable(w, "other") }, reason: "names no commit and no hash"},
	{name: "a branch that the lock pins, with --update-input", make: func(w *world) {
		stable(w, "other")
		withInput(w, "git+file://DIR/other?ref=stable")
		w.lock("flake")
		w.e.UpdateInputs = []string{"other"}
	}, edit: func(w *world) { moveStable(w, "other") }, reason: "names no commit and no hash"},
	{name: "a directory that the lock pins, with --update-input", make: func(w *world) {
		directory(w, "other")
		withInput(w, "path:DIR/other")
		w.lock("flake")
		w.e.UpdateInputs = []string{"other"}
	}, edit: func(w *world) { w.write("other/value", "two") }, kept: true},
	{name: "what the registry says", make: func(w *world) {
		registered("registry.json")(w)
		w.e.Options = []string{"flake-registry=" + w.path("registry.json")}
	}, edit: func(w *world) { w.write("registry.json", registryOf("two")) }, reason: "names no commit and no hash"},
	{name: "a directory spelled as if it were in the store", make: func(w *world) {
		directory(w, "other")
		withInput(w, "path:/nix/store/../..DIR/other")
	}, edit: func(w *world) { w.write("other/value", "two") }, kept: true},
	{name: "a directory that no lock pins", make: func(w *world) {
		directory(w, "other")
		withInput(w, "path:DIR/other")
	},
		edit: func(w *world) { w.write("other/value", "two") }, kept: true},
	{name: "a git work tree that no lock pins", make: func(w *world) {
		stable(w, "other")
		withInput(w, "git+file://DIR/other")
	},
		edit: func(w *world) { w.write("other/value", "two") }, kept: true},
	{name: "a directory given with --override-input", make: func(w *world) {
		directory(w, "pinned")
		directory(w, "other")
		withInput(w, "path:DIR/pinned")
		w.lock("flake")
		w.e.OverrideInputs = map[string]string{"other": "path:" + w.path("other")}
	}, edit: func(w *world) { w.write("other/value", "two") }, kept: true},
	{name: "a directory below the flake", make: func(w *world) {
		directory(w, "flake/other")
		withInput(w, "path:./other")
	},
		edit: func(w *world) { w.write("flake/other/value", "two") }, kept: true},
	{name: "a directory that the lock pins", make: func(w *world) {
		directory(w, "other")
		withInput(w, "path:DIR/other")
		w.lock("flake")
	}, edit: func(w *world) { w.write("other/value", "two") }, kept: true, still: true},
	{name: "a branch that the lock pins", make: func(w *world) {
		stable(w, "other")
		withInput(w, "git+file://DIR/other?ref=stable")
		w.lock("flake")
	}, edit: func(w *world) { moveStable(w, "other") }, kept: true, still: true},
	{name: "a branch that the lock pins, and is locked anew", make: func(w *world) {
		stable(w, "other")
		withInput(w, "git+file://DIR/other?ref=stable")
		w.lock("flake")
	}, edit: func(w *world) {
		moveStable(w, "other")
		if err := os.Remove(w.path("flake/flake.lock")); err != nil {
			w.Fatal(err)
		}
		w.lock("flake")
	}, kept: true},
	{name: "another URL than that of the lock, of equal content", make: func(w *world) {
		stable(w, "other")
		withInput(w, "git+file://DIR/other?ref=main")
		w.lock("flake")
		withInput(w, "git+file://DIR/other?ref=stable")
	}, edit: func(w *world) { moveStable(w, "other") }, reason: "flake.lock is out of date with flake.nix"},
	{name: "a second input of equal content that no lock pins", make: func(w *world) {
		stable(w, "other")
		withInput(w, "git+file://DIR/other?ref=main")
		w.lock("flake")
		w.write("flake/flake.nix",
			`{ inputs.other.url = "git+file://DIR/other?ref=main"; inputs.second.url = "git+file://DIR/other?ref=stable";
			outputs = { self, other, second }: { value = second.value; }; }`)
	}, edit: func(w *world) { moveStable(w, "other") }, reason: "input second: "},
	{name: "a lock file that git does not track", make: func(w *world) {
		stable(w, "other")
		withInput(w, "git+file://DIR/other?ref=stable")
		w.write("flake/.gitignore", "flake.lock")
		w.lock("flake")
		w.commit("flake")
	}, edit: func(w *world) { moveStable(w, "other") }, reason: "names no commit and no hash"},
	{name: "a branch that a directory has as input", make: func(w *world) {
		stable(w, "deep")
		w.write("other/flake.nix",
			`{ inputs.deep.url = "git+file://DIR/deep?ref=stable"; outputs = { self, deep }: { value = deep.value; }; }`)
		withInput(w, "path:DIR/other")
	}, edit: func(w *world) { moveStable(w, "deep") }, reason: "input other/deep"},
	{name: "a branch that a directory has as input, and pins", make: func(w *world) {
		stable(w, "deep")
		w.write("other/flake.nix",
			`{ inputs.deep.url = "git+file://DIR/deep?ref=stable"; outputs = { self, deep }: { value = deep.value; }; }`)
		w.lock("other")
		withInput(w, "path:DIR/other")
	}, edit: func(w *world) { moveStable(w, "deep") }, kept: true, still: true},
	{name: "an input's input that followed another one", make: func(w *world) {
		stable(w, "deep")
		directory(w, "mine")
		w.write("other/flake.nix",
			`{ inputs.deep.url = "git+file://DIR/deep?ref=stable"; outputs = { self, deep }: { value = deep.value; }; }`)
		w.write("flake/flake.nix",
			`{ inputs.mine.url = "path:DIR/mine"; inputs.other.url = "path:DIR/other"; inputs.other.inputs.deep.follows = "mine";
			outputs = { self, mine, other }: { value = other.value; }; }`)
		w.lock("flake")
		w.write("flake/flake.nix", `{ inputs.mine.url = "path:DIR/mine"; inputs.other.url = "path:DIR/other";
			outputs = { self, mine, other }: { value = other.value; }; }`)
	}, edit: func(w *world) { moveStable(w, "deep") }, reason: "input other/deep"},
	{name: "an input that follows another one, all pinned", make: func(w *world) {
		stable(w, "deep")
		directory(w, "mine")
		w.write("other/flake.nix",
			`{ inputs.deep.url = "git+file://DIR/deep?ref=stable"; outputs = { self, deep }: { value = deep.value; }; }`)
		w.write("flake/flake.nix",
			`{ inputs.mine.url = "path:DIR/mine"; inputs.other.url = "path:DIR/other"; inputs.other.inputs.deep.follows = "mine";
			outputs = { self, mine, other }: { value = other.value; }; }`)
		w.lock("flake")
	}, edit: func(w *world) { moveStable(w, "deep"); w.write("mine/value", "two") }, kept: true, still: true},
	{name: "an input that has one of its own follow another, all pinned", make: func(w *world) {
		stable(w, "deep")
		w.write("other/flake.nix",
			`{ inputs.deep.url = "git+file://DIR/deep?ref=stable"; inputs.same.follows = "deep"; outputs = { self, deep, same }: { value = same.value; }; }`)
		withInput(w, "path:DIR/other")
		w.lock("flake")
	}, edit: func(w *world) { moveStable(w, "deep") }, kept: true, still: true},
	{name: "an input's input given in flake.nix", make: func(w *world) {
		urlFromAbove(w)
		w.lock("flake")
	}, edit: func(w *world) { // Nix 2.8 looks at the branch whatever the lock says
		moveStable(w, "deep")
		w.write("flake/touched", "")
	}, reason: "input other/deep"},
	{name: "a lock file that is a link out of the flake", make: func(w *world) {
		stable(w, "other")
		withInput(w, "git+file://DIR/other?ref=stable")
		w.lock("flake")
		if err := errors.Join(os.Rename(w.path("flake/flake.lock"), w.path("flake.lock")),
			os.Symlink(w.path("flake.lock"), w.path("flake/flake.lock"))); err != nil {
			w.Fatal(err)
		}
	}, edit: func(w *world) { // Nix 2.8 reads it, Nix 2.26 does not
		moveStable(w, "other")
		if err := os.WriteFile(w.path("flake.lock"), []byte(`{"version": 7, "root": "root", "nodes": {"root": {}}}`),
			0o600); err != nil {
			w.Fatal(err)
		}
		w.write("flake/touched", "")
	}, reason: ""},
	{name: "a flake below the top of its tree", make: func(w *world) {
		directory(w, "flake/other")
		w.write("flake/fleet/flake.nix",
			`{ inputs.other.url = "path:DIR/other"; outputs = { self, other }: { value = other.value; }; }`)
		directory(w, "other")
		w.commit("flake")
		w.ref = "git+file://" + w.path("flake") + "?dir=fleet"
	}, edit: func(w *world) { w.write("other/value", "two") }, kept: true},
}

// checkout is a flake in a repository, whose commits are its own: Nix 2.8 keeps by commit what a work tree had.
func checkout(w *world) {
	w.write("flake/where", "DIR")
	w.write("flake/flake.nix", valueFlake)
	w.write("flake/value", "one")
	w.write("flake/sub/file", "one")
	w.commit("flake")
}

var gitEdits = []chosenEdit{
	{name: "a file that git is told to take for unchanged", make: func(w *world) {
		checkout(w)
		w.git("flake", "update-index", "--assume-unchanged", "value")
	}, edit: func(w *world) { w.write("flake/value", "three") }, kept: true, maybe: true},
	{name: "git is told to look at a file again", make: func(w *world) {
		checkout(w)
		w.git("flake", "update-index", "--assume-unchanged", "value")
		w.write("flake/value", "three")
	}, edit: func(w *world) { w.git("flake", "update-index", "--no-assume-unchanged", "value") }, kept: true,
		maybe: true},
	{name: "a file that is changed, and git told to take it for unchanged", make: func(w *world) {
		checkout(w)
		w.write("flake/value", "three")
	}, edit: func(w *world) { w.git("flake", "update-index", "--assume-unchanged", "value") }, kept: true, maybe: true},
	{name: "a file that is left out of the work tree", make: func(w *world) {
		checkout(w)
		w.git("flake", "update-index", "--skip-worktree", "value")
		w.write("flake/value", "three")
	}, edit: func(w *world) { w.git("flake", "update-index", "--no-skip-worktree", "value") }, kept: true, maybe: true},
	{name: "line ends, in the repository's configuration", make: lineEnds, edit: func(w *world) {
		w.git("flake", "config", "core.autocrlf", "false")
	}, kept: true, maybe: true},
	{name: "line ends, in a file that the configuration includes", make: func(w *world) {
		lineEnds(w)
		w.git("flake", "config", "--unset", "core.autocrlf")
		w.write("more", "[core]\n\tautocrlf = true\n")
		w.git("flake", "config", "include.path", w.path("more"))
	}, edit: func(w *world) { w.write("more", "[core]\n\tautocrlf = false\n") }, kept: true, maybe: true},
	{name: "line ends, in attributes that git does not track", make: func(w *world) {
		lineEnds(w)
		w.git("flake", "config", "core.autocrlf", "false")
		w.write("flake/.gitattributes", "value text eol=crlf\n")
	}, edit: func(w *world) { w.do(os.Remove(w.path("flake/.gitattributes"))) }, kept: true, maybe: true},
	{name: "line ends, in attributes of the repository", make: func(w *world) {
		lineEnds(w)
		w.git("flake", "config", "core.autocrlf", "false")
		w.write("flake/.git/info/attributes", "value text eol=crlf\n")
	}, edit: func(w *world) { w.do(os.Remove(w.path("flake/.git/info/attributes"))) }, kept: true, maybe: true},
	{name: "line ends, in the main repository of a linked work tree", make: func(w *world) {
		lineEnds(w)
		w.do(os.Rename(w.path("flake"), w.path("main")))
		w.git("main", "worktree", "add", "-q", w.path("flake"))
	}, edit: func(w *world) { w.git("main", "config", "core.autocrlf", "false") }, kept: true, maybe: true},
	{name: "a commit in a linked work tree", make: func(w *world) {
		checkout(w)
		w.do(os.Rename(w.path("flake"), w.path("main")))
		w.git("main", "worktree", "add", "-q", w.path("flake"))
	}, edit: func(w *world) { w.git("flake", "commit", "-qm", "x", "--allow-empty") }, kept: true},
	{name: "line ends, of a configuration that is gone", make: func(w *world) {
		lineEnds(w)
		w.git("flake", "config", "--unset", "core.autocrlf")
	}, edit: func(w *world) { w.do(os.Chtimes(w.path("flake/value"), time.Now(), time.Now())) }, kept: true,
		maybe: true},
	{name: "line ends that were others when git looked", make: func(w *world) {
		checkout(w)
		w.git("flake", "config", "core.autocrlf", "true")
		w.write("flake/value", "ones\n")
		w.commit("flake")
	}, edit: func(w *world) {
		w.write("flake/value", "ones\r\n")
		w.git("flake", "add", "value")
		w.write("flake/value", "ones\n")
	}, kept: true, maybe: true},
	{name: "the executable bit, whether git looks at it", make: func(w *world) {
		checkout(w)
		w.git("flake", "config", "core.fileMode", "false")
		w.do(os.Chmod(w.path("flake/value"), 0o755))
		w.git("flake", "update-index", "--refresh") // or Nix 2.8 has git do it: see TestTouchedFile
	}, edit: func(w *world) { w.git("flake", "config", "core.fileMode", "true") }, kept: true, maybe: true},
	{name: "HEAD leads through other refs", make: func(w *world) {
		checkout(w)
		w.git("flake", "symbolic-ref", "refs/heads/alias", "refs/heads/main")
		w.git("flake", "symbolic-ref", "HEAD", "refs/heads/alias")
	}, edit: func(w *world) { w.git("flake", "commit", "-qm", "x", "--allow-empty") }, kept: true},
	{name: "a commit on a packed branch", make: func(w *world) { checkout(w); w.git("flake", "pack-refs", "--all") },
		edit: func(w *world) { w.git("flake", "commit", "-qm", "x", "--allow-empty") }, kept: true},
	{name: "a directory that becomes a link to one of equal content", make: checkout, edit: func(w *world) {
		w.do(os.Rename(w.path("flake/sub"), w.path("flake/real")), os.Symlink("real", w.path("flake/sub")))
	}, kept: true},
	{name: "files that git filters", make: filtered("flake"), edit: func(w *world) { w.write("flake/value", "two") },
		kept: true, maybe: true},
	{name: "the time of a file that git filters", make: filtered("flake"), edit: func(w *world) {
		w.do(os.Chtimes(w.path("flake/value"), time.Now(), time.Now()))
	}, kept: true, maybe: true},
	{name: "an input whose files git filters", make: func(w *world) {
		withInput(w, "git+file://DIR/other")
		filtered("other")(w)
	}, edit: func(w *world) { w.write("other/value", "two") }, maybe: true, reason: "have git run programs"},
	{name: "a work tree elsewhere", make: func(w *world) {
		checkout(w)
		w.write("other/flake.nix", valueFlake)
		w.write("other/value", "one")
		w.git("flake", "config", "core.worktree", w.path("other"))
	}, edit: func(w *world) { w.write("other/value", "two") }, maybe: true, reason: "core.worktree"},
	{name: "times that git does not look at", make: func(w *world) {
		checkout(w)
		w.git("flake", "config", "core.trustctime", "false")
	}, edit: func(w *world) {
		info, err := os.Stat(w.path("flake/value"))
		w.do(err, os.WriteFile(w.path("flake/value"), []byte("two"), 0o644))
		w.do(os.Chtimes(w.path("flake/value"), info.ModTime(), info.ModTime()))
	}, kept: true, maybe: true},
	{name: "the time of a file that git takes for unchanged by its time", make: func(w *world) {
		checkout(w)
		w.git("flake", "config", "core.trustctime", "false")
		w.git("flake", "config", "core.checkStat", "minimal")
		w.like("flake/value", "two")
	}, edit: func(w *world) { w.do(os.Chtimes(w.path("flake/value"), time.Now(), time.Now())) }, kept: true, maybe: true},
	{name: "a file that git looks at no more (core.ignoreStat)", make: func(w *world) {
		checkout(w)
		w.git("flake", "config", "core.ignoreStat", "true")
		w.write("flake/value", "two")
		w.git("flake", "add", "value")
		w.write("flake/value", "three")
	}, edit: func(w *world) { w.git("flake", "update-index", "--no-assume-unchanged", "value") }, kept: true, maybe: true},
	{name: "an object in the place of another", make: func(w *world) {
		checkout(w)
		w.write("flake/value", "two")
		w.commit("flake")
		w.git("flake", "replace", "HEAD", "HEAD~1")
	}, edit: func(w *world) { w.git("flake", "replace", "-d", w.git("flake", "rev-parse", "HEAD")) }, maybe: true,
		reason: "refs/replace"},
}

// filtered is a repository with a file that git filters.
func filtered(repo string) func(w *world) {
	return func(w *world) {
		w.write(repo+"/flake.nix", valueFlake)
		w.write(repo+"/value", "one")
		w.commit(repo)
		w.git(repo, "config", "filter.x.clean", "sed s/two/one/")
		w.write(repo+"/.gitattributes", "value filter=x\n")
	}
}

// lineEnds is a checkout with a value that ends its line as Windows does, and a commit in which it does not.
func lineEnds(w *world) {
	checkout(w)
	w.git("flake", "config", "core.autocrlf", "true")
	w.write("flake/value", "one\r\n")
	w.commit("flake")
}

func (w *world) do(errs ...error) {
	w.Helper()
	if err := errors.Join(errs...); err != nil {
		w.Fatal(err)
	}
}
