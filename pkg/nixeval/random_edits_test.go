package nixeval

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// randomEdit is one kind of edit. Done twice, most are undone. One that is brief keeps answers from being kept, and is
// undone soon.
type randomEdit struct {
	name   string
	weight int
	do     func()
	brief  bool
}

// trap makes a state in which an answer can be had, then does one thing that changes the next, and later ends the
// state. It finds what a random edit alone seldom meets: where all else is committed, or no lock pins it. One that has
// a meanwhile does that just before Nix runs, and back as soon as Nix has run.
type trap struct {
	name            string
	state           func()
	change          func()
	meanwhile, back func()
	end             func()
}

// toggle does one of two things, in turn.
func (r *randomWorld) toggle(name string, weight int, on, off func()) randomEdit {
	return randomEdit{name: name, weight: weight, do: func() {
		if r.on[name] = !r.on[name]; r.on[name] {
			on()
		} else {
			off()
		}
	}}
}

// remove removes a file, if it is there.
func (r *randomWorld) remove(file string) func() { return func() { r.do(os.RemoveAll(r.path(file))) } }

// feature lets a Nix have one builtin more.
const feature = "extra-experimental-features = fetch-closure\n"

// configured are the files that Nix reads its settings from, with what an edit of each is called.
var configured = map[string]string{
	"conf/features.conf":        "Nix's configuration, in a file that is included",
	"variable.conf":             "Nix's configuration, in a file that a variable includes",
	"confhome/nix.conf":         "Nix's configuration, of NIX_CONFIG_HOME",
	"home/.config/nix/nix.conf": "Nix's configuration, below HOME",
}

func (r *randomWorld) edits() []randomEdit {
	toggle := r.toggle
	write := func(name string, weight int, file, a, b string) randomEdit {
		return toggle(name, weight, func() { r.write(file, a) }, func() { r.write(file, b) })
	}
	// there is a file that is there, or is not.
	there := func(name string, weight int, file, text string) randomEdit {
		return toggle(name, weight, func() { r.write(file, text) }, r.remove(file))
	}
	config := func(weight int, key, value string) randomEdit {
		return toggle("git config "+key, weight, r.gitConfig(key, value), r.gitConfig("--unset-all", key))
	}
	brief := func(e randomEdit) randomEdit { e.brief = true; return e }
	override := func(ref string) func() {
		return func() { r.e.OverrideInputs = map[string]string{"other": ref} }
	}
	noOverride := func() { r.e.OverrideInputs = nil }
	ownRef := func() { r.ref = "" }
	head := func(ref string) func() { return func() { r.git("flake", "symbolic-ref", "HEAD", "refs/heads/"+ref) } }
	kinds := []string{"pinned", "pinned", "directory", "directory", "as if in the store", "failing", "none"}
	unpinned := []string{"branch", "another branch", "second", "registry"}
	edits := []randomEdit{
		// The flake's files.
		write("a file", 6, "flake/value", "two\r\n", "one\r\n"),
		{name: "a file, its times kept", weight: 3, do: func() {
			path := r.path("flake/sub/file")
			info, err := os.Stat(path)
			r.do(err, os.WriteFile(path, []byte([]string{"one", "two"}[r.IntN(2)]), 0o644))
			r.do(os.Chtimes(path, info.ModTime(), info.ModTime()))
		}},
		{name: "an executable bit", weight: 2, do: r.flipExecutable},
		toggle("a directory becomes a link", 2,
			func() {
				r.do(os.Rename(r.path("flake/sub"), r.path("flake/real")), os.Symlink("real", r.path("flake/sub")))
			},
			func() { r.do(os.Remove(r.path("flake/sub")), os.Rename(r.path("flake/real"), r.path("flake/sub"))) }),
		there("a file that is not tracked", 1, "flake/new", "new"),
		{name: "git add", weight: 2, do: func() { r.git("flake", "add", "-A") }},
		// Inputs.
		{name: "other inputs", weight: 4, do: func() { r.inputs(kinds[r.IntN(len(kinds))]) }},
		brief(toggle("inputs that nothing pins", 3,
			func() { r.inputs(unpinned[r.IntN(len(unpinned))]) }, func() { r.inputs("pinned") })),
		write("an input that is not pinned", 4, "unpinned/value", "two", "one"),
		write("an input that is pinned", 3, "pinned/value", "two", "one"),
		{name: "a branch", weight: 4, do: r.moveBranch},
		toggle("an override", 3, override("path:"+r.path("unpinned")), noOverride),
		brief(toggle("an override that is a branch", 2, override(r.branch()), noOverride)),
		brief(toggle("a lock file that is not tracked", 2, r.untrackLock, func() { r.git("flake", "add", "-A") })),
		// References.
		brief(toggle("another reference", 2, func() {
			tree := r.path("flake")
			git := "git+file://" + tree
			refs := []string{"path:" + tree, git + "?ref=other", git + "?rev=" + r.rev}
			r.ref = refs[r.IntN(len(refs))]
		}, ownRef)),
		toggle("a linked work tree", 3, func() { r.ref = r.path("linked") }, ownRef),
		write("a file of the linked work tree", 2, "linked/value", "two\r\n", "one\r\n"),
		// Commits and refs.
		{name: "a commit", weight: 2, do: func() { r.git("flake", "commit", "-qam", "x", "--allow-empty") }},
		{name: "back to a commit", weight: 2, do: func() { r.git("flake", "reset", "-q", "--soft", r.rev) }},
		toggle("another branch", 2, head("other"), head("main")),
		toggle("a ref behind a ref", 2, r.alias, head("main")),
		{name: "the branch behind", weight: 3, do: func() {
			commit := r.git("flake", "commit-tree", "-m", fmt.Sprint(r.IntN(2)), r.rev+"^{tree}")
			r.git("flake", "update-ref", "refs/heads/main", commit)
		}},
		{name: "packed refs", weight: 1, do: func() { r.git("flake", "pack-refs", "--all") }},
		// Index flags.
		toggle("assume-unchanged", 3, r.flag("--assume-unchanged"), r.flag("--no-assume-unchanged")),
		toggle("skip-worktree", 3, r.flag("--skip-worktree"), r.flag("--no-skip-worktree")),
		// Git's configuration and attributes.
		config(2, "core.autocrlf", "false"), config(2, "core.fileMode", "false"), config(1, "core.trustctime", "false"),
		config(1, "filter.x.clean", "tr a-z A-Z"),
		write("git's configuration of the user", 2, "home/more.gitconfig",
			"[core]\n\teol = crlf\n", "[core]\n\teol = lf\n"),
		there("attributes that are not tracked", 2, "flake/.gitattributes", "value text eol=lf\nsub/file filter=x\n"),
		there("attributes of the repository", 2, "flake/.git/info/attributes", "value -text\n"),
		// Nix's configuration.
		brief(there("Nix's configuration", 3, "conf/more.conf", "allow-unsafe-native-code-during-evaluation = true\n")),
		toggle("an option", 1, func() { r.e.Options = []string{option} }, func() { r.e.Options = nil }),
		// The cache itself.
		{name: "exchanged files of the cache", weight: 3, do: func() {
			if files := r.cacheFiles(); len(files) > 1 {
				a, b := files[r.IntN(len(files))], files[r.IntN(len(files))]
				if a != b {
					r.exchange(a, b)
				}
			}
		}},
		{name: "a damaged file of the cache", weight: 1, do: func() {
			if files := r.cacheFiles(); len(files) > 0 {
				r.damage(files[r.IntN(len(files))], 0)
			}
		}},
	}
	for file, name := range configured {
		edits = append(edits, there(name, 2, file, feature))
	}
	// A map has no order.
	slices.SortStableFunc(edits, func(a, b randomEdit) int { return strings.Compare(a.name, b.name) })
	return edits
}

// option is a setting that the answer hangs on.
const option = "extra-experimental-features=fetch-closure"

func (r *randomWorld) traps() []trap {
	nothing := func() {}
	pin := func() { r.inputs("pinned") }
	flagged := func(flag string) trap {
		return trap{name: flag, state: func() {
			r.flag("--" + flag)()
			r.change("flake/value", "two\r\n", "one\r\n")
			r.commitAll()
		}, change: r.flag("--no-" + flag)}
	}
	changeUnpinned := func() { r.change("unpinned/value", "two", "one") }
	input := func(kind string, change func()) trap {
		state := func() { r.register("unpinned"); r.inputs(kind) }
		return trap{name: "input: " + kind, state: state, change: change, end: pin}
	}
	attributes := func(name, file string) trap {
		return trap{name: name, state: func() {
			r.lineEnds()
			r.write(file, "value -text\n")
			r.touch("flake/value")
		}, change: r.remove(file)}
	}
	// meanwhile asks what was not asked yet, and has something done there and back in the mean time.
	meanwhile := func(name string, there, back func()) trap {
		return trap{name: "meanwhile: " + name, state: r.commitAll, change: r.another, meanwhile: there, back: back}
	}
	config := func(file string) trap {
		on, off := func() { r.write(file, feature) }, r.remove(file)
		return trap{name: configured[file], state: r.another, change: on, end: off}
	}
	traps := []trap{
		flagged("assume-unchanged"), flagged("skip-worktree"),
		{name: "line ends", state: func() {
			r.lineEnds()
			r.gitConfig("core.autocrlf", "false")()
			r.touch("flake/value")
		}, change: r.gitConfig("core.autocrlf", "true")},
		attributes("line ends, in attributes that are not tracked", "flake/.gitattributes"),
		attributes("line ends, in attributes of the repository", "flake/.git/info/attributes"),
		{name: "line ends, in a file that the user's configuration includes", state: func() {
			r.lineEnds()
			r.write("home/more.gitconfig", "[core]\n\tattributesFile = DIR/home/attributes\n")
			r.touch("flake/value")
		}, change: func() { r.write("home/more.gitconfig", "") }},
		{name: "line ends, in the main repository of a linked work tree", state: func() {
			r.gitConfig("core.autocrlf", "true")()
			r.git("linked", "reset", "-q", "--hard")
			r.write("linked/value", "one\r\n")
			r.gitConfig("core.autocrlf", "false")()
			r.ref = r.path("linked")
		}, change: r.gitConfig("core.autocrlf", "true"), end: func() { r.ref = "" }},
		{name: "whether git looks at the executable bit", state: func() {
			r.commitAll()
			r.gitConfig("core.fileMode", "false")()
			r.flipExecutable()
		}, change: r.gitConfig("core.fileMode", "true")},
		{name: "the time of a file that git filters", state: func() {
			r.remove("flake/sub/.gitattributes")()
			r.old("flake/sub/file", "one")
			r.commitAll()
			r.write("flake/sub/.gitattributes", "file filter=y\n")
			r.commitAll()
		}, change: func() { r.touch("flake/sub/file") }, end: r.remove("flake/sub/.gitattributes")},
		{name: "the time of a file that git does not look at closely", state: func() {
			r.old("flake/sub/file", "one")
			r.gitConfig("core.checkStat", "minimal")()
			r.commitAll()
			r.old("flake/sub/file", "two")
		}, change: func() { r.touch("flake/sub/file") }, end: r.gitConfig("core.checkStat", "default")},
		{name: "a work tree elsewhere", state: func() {
			r.commitAll()
			r.do(os.RemoveAll(r.path("elsewhere")), os.Mkdir(r.path("elsewhere"), 0o755))
			r.world.git("flake", "--work-tree="+r.path("elsewhere"), "checkout", "-qf", "HEAD", "--", ".")
			r.gitConfig("core.worktree", r.path("elsewhere"))()
		}, change: func() { r.write("elsewhere/value", "elsewhere") },
			end: r.gitConfig("--unset-all", "core.worktree")},
		{name: "a branch behind a branch", state: func() { r.alias(); r.commitAll() }, change: func() {
			commit := r.git("flake", "commit-tree", "-m", fmt.Sprint(r.step), "HEAD^{tree}")
			r.git("flake", "update-ref", "refs/heads/main", commit)
		}, end: func() { r.git("flake", "symbolic-ref", "HEAD", "refs/heads/main") }},
		{name: "a commit in the place of another", state: func() {
			r.commitAll()
			r.git("flake", "replace", "-f", "HEAD", r.git("flake", "commit-tree", "-m", "other", r.rev+"^{tree}"))
		}, change: func() { r.git("flake", "replace", "-d", r.git("flake", "replace", "-l")) }},
		input("branch", r.moveBranch), input("another branch", r.moveBranch), input("second", r.moveBranch),
		input("registry", func() { r.register("later") }),
		input("directory", changeUnpinned), input("as if in the store", changeUnpinned),
		{name: "an override that is a branch", state: func() {
			r.e.OverrideInputs = map[string]string{"other": r.branch()}
		}, change: r.moveBranch, end: func() { r.e.OverrideInputs = nil }},
		{name: "a lock file that git does not track", state: func() { pin(); r.untrackLock() },
			change: r.moveBranch, end: func() { r.git("flake", "add", "-A") }},
		{name: "a commit that is not there yet", state: r.await,
			change: func() { r.git("branch", "fetch", "-q", r.path("later"), "+main:later") }, end: pin},
		{name: "a script in the place of Nix", state: func() {
			r.e.Nix = r.path("bin/nix")
			r.write("wrapped.conf", "")
			r.write("other.conf", feature)
			wrapped(r.world, "wrapped.conf")
		}, change: func() { wrapped(r.world, "other.conf") }, end: func() { r.e.Nix = r.nix }},
		{name: "a file that a script in the place of Nix names", state: func() {
			r.e.Nix = r.path("bin/nix")
			r.write("wrapped.conf", "")
			wrapped(r.world, "wrapped.conf")
		}, change: func() { r.write("wrapped.conf", feature) }, end: func() { r.e.Nix = r.nix }},
		{name: "an option", state: r.another, change: func() { r.e.Options = []string{option} },
			end: func() { r.e.Options = nil }},
		{name: "exchanged files of the cache", state: r.another, change: func() {
			if answers := r.answers(); len(answers) > 1 {
				r.exchange(answers[0], answers[1+r.IntN(len(answers)-1)])
			}
		}},
		{name: "a damaged file of the cache", state: func() {
			r.another()
			for _, file := range r.cacheFiles() {
				r.do(os.Remove(file))
			}
		}, change: func() {
			for _, file := range r.answers() {
				r.damage(file, 0.5)
			}
		}},
		{name: "meanwhile: an input", state: func() { r.inputs("directory") }, change: r.another,
			meanwhile: nothing, back: changeUnpinned, end: pin},
		{name: "meanwhile: an input, there and back", state: func() { r.inputs("directory") }, change: r.another,
			meanwhile: changeUnpinned, back: changeUnpinned, end: pin},
		meanwhile("a file", func() { r.write("flake/value", "mean\r\n") },
			func() { r.write("flake/value", "one\r\n") }),
		meanwhile("a flag", func() { r.write("flake/value", "mean\r\n"); r.flag("--assume-unchanged")() },
			func() { r.flag("--no-assume-unchanged")(); r.write("flake/value", "one\r\n") }),
		meanwhile("HEAD", func() { r.git("flake", "symbolic-ref", "HEAD", "refs/heads/other") },
			func() { r.git("flake", "symbolic-ref", "HEAD", "refs/heads/main") }),
		{name: "meanwhile: git's configuration", state: nothing, change: func() {
			r.lineEnds()
			r.another()
			r.touch("flake/value")
		}, meanwhile: r.gitConfig("core.autocrlf", "false"), back: r.gitConfig("core.autocrlf", "true")},
	}
	for file := range configured {
		there := func() { r.write(file, feature) }
		traps = append(traps, config(file), meanwhile(configured[file], there, r.remove(file)))
	}
	slices.SortFunc(traps, func(a, b trap) int { return strings.Compare(a.name, b.name) })
	return traps
}

// ---- what they do ----

// git runs git, in the flake's own directory wherever core.worktree leads.
func (r *randomWorld) git(repo string, args ...string) string {
	r.Helper()
	if repo == "flake" {
		args = append([]string{"--work-tree=."}, args...)
	}
	return r.world.git(repo, args...)
}

func (r *randomWorld) gitConfig(key, value string) func() {
	return func() { r.git("flake", "config", key, value) }
}

// alias has HEAD lead to the branch by another one.
func (r *randomWorld) alias() {
	r.git("flake", "symbolic-ref", "refs/heads/alias", "refs/heads/main")
	r.git("flake", "symbolic-ref", "HEAD", "refs/heads/alias")
}

// flag sets a flag of a file in the index, if it is there.
func (r *randomWorld) flag(flag string) func() {
	return func() {
		if r.git("flake", "ls-files", "value") != "" {
			r.git("flake", "update-index", flag, "value")
		}
	}
}

// commitAll leaves nothing that git takes for changed.
func (r *randomWorld) commitAll() {
	r.git("flake", "add", "-A")
	r.git("flake", "commit", "-qam", "x", "--allow-empty")
}

// lineEnds has git keep a file with other line ends than it has on disk.
func (r *randomWorld) lineEnds() {
	r.gitConfig("core.autocrlf", "true")()
	r.write("flake/value", "one\r\n")
	r.commitAll()
	r.git("flake", "add", "--renormalize", ".") // which takes files that are gone amiss
	r.commitAll()
}

// another makes a state that never was.
func (r *randomWorld) another() {
	r.write("flake/sub/state", fmt.Sprint(r.step))
	r.commitAll()
}

// register says what the registry has for "other".
func (r *randomWorld) register(dir string) {
	r.write("registry.json", registryOf(dir))
}

// branch is a reference to a branch.
func (r *randomWorld) branch() string { return "git+file://" + r.path("branch") + "?ref=stable" }

// moveBranch moves the branch that is an input.
func (r *randomWorld) moveBranch() {
	to := r.moved
	if r.git("branch", "rev-parse", "stable") == to {
		to = "main"
	}
	r.git("branch", "branch", "-f", "stable", to)
}

func (r *randomWorld) untrackLock() {
	r.git("flake", "rm", "-qf", "--cached", "--ignore-unmatch", "flake.lock")
}

// change gives a file the other of two texts.
func (r *randomWorld) change(file, a, b string) {
	if now, err := os.ReadFile(r.path(file)); err == nil && string(now) == a {
		a = b
	}
	r.write(file, a)
}

func (r *randomWorld) flipExecutable() {
	info, err := os.Stat(r.path("flake/value"))
	r.do(err)
	r.do(os.Chmod(r.path("flake/value"), info.Mode()^0o100))
}

// old writes a file that seems to be from before the world began.
func (r *randomWorld) old(file, text string) {
	r.write(file, text)
	r.do(os.Chtimes(r.path(file), r.began, r.began))
}

// touch gives a file the time that it is.
func (r *randomWorld) touch(file string) { r.do(os.Chtimes(r.path(file), time.Now(), time.Now())) }

// damage changes a byte behind some part of a file.
func (r *randomWorld) damage(file string, behind float64) {
	text, err := os.ReadFile(file)
	r.do(err)
	if from := int(float64(len(text)) * behind); from < len(text) {
		text[from+r.IntN(len(text)-from)] ^= 0x20
	}
	r.do(os.WriteFile(file, text, 0o600))
}

func (r *randomWorld) exchange(a, b string) {
	r.do(os.Rename(a, a+"x"), os.Rename(b, a), os.Rename(a+"x", b))
}

// answers are the files of the cache with answers, the youngest first.
func (r *randomWorld) answers() []string {
	answers, _ := filepath.Glob(r.e.CacheDir + "/answer-*")
	age := func(file string) time.Duration {
		info, err := os.Stat(file)
		r.do(err)
		return time.Since(info.ModTime())
	}
	slices.SortFunc(answers, func(a, b string) int { return cmp.Compare(age(a), age(b)) })
	return answers
}

func (r *randomWorld) cacheFiles() []string {
	files, _ := filepath.Glob(r.e.CacheDir + "/*")
	return slices.DeleteFunc(files, func(file string) bool {
		return strings.HasPrefix(filepath.Base(file), tempPrefix)
	})
}
