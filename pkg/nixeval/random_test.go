package nixeval

import (
	"fmt"
	"math/rand/v2"
	"os"
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
	if nixes.WithSlow(t) {
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
			w := newWorld(t, nix)
			r := &randomWorld{
				world: w, Rand: rand.New(rand.NewPCG(seed, uint64(i))),
				on: map[string]bool{}, counts: map[string]int{},
				began: time.Now().Add(-time.Hour).Truncate(time.Second),
			}
			t.Setenv("NIX_CONF_DIR", w.path("conf"))
			t.Setenv("NIX_CONFIG_HOME", w.path("confhome"))
			t.Setenv("NIX_CONFIG", "!include "+w.path("variable.conf"))
			t.Setenv("HOME", w.path("home"))
			real := clock
			t.Cleanup(func() { clock = real })
			clock = func() (time.Time, time.Duration) { r.nixHasRun(); return real() }
			r.begin()
			for r.step = range steps {
				r.once()
			}
			t.Logf("%d steps, %d answers from the cache, %d edits during a run", steps, r.hits, r.during)
			for _, name := range r.kinds() {
				if r.counts[name] == 0 && steps >= 1000 {
					t.Errorf("%s was never tried", name)
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
	began              time.Time // when the oldest files of the world were written, as they say
	rev                string    // the first commit
	moved              string    // the second one of the branch
	undo               []func()
	deck               []trap // those that were not tried since all were
	trap               *trap  // the one that is set
	afterRun           func() // what happens when Nix has run; nil when it has happened
}

func (r *randomWorld) begin() {
	directory(r.world, "unpinned")
	directory(r.world, "pinned")
	stable(r.world, "branch")
	moveStable(r.world, "branch")
	r.moved = r.git("branch", "rev-parse", "stable")
	r.write("conf/nix.conf", "!include more.conf\n!include features.conf\nflake-registry = DIR/registry.json\n")
	r.register("unpinned")
	wrapped(r.world, "wrapped.conf")
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

// await has the flake fetch a commit that is not there yet.
func (r *randomWorld) await() {
	r.write("later/value", fmt.Sprint(r.step))
	r.world.commit("later")
	r.write("flake/flake.nix", `{ outputs = _: { value = builtins.readFile ((builtins.fetchGit {
		url = "file://DIR/branch"; allRefs = true; rev = "`+r.git("later", "rev-parse", "HEAD")+`";
	}) + "/value"); }; }`)
	_ = os.Remove(r.path("flake/flake.lock"))
}

// inputs gives the flake an input of some kind.
func (r *randomWorld) inputs(kind string) {
	const outputs = `outputs = { self, ... }@inputs: {
		value = builtins.mapAttrs (_: i: i.value or null) (removeAttrs inputs [ "self" ]);
	}; }`
	lock := r.path("flake/flake.lock")
	write := func(inputs string) { r.write("flake/flake.nix", "{ "+inputs+outputs) }
	// locked writes a lock file, of other inputs than those of the flake perhaps.
	locked := func(inputs string) {
		write(inputs)
		_ = os.Remove(lock)
		r.world.lock("flake")
	}
	unlocked := func(inputs string) {
		write(inputs)
		_ = os.Remove(lock)
	}
	const (
		branch  = `inputs.other.url = "git+file://DIR/branch?ref=stable"; `
		another = `inputs.other.url = "git+file://DIR/branch?ref=main"; `
	)
	switch kind {
	case "pinned": // the branch, and a directory; both in the lock file
		locked(`inputs.dir.url = "path:DIR/pinned"; ` + branch)
	case "branch":
		unlocked(branch)
	case "another branch": // than that of the lock file
		locked(another)
		write(branch)
	case "second": // of equal content, and only the first in the lock file
		locked(another)
		write(another + `inputs.second.url = "git+file://DIR/branch?ref=stable"; `)
	case "registry":
		unlocked(`inputs.other.url = "other"; `)
	case "directory":
		unlocked(`inputs.other.url = "path:DIR/unpinned"; `)
	case "as if in the store":
		unlocked(`inputs.other.url = "path:/nix/store/../..DIR/unpinned"; `)
	case "none":
		unlocked("")
	case "failing":
		r.write("flake/flake.nix", `{ inputs.other.url = "path:DIR/unpinned";
			outputs = { self, other }: { value = throw other.value; }; }`)
		_ = os.Remove(lock)
	}
}

// kinds are the names of all that may happen.
func (r *randomWorld) kinds() []string {
	var names []string
	for _, e := range r.edits() {
		names = append(names, e.name)
	}
	for _, t := range r.traps() {
		names = append(names, "trap: "+t.name)
	}
	return names
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

// setTrap makes the state of the next trap. All come in turn, in another order each time. Mostly what is toggled is
// undone first: it could cover what the trap changes.
func (r *randomWorld) setTrap() {
	if len(r.deck) == 0 {
		r.deck = r.traps()
		r.Shuffle(len(r.deck), func(i, j int) { r.deck[i], r.deck[j] = r.deck[j], r.deck[i] })
	}
	next := r.deck[0]
	r.deck = r.deck[1:]
	if r.IntN(8) > 0 {
		for _, e := range r.edits() {
			if r.on[e.name] {
				e.do()
			}
		}
		r.inputs("pinned")
		r.commitAll()
		r.note("nothing is toggled")
	}
	next.state()
	r.trap = &next
	r.counts["trap: "+next.name]++
	r.note("trap: " + next.name)
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
	if r.trap != nil {
		r.spring()
		return
	}
	for range r.IntN(3) {
		if r.IntN(5) < 2 {
			r.setTrap()
			break // what comes next would cover it
		}
		r.edit()
	}
	if r.trap != nil || r.IntN(4) > 0 {
		r.settle()
	}
	r.ask(r.trap == nil && r.IntN(4) == 0)
	r.ask(false)
}

// spring changes what the trap that is set is there for, and asks.
func (r *randomWorld) spring() {
	t := r.trap
	t.change()
	r.note("trap: " + t.name + ", the change")
	if t.meanwhile != nil || r.IntN(2) == 0 {
		r.settle()
	}
	r.ask(t.meanwhile != nil)
	r.ask(false)
	r.trap = nil
	if t.end != nil {
		t.end()
		r.note("trap: " + t.name + ", the end")
	}
}

// settle lets enough time pass that files are no longer just written, which would keep answers from being kept.
func (r *randomWorld) settle() { time.Sleep(70 * time.Millisecond) }

// nixHasRun does what is to happen between Nix's end and the second look at what it has read.
func (r *randomWorld) nixHasRun() {
	if then := r.afterRun; then != nil {
		r.afterRun = nil
		then()
	}
}

// meanwhile has something happen while Nix runs: just before and just after, or some time. It returns what waits for
// it.
func (r *randomWorld) meanwhile() (wait func()) {
	r.during++
	if t := r.trap; t != nil {
		t.meanwhile()
		r.note("during the run")
		r.afterRun = func() { t.back(); r.note("and back") }
		return r.nixHasRun
	}
	back := func(edit randomEdit) {
		if r.IntN(3) > 0 {
			edit.do()
			r.note("and back")
		}
	}
	if r.IntN(2) == 0 {
		edit := r.edit()
		r.note("before the run")
		r.afterRun = func() { back(edit) }
		return r.nixHasRun
	}
	first, second := time.Duration(r.IntN(80))*time.Millisecond, time.Duration(r.IntN(60))*time.Millisecond
	edited := make(chan struct{})
	go func() {
		defer close(edited)
		time.Sleep(first)
		edit := r.edit()
		r.note("during the run")
		time.Sleep(second)
		back(edit)
	}()
	return func() { <-edited }
}

// ask asks, and compares what the cache says with what Nix says.
func (r *randomWorld) ask(during bool) {
	e := r.e
	runs, wait := 0, func() {}
	e.OnCommand = func([]string) {
		if runs++; runs == 1 && during {
			wait = r.meanwhile()
		}
	}
	ref := r.ref
	if ref == "" {
		ref = r.path("flake")
	}
	result, err := e.Apply(r.Context(), at(ref), everything, nil)
	wait()
	got := outcome(result, err)
	if runs > 0 {
		if !during {
			r.said = got
		}
		return
	}
	r.hits++
	if r.said == "" {
		e.CacheDir, e.OnCommand = "", nil
		r.said = outcome(e.Apply(r.Context(), at(ref), everything, nil))
	}
	if got != r.said {
		r.Fatalf("step %d: stale\n%s\nit is\n%s\nafter\n%s", r.step, got, r.said,
			strings.Join(r.log[max(0, len(r.log)-40):], "\n"))
	}
}
