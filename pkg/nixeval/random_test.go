package nixeval

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/clanctl/clanctl/internal/nixtest/nixes"
)

// The cached answer is the uncached one, whatever is edited, before Nix runs and while it does. States come again: most
// edits have a way back, so that an answer which was kept for the wrong state is asked for again.
//
// CLANCTL_STEPS says how many steps are made with each Nix, CLANCTL_SEED with what the edits are chosen.
func TestCacheIsNeverStale(t *testing.T) {
	steps, seed := 50, uint64(1)
	if os.Getenv("CLANCTL_TEST_SLOW") != "" {
		steps = 400
	}
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
			w := &world{T: t, dir: dir,
				e: Evaluator{Nix: nix, Offline: true, ProgramDir: filepath.Join(dir, "programs"),
					CacheDir: filepath.Join(dir, "cache")}}
			r := &randomWorld{world: w, Rand: rand.New(rand.NewPCG(seed, uint64(i))), nix: nix, on: map[string]bool{},
				counts: map[string]int{}}
			t.Setenv("NIX_CONF_DIR", w.path("conf"))
			t.Setenv("NIX_CONFIG_HOME", w.path("confhome"))
			t.Setenv("NIX_CONFIG", "!include "+w.path("variable.conf"))
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
	nix                string
	rev                string // the first commit
	moved              string // the second one of the branch
	trapped            bool
	undo               []func()
	said               string // what Nix has said of the world as it is; empty if that is not known
}

// randomEdit is one kind of edit. Done twice, most are undone. One that is brief keeps answers from being kept, and is
// undone soon. What is alone does more than one thing, and is not done while Nix runs.
type randomEdit struct {
	name   string
	weight int
	do     func()
	brief  bool
	alone  bool
}

func (r *randomWorld) begin() {
	directory(r.world, "unpinned")
	directory(r.world, "pinned")
	stable(r.world, "branch")
	moveStable(r.world, "branch")
	r.moved = r.git("branch", "rev-parse", "stable")
	r.write("conf/nix.conf", "!include more.conf\n!include features.conf\nflake-registry = DIR/registry.json\n")
	r.register("unpinned")
	r.wrap("wrapped.conf")
	directory(r.world, "later")
	r.write("later/value", "later")
	r.commit("later")
	r.write("home/.gitconfig", "[user]\n\tname = t\n\temail = t@example.org\n[include]\n\tpath = more.gitconfig\n")
	r.inputs("pinned")
	r.write("flake/value", "one\r\n")
	r.write("flake/sub/file", "one")
	r.git("", "init", "-q", "-b", "main", "flake")
	r.git("flake", "config", "core.autocrlf", "true")
	r.git("flake", "config", "filter.y.clean", "tr a-z A-Z") // of no file
	r.write("home/attributes", "value -text\n")
	r.commit("flake")
	r.rev = r.git("flake", "rev-parse", "HEAD")
	r.write("flake/sub/file", "two")
	r.commit("flake")
	r.git("flake", "branch", "other", r.rev)
	r.git("flake", "worktree", "add", "-q", "--detach", r.path("linked"))
}

// git runs git, in the flake's own directory wherever core.worktree leads.
func (r *randomWorld) git(repo string, args ...string) string {
	r.Helper()
	if repo == "flake" {
		args = append([]string{"--work-tree=."}, args...)
	}
	return r.world.git(repo, args...)
}

// register says what the registry has for "other".
func (r *randomWorld) register(dir string) {
	r.write("registry.json",
		`{"version": 2, "flakes": [{"from": {"type": "indirect", "id": "other"}, "to": {"type": "path", "path": "DIR/`+
			dir+`"}}]}`)
}

// wrap writes a script that runs Nix with a configuration.
func (r *randomWorld) wrap(config string) {
	nix, err := exec.LookPath(r.nix)
	r.do(err)
	r.write("bin/nix",
		"#!/bin/sh\nNIX_USER_CONF_FILES=DIR/"+config+"\nexport NIX_USER_CONF_FILES\nexec "+nix+" \"$@\"\n")
	r.do(os.Chmod(r.path("bin/nix"), 0o755))
}

// commitAll leaves nothing that git takes for changed.
func (r *randomWorld) commitAll() {
	r.git("flake", "add", "-A")
	r.git("flake", "commit", "-qam", "x", "--allow-empty")
}

// moveBranch moves the branch that is an input.
func (r *randomWorld) moveBranch() {
	to := r.moved
	if r.git("branch", "rev-parse", "stable") == to {
		to = "main"
	}
	r.git("branch", "branch", "-f", "stable", to)
}

// change gives a file the other of two texts.
func (r *randomWorld) change(file, a, b string) {
	if now, err := os.ReadFile(r.path(file)); err == nil && string(now) == a {
		a = b
	}
	r.write(file, a)
}

// touch gives a file the time that it is.
func (r *randomWorld) touch(file string) { r.do(os.Chtimes(r.path(file), time.Now(), time.Now())) }

// await has the flake fetch a commit that is not there yet.
func (r *randomWorld) await() {
	r.write("later/value", fmt.Sprint(r.step))
	r.world.commit("later")
	r.write("flake/flake.nix",
		`{ outputs = _: { value = builtins.readFile ((builtins.fetchGit { url = "file://DIR/branch"; allRefs = true; rev = "`+
			r.git("later", "rev-parse", "HEAD")+`"; }) + "/value"); }; }`)
	_ = os.Remove(r.path("flake/flake.lock"))
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
	case "second": // of equal content, and only the first in the lock file
		r.write("flake/flake.nix", strings.Replace(pin, "ref=stable", "ref=main", 1))
		_ = os.Remove(lock)
		r.world.lock("flake")
		r.write("flake/flake.nix",
			strings.Replace(strings.Replace(pin, "ref=stable", "ref=main", 1), "{ inputs",
				`{ inputs.second.url = "git+file://DIR/branch?ref=stable"; inputs`, 1))
	case "registry":
		r.write("flake/flake.nix", `{ inputs.other.url = "other"; `+outputs)
		_ = os.Remove(lock)
	case "directory":
		r.write("flake/flake.nix", `{ inputs.other.url = "path:DIR/unpinned"; `+outputs)
		_ = os.Remove(lock)
	case "as if in the store":
		r.write("flake/flake.nix", `{ inputs.other.url = "path:/nix/store/../..DIR/unpinned"; `+outputs)
		_ = os.Remove(lock)
	case "none":
		r.write("flake/flake.nix", "{ "+outputs)
		_ = os.Remove(lock)
	case "failing":
		r.write("flake/flake.nix",
			`{ inputs.other.url = "path:DIR/unpinned"; outputs = { self, other }: { value = throw other.value; }; }`)
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
		return toggle("git config "+key, weight, func() { r.git("flake", "config", key, value) }, func() {
			r.git("flake", "config", "--unset-all", key)
		})
	}
	brief := func(e randomEdit) randomEdit { e.brief = true; return e }
	// trap makes a state in which an answer may be had, then does one thing that changes the next, and later ends the
	// state. There is one at a time.
	trap := func(name string, state, change, end func()) randomEdit {
		return randomEdit{name: "trap: " + name, weight: 2, alone: true, do: func() {
			if r.trapped {
				return
			}
			r.trapped = true
			state()
			r.undo = append(r.undo, func() {
				change()
				r.note("trap: " + name + ", the change")
				r.undo = append(r.undo, func() {
					end()
					r.trapped = false
					r.note("trap: " + name + ", the end")
				})
			})
		}}
	}
	gitConfig := func(key, value string) func() { return func() { r.git("flake", "config", key, value) } }
	pin := func() { r.inputs("pinned") }
	flagged := func(flag string) randomEdit {
		return trap(flag, func() {
			r.flag("--" + flag)
			r.change("flake/value", "two\r\n", "one\r\n")
			r.commitAll()
		}, func() { r.flag("--no-" + flag) }, func() {})
	}
	input := func(kind string, change func()) randomEdit {
		return trap("input: "+kind, func() { r.register("unpinned"); r.inputs(kind) }, change, pin)
	}
	changeUnpinned := func() { r.change("unpinned/value", "two", "one") }
	kinds := []string{"pinned", "pinned", "directory", "directory", "as if in the store", "failing", "none"}
	unpinned := []string{"branch", "another branch", "second", "registry"}
	const feature = "extra-experimental-features = fetch-closure\n"
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
		brief(toggle("inputs that nothing pins", 3, func() { r.inputs(unpinned[r.IntN(len(unpinned))]) }, func() {
			r.inputs("pinned")
		})),
		write("an input that is not pinned", 4, "unpinned/value", "two", "one"),
		write("an input that is pinned", 3, "pinned/value", "two", "one"),
		{name: "a branch", weight: 4, do: r.moveBranch},
		toggle("an override", 3, func() {
			r.e.OverrideInputs = map[string]string{"other": "path:" + r.path("unpinned")}
		}, func() { r.e.OverrideInputs = nil }),
		brief(toggle("an override that is a branch", 2, func() {
			r.e.OverrideInputs = map[string]string{"other": "git+file://" + r.path("branch") + "?ref=stable"}
		}, func() { r.e.OverrideInputs = nil })),
		brief(toggle("a lock file that is not tracked", 2, func() {
			r.git("flake", "rm", "-qf", "--cached", "--ignore-unmatch", "flake.lock")
		}, func() { r.git("flake", "add", "-A") })),
		// References.
		brief(toggle("another reference", 2, func() {
			r.ref = []string{"path:" + r.path("flake"), "git+file://" + r.path("flake") + "?ref=other",
				"git+file://" + r.path("flake") + "?rev=" + r.rev}[r.IntN(3)]
		}, func() { r.ref = "" })),
		toggle("a linked work tree", 3, func() { r.ref = r.path("linked") }, func() { r.ref = "" }),
		write("a file of the linked work tree", 2, "linked/value", "two\r\n", "one\r\n"),
		// Commits and refs.
		{name: "a commit", weight: 2, do: func() { r.git("flake", "commit", "-qam", "x", "--allow-empty") }},
		{name: "back to a commit", weight: 2, do: func() { r.git("flake", "reset", "-q", "--soft", r.rev) }},
		toggle("another branch", 2, func() { r.git("flake", "symbolic-ref", "HEAD", "refs/heads/other") }, func() {
			r.git("flake", "symbolic-ref", "HEAD", "refs/heads/main")
		}),
		toggle("a ref behind a ref", 2, func() {
			r.git("flake", "symbolic-ref", "refs/heads/alias", "refs/heads/main")
			r.git("flake", "symbolic-ref", "HEAD", "refs/heads/alias")
		}, func() { r.git("flake", "symbolic-ref", "HEAD", "refs/heads/main") }),
		{name: "the branch behind", weight: 3, do: func() {
			commit := r.git("flake", "commit-tree", "-m", fmt.Sprint(r.IntN(2)), r.rev+"^{tree}")
			r.git("flake", "update-ref", "refs/heads/main", commit)
		}},
		{name: "packed refs", weight: 1, do: func() { r.git("flake", "pack-refs", "--all") }},
		// Index flags.
		toggle("assume-unchanged", 3, func() { r.flag("--assume-unchanged") }, func() {
			r.flag("--no-assume-unchanged")
		}),
		toggle("skip-worktree", 3, func() { r.flag("--skip-worktree") }, func() { r.flag("--no-skip-worktree") }),
		// Git's configuration and attributes.
		config(2, "core.autocrlf", "false"), config(2, "core.fileMode", "false"), config(1, "core.trustctime", "false"),
		config(1, "filter.x.clean", "tr a-z A-Z"),
		write("git's configuration of the user", 2, "home/more.gitconfig", "[core]\n\teol = crlf\n",
			"[core]\n\teol = lf\n"),
		there("attributes that are not tracked", 2, "flake/.gitattributes", "value text eol=lf\nsub/file filter=x\n"),
		there("attributes of the repository", 2, "flake/.git/info/attributes", "value -text\n"),
		// Nix's configuration.
		brief(there("Nix's configuration", 3, "conf/more.conf", "allow-unsafe-native-code-during-evaluation = true\n")),
		there("Nix's configuration, in a file that is included", 2, "conf/features.conf", feature),
		there("Nix's configuration, in a file that a variable includes", 2, "variable.conf", feature),
		there("Nix's configuration, of NIX_CONFIG_HOME", 2, "confhome/nix.conf", feature),
		there("Nix's configuration, below HOME", 2, "home/.config/nix/nix.conf", feature),
		toggle("an option", 1, func() { r.e.Options = []string{"cores=2"} }, func() { r.e.Options = nil }),
		// What a random edit alone seldom meets: where all else is committed, or no lock pins it.
		flagged("assume-unchanged"), flagged("skip-worktree"),
		trap("line ends", func() { r.commitAll(); gitConfig("core.autocrlf", "false")(); r.touch("flake/value") },
			gitConfig("core.autocrlf", "true"), func() {}),
		trap("line ends, in attributes that are not tracked", func() {
			r.commitAll()
			r.write("flake/.gitattributes", "value -text\n")
			r.touch("flake/value")
		},
			func() { r.do(os.RemoveAll(r.path("flake/.gitattributes"))) }, func() {}),
		trap("line ends, in attributes of the repository", func() {
			r.commitAll()
			r.write("flake/.git/info/attributes", "value -text\n")
			r.touch("flake/value")
		},
			func() { r.do(os.RemoveAll(r.path("flake/.git/info/attributes"))) }, func() {}),
		trap("line ends, in a file that the user's configuration includes", func() {
			r.commitAll()
			r.write("home/more.gitconfig", "[core]\n\tattributesFile = DIR/home/attributes\n")
			r.touch("flake/value")
		}, func() { r.write("home/more.gitconfig", "") }, func() {}),
		trap("line ends, in the main repository of a linked work tree", func() {
			gitConfig("core.autocrlf", "true")()
			r.git("linked", "reset", "-q", "--hard")
			r.write("linked/value", "one\r\n")
			gitConfig("core.autocrlf", "false")()
			r.ref = r.path("linked")
		}, gitConfig("core.autocrlf", "true"), func() { r.ref = "" }),
		trap("whether git looks at the executable bit", func() {
			r.commitAll()
			gitConfig("core.fileMode", "false")()
			info, err := os.Stat(r.path("flake/value"))
			r.do(err, os.Chmod(r.path("flake/value"), info.Mode()^0o100))
		}, gitConfig("core.fileMode", "true"), func() {}),
		trap("the time of a file that git filters", func() {
			r.write("flake/sub/.gitattributes", "file filter=y\n")
			r.commitAll()
		},
			func() { r.touch("flake/sub/file") }, func() { r.do(os.Remove(r.path("flake/sub/.gitattributes"))) }),
		trap("the time of a file that git does not look at closely", func() {
			file, old := r.path("flake/sub/file"), time.Now().Add(-time.Hour).Truncate(time.Second)
			r.do(os.WriteFile(file, []byte("one"), 0o644), os.Chtimes(file, old, old))
			gitConfig("core.checkStat", "minimal")()
			r.commitAll()
			r.do(os.WriteFile(file, []byte("two"), 0o644), os.Chtimes(file, old, old))
		}, func() { r.touch("flake/sub/file") }, gitConfig("core.checkStat", "default")),
		trap("a work tree elsewhere", func() {
			r.commitAll()
			r.do(os.RemoveAll(r.path("elsewhere")), os.Mkdir(r.path("elsewhere"), 0o755))
			r.world.git("flake", "--work-tree="+r.path("elsewhere"), "checkout", "-qf", "HEAD", "--", ".")
			gitConfig("core.worktree", r.path("elsewhere"))()
		}, func() { r.write("elsewhere/value", "elsewhere") },
			func() { r.git("flake", "config", "--unset-all", "core.worktree") }),
		trap("a branch behind a branch", func() {
			r.git("flake", "symbolic-ref", "refs/heads/alias", "refs/heads/main")
			r.git("flake", "symbolic-ref", "HEAD", "refs/heads/alias")
			r.commitAll()
		}, func() {
			r.git("flake", "update-ref", "refs/heads/main",
				r.git("flake", "commit-tree", "-m", fmt.Sprint(r.step), "HEAD^{tree}"))
		}, func() { r.git("flake", "symbolic-ref", "HEAD", "refs/heads/main") }),
		trap("a commit in the place of another", func() {
			r.commitAll()
			r.git("flake", "replace", "-f", "HEAD", r.git("flake", "commit-tree", "-m", "other", r.rev+"^{tree}"))
		}, func() { r.git("flake", "replace", "-d", r.git("flake", "replace", "-l")) }, func() {}),
		input("branch", r.moveBranch), input("another branch", r.moveBranch), input("second", r.moveBranch),
		input("registry", func() { r.register("later") }),
		input("directory", changeUnpinned), input("as if in the store", changeUnpinned),
		trap("an override that is a branch", func() {
			r.e.OverrideInputs = map[string]string{"other": "git+file://" + r.path("branch") + "?ref=stable"}
		}, r.moveBranch, func() { r.e.OverrideInputs = nil }),
		trap("a lock file that git does not track", func() {
			pin()
			r.git("flake", "rm", "-qf", "--cached", "--ignore-unmatch", "flake.lock")
		},
			r.moveBranch, func() { r.git("flake", "add", "-A") }),
		trap("a commit that is not there yet", r.await, func() {
			r.git("branch", "fetch", "-q", r.path("later"), "+main:later")
		}, pin),
		trap("a script in the place of Nix", func() { r.e.Nix = r.path("bin/nix"); r.write("other.conf", feature) },
			func() { r.wrap([]string{"wrapped.conf", "other.conf"}[r.IntN(2)]) }, func() { r.e.Nix = r.nix }),
		trap("a file that a script in the place of Nix names", func() { r.e.Nix = r.path("bin/nix") },
			func() { r.change("wrapped.conf", feature, "") }, func() { r.e.Nix = r.nix }),
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
	return slices.DeleteFunc(files, func(file string) bool {
		return strings.HasPrefix(filepath.Base(file), tempPrefix)
	})
}

// edit does a random edit and returns it.
func (r *randomWorld) edit(during bool) randomEdit {
	edits := slices.DeleteFunc(r.edits(), func(e randomEdit) bool { return during && e.alone })
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
		undo := r.undo
		r.undo = nil
		for _, undo := range undo {
			undo()
		}
	}
	for range r.IntN(3) {
		if r.edit(false); r.trapped {
			break // what comes next would cover it
		}
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
		wait, back, again := time.Duration(r.IntN(80))*time.Millisecond, r.IntN(3) > 0,
			time.Duration(r.IntN(60))*time.Millisecond
		go func() {
			defer close(edited)
			time.Sleep(wait)
			edit := r.edit(true)
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
		r.Fatalf("step %d: stale\n%s\nit is\n%s\nafter\n%s", r.step, got, r.said,
			strings.Join(r.log[max(0, len(r.log)-40):], "\n"))
	}
}
