package nixeval

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/clanctl/clanctl/internal/nixtest/nixes"
)

// The cached answer is the uncached one, whatever is edited, before Nix runs and while it does. States come again: most edits have a way
// back, so that an answer which was kept for the wrong state is asked for again.
//
// CLANCTL_STEPS says how many steps are made with each Nix, CLANCTL_SEED with what the edits are chosen.
func TestCacheIsNeverStale(t *testing.T) {
	steps, seed := 100, uint64(1)
	if n, err := strconv.Atoi(os.Getenv("CLANCTL_STEPS")); err == nil {
		steps = n
	}
	if n, err := strconv.ParseUint(os.Getenv("CLANCTL_SEED"), 10, 64); err == nil {
		seed = n
	}
	for i, nix := range nixes.Programs(t) {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			dir, err := filepath.EvalSymlinks(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			w := &world{T: t, dir: dir, e: Evaluator{Nix: nix, Offline: true, ProgramDir: filepath.Join(dir, "programs"), CacheDir: filepath.Join(dir, "cache")}}
			r := &randomWorld{world: w, Rand: rand.New(rand.NewPCG(seed, uint64(i))), on: map[string]bool{}, counts: map[string]int{}}
			t.Setenv("NIX_CONF_DIR", w.path("conf"))
			t.Setenv("HOME", w.path("home"))
			r.begin()
			for r.step = range steps {
				r.once()
			}
			t.Logf("%d steps, %d answers from the cache, %d edits during a run", steps, r.hits, r.during)
			for _, e := range r.edits() {
				if r.counts[e.name] == 0 && steps >= 1000 {
					t.Errorf("%s was never tried", e.name)
				}
			}
			if r.hits < steps/10 {
				t.Errorf("only %d of %d answers came from the cache", r.hits, steps)
			}
		})
	}
}

// randomWorld is a world in which things happen.
type randomWorld struct {
	*world
	*rand.Rand
	step, hits, during int
	on                 map[string]bool // what is toggled
	counts             map[string]int
	log                []string
	rev                string // the first commit
	undo               []func()
	said               string // what Nix has said of the world as it is; empty if that is not known
}

// randomEdit is one kind of edit. Done twice, most are undone. One that is brief keeps answers from being kept, and is undone soon.
type randomEdit struct {
	name   string
	weight int
	do     func()
	brief  bool
}

func (r *randomWorld) begin() {
	directory(r.world, "unpinned")
	directory(r.world, "pinned")
	stable(r.world, "branch")
	moveStable(r.world, "branch")
	r.write("conf/nix.conf", "!include more.conf\n")
	r.write("home/.gitconfig", "[user]\n\tname = t\n\temail = t@example.org\n[include]\n\tpath = more.gitconfig\n")
	r.inputs("pinned")
	r.write("flake/value", "one\r\n")
	r.write("flake/sub/file", "one")
	r.git("", "init", "-q", "-b", "main", "flake")
	r.git("flake", "config", "core.autocrlf", "true")
	r.commit("flake")
	r.rev = r.git("flake", "rev-parse", "HEAD")
	r.write("flake/sub/file", "two")
	r.commit("flake")
	r.git("flake", "branch", "other", r.rev)
}

// inputs gives the flake an input of some kind.
func (r *randomWorld) inputs(kind string) {
	outputs := `outputs = { self, ... }@inputs: { value = builtins.mapAttrs (_: i: i.value or null) (removeAttrs inputs [ "self" ]); }; }`
	pin := `{ inputs.other.url = "git+file://DIR/branch?ref=stable"; ` + outputs
	lock := r.path("flake/flake.lock")
	switch kind {
	case "pinned": // the branch, and a directory; both in the lock file
		r.write("flake/flake.nix", strings.Replace(pin, "{ inputs", `{ inputs.dir.url = "path:DIR/pinned"; inputs`, 1))
		_ = os.Remove(lock)
		r.world.lock("flake")
	case "branch": // no lock file
		r.write("flake/flake.nix", pin)
		_ = os.Remove(lock)
	case "another branch": // than that of the lock file
		r.write("flake/flake.nix", strings.Replace(pin, "ref=stable", "ref=main", 1))
		_ = os.Remove(lock)
		r.world.lock("flake")
		r.write("flake/flake.nix", pin)
	case "directory":
		r.write("flake/flake.nix", `{ inputs.other.url = "path:DIR/unpinned"; `+outputs)
		_ = os.Remove(lock)
	case "none":
		r.write("flake/flake.nix", "{ "+outputs)
		_ = os.Remove(lock)
	case "failing":
		r.write("flake/flake.nix", `{ inputs.other.url = "path:DIR/unpinned"; outputs = { self, other }: { value = throw other.value; }; }`)
		_ = os.Remove(lock)
	}
}

func (r *randomWorld) edits() []randomEdit {
	// toggle does one of two things, in turn.
	toggle := func(name string, weight int, on, off func()) randomEdit {
		return randomEdit{name: name, weight: weight, do: func() {
			if r.on[name] = !r.on[name]; r.on[name] {
				on()
			} else {
				off()
			}
		}}
	}
	write := func(name string, weight int, file, a, b string) randomEdit {
		return toggle(name, weight, func() { r.write(file, a) }, func() { r.write(file, b) })
	}
	// there is a file that is there, or is not.
	there := func(name string, weight int, file, text string) randomEdit {
		return toggle(name, weight, func() { r.write(file, text) }, func() { _ = os.Remove(r.path(file)) })
	}
	config := func(weight int, key, value string) randomEdit {
		return toggle("git config "+key, weight, func() { r.git("flake", "config", key, value) }, func() { r.git("flake", "config", "--unset-all", key) })
	}
	brief := func(e randomEdit) randomEdit { e.brief = true; return e }
	kinds := []string{"pinned", "pinned", "directory", "directory", "failing", "none"}
	unpinned := []string{"branch", "another branch"}
	return []randomEdit{
		// The flake's files.
		write("a file", 6, "flake/value", "two\r\n", "one\r\n"),
		{name: "a file, its times kept", weight: 3, do: func() {
			path := r.path("flake/sub/file")
			info, err := os.Stat(path)
			r.do(err, os.WriteFile(path, []byte([]string{"one", "two"}[r.IntN(2)]), 0o644))
			r.do(os.Chtimes(path, info.ModTime(), info.ModTime()))
		}},
		{name: "an executable bit", weight: 2, do: func() {
			info, err := os.Stat(r.path("flake/value"))
			r.do(err)
			r.do(os.Chmod(r.path("flake/value"), info.Mode()^0o100))
		}},
		toggle("a directory becomes a link", 2,
			func() {
				r.do(os.Rename(r.path("flake/sub"), r.path("flake/real")), os.Symlink("real", r.path("flake/sub")))
			},
			func() { r.do(os.Remove(r.path("flake/sub")), os.Rename(r.path("flake/real"), r.path("flake/sub"))) }),
		there("a file that is not tracked", 1, "flake/new", "new"),
		{name: "git add", weight: 2, do: func() { r.git("flake", "add", "-A") }},
		// Inputs.
		{name: "other inputs", weight: 4, do: func() { r.inputs(kinds[r.IntN(len(kinds))]) }},
		brief(toggle("inputs that nothing pins", 3, func() { r.inputs(unpinned[r.IntN(2)]) }, func() { r.inputs("pinned") })),
		write("an input that is not pinned", 4, "unpinned/value", "two", "one"),
		write("an input that is pinned", 3, "pinned/value", "two", "one"),
		toggle("a branch", 4, func() { r.git("branch", "branch", "-f", "stable", "main") }, func() { r.git("branch", "branch", "-f", "stable", "stable@{1}") }),
		toggle("an override", 3, func() { r.e.OverrideInputs = map[string]string{"other": "path:" + r.path("unpinned")} }, func() { r.e.OverrideInputs = nil }),
		brief(toggle("an override that is a branch", 2, func() {
			r.e.OverrideInputs = map[string]string{"other": "git+file://" + r.path("branch") + "?ref=stable"}
		}, func() { r.e.OverrideInputs = nil })),
		brief(toggle("a lock file that is not tracked", 2, func() { r.git("flake", "rm", "-qf", "--cached", "--ignore-unmatch", "flake.lock") }, func() { r.git("flake", "add", "-A") })),
		// References.
		brief(toggle("another reference", 2, func() {
			r.ref = []string{"path:" + r.path("flake"), "git+file://" + r.path("flake") + "?ref=other", "git+file://" + r.path("flake") + "?rev=" + r.rev}[r.IntN(3)]
		}, func() { r.ref = "" })),
		// Commits and refs.
		{name: "a commit", weight: 2, do: func() { r.git("flake", "commit", "-qam", "x", "--allow-empty") }},
		{name: "back to a commit", weight: 2, do: func() { r.git("flake", "reset", "-q", "--soft", r.rev) }},
		toggle("another branch", 2, func() { r.git("flake", "symbolic-ref", "HEAD", "refs/heads/other") }, func() { r.git("flake", "symbolic-ref", "HEAD", "refs/heads/main") }),
		toggle("a ref behind a ref", 2, func() {
			r.git("flake", "symbolic-ref", "refs/heads/alias", "refs/heads/main")
			r.git("flake", "symbolic-ref", "HEAD", "refs/heads/alias")
		}, func() { r.git("flake", "symbolic-ref", "HEAD", "refs/heads/main") }),
		{name: "the branch behind", weight: 3, do: func() {
			commit := r.git("flake", "commit-tree", "-m", fmt.Sprint(r.IntN(2)), r.rev+"^{tree}")
			r.git("flake", "update-ref", "refs/heads/main", commit)
		}},
		{name: "packed refs", weight: 1, do: func() { r.git("flake", "pack-refs", "--all") }},
		brief(toggle("an object in the place of another", 1, func() {
			r.git("flake", "replace", "-f", r.rev, r.git("flake", "commit-tree", "-m", "other", r.rev+"^{tree}"))
		}, func() { r.git("flake", "replace", "-d", r.rev) })),
		// Index flags.
		toggle("assume-unchanged", 3, func() { r.flag("--assume-unchanged") }, func() { r.flag("--no-assume-unchanged") }),
		toggle("skip-worktree", 3, func() { r.flag("--skip-worktree") }, func() { r.flag("--no-skip-worktree") }),
		// Git's configuration and attributes.
		config(2, "core.autocrlf", "false"), config(2, "core.fileMode", "false"), config(1, "core.trustctime", "false"), config(1, "filter.x.clean", "tr a-z A-Z"),
		write("git's configuration of the user", 2, "home/more.gitconfig", "[core]\n\teol = crlf\n", "[core]\n\teol = lf\n"),
		there("attributes that are not tracked", 2, "flake/.gitattributes", "value text eol=lf\nsub/file filter=x\n"),
		there("attributes of the repository", 2, "flake/.git/info/attributes", "value -text\n"),
		// Nix's configuration.
		brief(there("Nix's configuration", 3, "conf/more.conf", "allow-unsafe-native-code-during-evaluation = true\n")),
		toggle("an option", 1, func() { r.e.Options = []string{"cores=2"} }, func() { r.e.Options = nil }),
		// The cache itself.
		{name: "exchanged files of the cache", weight: 3, do: func() {
			if files := r.cacheFiles(); len(files) > 1 {
				a, b := files[r.IntN(len(files))], files[r.IntN(len(files))]
				if a != b {
					r.do(os.Rename(a, a+"x"), os.Rename(b, a), os.Rename(a+"x", b))
				}
			}
		}},
		{name: "a damaged file of the cache", weight: 1, do: func() {
			if files := r.cacheFiles(); len(files) > 0 {
				file := files[r.IntN(len(files))]
				text, err := os.ReadFile(file)
				r.do(err)
				if len(text) > 0 {
					text[r.IntN(len(text))] ^= 0x20
				}
				r.do(os.WriteFile(file, text, 0o600))
			}
		}},
	}
}

// flag sets a flag of a file in the index, if it is there.
func (r *randomWorld) flag(flag string) {
	if r.git("flake", "ls-files", "value") != "" {
		r.git("flake", "update-index", flag, "value")
	}
}

func (r *randomWorld) cacheFiles() []string {
	files, _ := filepath.Glob(r.e.CacheDir + "/*")
	return slices.DeleteFunc(files, func(file string) bool { return strings.HasPrefix(filepath.Base(file), tempPrefix) })
}

// edit does a random edit and returns it.
func (r *randomWorld) edit() randomEdit {
	edits := r.edits()
	total := 0
	for _, e := range edits {
		total += e.weight
	}
	at := r.IntN(total)
	for _, e := range edits {
		if at -= e.weight; at < 0 {
			e.do()
			r.counts[e.name]++
			r.note(e.name)
			if e.brief {
				r.undo = append(r.undo, func() {
					if r.on[e.name] {
						e.do()
						r.note("no more " + e.name)
					}
				})
			}
			return e
		}
	}
	panic("weights")
}

// note notes an edit.
func (r *randomWorld) note(text string) {
	r.said = ""
	r.log = append(r.log, fmt.Sprintf("%d %s", r.step, text))
}

// once edits and asks, twice. During the first time there may be more edits.
func (r *randomWorld) once() {
	if r.IntN(2) == 0 {
		for _, undo := range r.undo {
			undo()
		}
		r.undo = nil
	}
	for range r.IntN(3) {
		r.edit()
	}
	if r.IntN(4) > 0 {
		settle()
	}
	r.ask(r.IntN(4) == 0)
	r.ask(false)
}

// ask asks, and compares what the cache says with what Nix says.
func (r *randomWorld) ask(during bool) {
	e := r.e
	runs, edited := 0, make(chan struct{})
	e.OnCommand = func([]string) {
		if runs++; runs > 1 || !during {
			return
		}
		r.during++
		wait, back, again := time.Duration(r.IntN(80))*time.Millisecond, r.IntN(3) > 0, time.Duration(r.IntN(60))*time.Millisecond
		go func() {
			defer close(edited)
			time.Sleep(wait)
			edit := r.edit()
			r.note("during the run")
			if back {
				time.Sleep(again)
				edit.do()
				r.note("and back")
			}
		}()
	}
	ref := r.ref
	if ref == "" {
		ref = r.path("flake")
	}
	result, err := e.Apply(r.Context(), ref, everything, nil)
	got := outcome(result, err)
	if runs > 0 {
		if during {
			<-edited
		} else {
			r.said = got
		}
		return
	}
	r.hits++
	if r.said == "" {
		e.CacheDir, e.OnCommand = "", nil
		r.said = outcome(e.Apply(r.Context(), ref, everything, nil))
	}
	if got != r.said {
		r.Fatalf("step %d: stale\n%s\nit is\n%s\nafter\n%s", r.step, got, r.said, strings.Join(r.log[max(0, len(r.log)-40):], "\n"))
	}
}
