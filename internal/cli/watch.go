package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/filetree"
	"github.com/clanctl/clanctl/internal/watch"
	"github.com/clanctl/clanctl/pkg/check"
	"github.com/clanctl/clanctl/pkg/diff"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

func watchFlag() cli.Flag {
	return &cli.BoolFlag{Name: "watch",
		Usage: "re-run when files of the flake change; print to standard error what changed in the clan"}
}

// watched is what a command shows of a clan again and again.
type watched struct {
	want instance.Config
	// text is all that is shown of a state: the same text is not shown again. Nil is the document.
	text func(io.Writer, *instance.Inventory) error
	// show is called as after [load]: where the clan could not be loaded the inventory is nil, and the error is to be
	// returned or shown. Errors are printed, and the exit codes of findings do not end anything.
	show func(*instance.Inventory, error) error
	// onScreen: it is shown on standard output, where a terminal has one state at a time.
	onScreen bool
	// findings: all of them are shown. Others show errors where something is missing.
	findings bool
}

// run loads the clan and shows it, once if it is not to be watched.
func (what watched) run(c *cli.Context) error {
	if c.Bool("watch") {
		return what.watch(c)
	}
	return what.show(load(c, what.want))
}

// watch loads the clan and shows it, and again whenever files of it changed and it says something else than before,
// until the command is interrupted. What changed since the last state that could be read is said before.
func (what watched) watch(c *cli.Context) error {
	flake := c.String("flake")
	ref, err := nixeval.ResolveRef(flake)
	if err != nil {
		return err
	}
	if ref.Root == "" {
		return usageError{fmt.Sprintf("--watch needs a flake in a local directory, which %s is not", flake), ""}
	}
	w := watcher{c: c, watched: what, dir: ref.Dir,
		clears: what.onScreen && stdout(c).terminal != nil && os.Getenv("TERM") != "dumb"}
	return interrupted(watch.States(c.Context, watch.Watched[instance.Inventory]{
		Load:  func() (*instance.Inventory, error) { return load(c, what.want) },
		Trees: func(inv *instance.Inventory) []filetree.Source { return facts.Of(inv).Trees },
		Tree:  filetree.Source{Root: ref.Root, Git: ref.Git},
		Write: w.write, Show: w.see, Broken: nixeval.ErrEvaluation,
	}))
}

// watcher is one watch of a clan.
type watcher struct {
	watched
	c      *cli.Context
	dir    string
	clears bool
	// announced: it was said that the clan is watched.
	announced bool
	// known is the last state that could be read, with all of its findings.
	known *instance.Inventory
}

// write writes all that is shown of a state.
func (w *watcher) write(to io.Writer, inv *instance.Inventory, err error) error {
	switch {
	case errors.As(err, new(usageError)):
		return err
	case inv == nil:
		_, err = fmt.Fprintln(to, err)
		return err
	case w.text != nil:
		return w.text(to, inv)
	}
	return writeJSON(to, inv)
}

// see shows a state, after what changed.
func (w *watcher) see(inv *instance.Inventory, err error) error {
	w.clear()
	if inv == nil {
		w.say("the clan does not evaluate")
		return w.print(nil, err)
	}
	state := *inv
	state.Findings = check.All(inv)
	if w.known != nil {
		w.difference(&state)
	}
	w.known = &state
	return w.print(inv, err)
}

// print shows a state. What is wrong with it does not end the watch.
func (w *watcher) print(inv *instance.Inventory, err error) error {
	err = w.show(inv, err)
	switch {
	case errors.As(err, new(usageError)):
		return err
	case stdout(w.c).err != nil: // nobody is there to show anything to
		return stdout(w.c).err
	case err != nil && !errors.As(err, new(exitStatus)):
		printError(stderr(w.c), err)
	}
	if w.clears || !w.announced {
		w.announced = true
		w.say("watching " + flat(w.dir) + " for changes; press Ctrl-C to stop")
	}
	return nil
}

// clear leaves an empty screen for the next state; what is above it stays in the terminal's history.
func (w *watcher) clear() {
	if w.clears {
		fmt.Fprint(stdout(w.c), "\x1b[H\x1b[2J")
	}
}

// difference says what changed since the last state that could be read.
func (w *watcher) difference(now *instance.Inventory) {
	d := diff.Of(w.known, now)
	if d.Empty() && len(d.Unknown) == 0 {
		w.say("nothing changed in the inventory but places")
		return
	}
	w.say("the clan changed")
	to := stderr(w.c)
	// standard error is gone: go on
	source := sourceOf(w.c)
	_ = d.WriteText(to, diff.TextOptions{Width: to.width(), Color: to.color(w.c), Line: linesOf(nil, source),
		Link: linkOf(w.c, to, nil, source), Elsewhere: func(f instance.Finding) bool {
			return w.findings || now.Partial() && f.Severity == instance.SeverityError
		}})
}

func (w *watcher) say(text string) {
	say(w.c, "%s %s", time.Now().Format(time.TimeOnly), text)
}

// interrupted is how a watch ends: there is nothing to say about it.
func interrupted(err error) error {
	if errors.Is(err, context.Canceled) {
		return exitStatus(exitInterrupted)
	}
	return err
}
