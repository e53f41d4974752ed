package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/git"
	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/internal/recall"
	"github.com/clanctl/clanctl/internal/textview"
	"github.com/clanctl/clanctl/pkg/check"
	"github.com/clanctl/clanctl/pkg/diff"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

func diffCommand() *cli.Command {
	return &cli.Command{
		Name:      "diff",
		Usage:     "show what changed in the fleet: instances, members, settings, tags, machines, findings; and which machines are affected",
		ArgsUsage: "[OLD [NEW]]",
		Description: "OLD and NEW are git revisions, such as HEAD~1, a branch, a tag or a hash, or flake references, which begin with a\n" +
			"dot or a slash or hold a colon. Without NEW it is the flake as it is now, without OLD the last commit.\n\n" +
			"It compares inventories. What a module, an input or a machine's own files do to a machine it does not see; where\n" +
			"they changed, it says so on standard error.",
		Flags: comparisonFlags(
			&cli.BoolFlag{Name: "affected",
				Usage: "print the machines that the changes touch only: names, one a line; nothing where a side does not evaluate as a whole"},
			&cli.BoolFlag{Name: "keep-going",
				Usage: "with --affected: print the machines that are known also where a side does not evaluate as a whole"},
			&cli.BoolFlag{Name: "exports", Usage: "compare what services export, such as addresses of machines, too"},
			&cli.BoolFlag{Name: "exit-code", Usage: "exit with 1 if anything changed"},
		),
		Action: remembered(func(c *cli.Context) error {
			show, err := diffFormat(c)
			if err != nil {
				return err
			}
			if c.NArg() > 2 {
				return usagef("diff takes an OLD and a NEW, and no more: %q", c.Args().Get(2))
			}
			sides := [2]side{{text: "HEAD"}, {}}
			for i, text := range c.Args().Slice() {
				sides[i].text = text
			}
			flake := c.String("flake")
			if c.NArg() == 2 && !isRevision(sides[0].text) && !isRevision(sides[1].text) {
				flake = sides[0].text // two flakes can be compared from anywhere
			}
			ref, err := nixeval.ResolveRef(flake)
			if err != nil {
				return err
			}
			for i := range sides {
				if err := sides[i].locate(c.Context, ref); err != nil {
					return explainLoad(c, err)
				}
				if sides[i].commit != "" { // what a revision means may change
					hangsOn(c, recall.Commit(flake, sides[i].text, sides[i].commit))
				}
			}
			return runDiff(c, flake, sides, show)
		}),
	}
}

// runDiff compares two clans that are located.
func runDiff(c *cli.Context, flake string, sides [2]side, show diffPrinter) error {
	var d *diff.Difference
	want := instance.Config{}
	if c.Bool("exports") {
		want.Need = instance.NeedSettings | instance.NeedExports
	}
	_, err := askOf(c, flake, want,
		func(ctx context.Context, _ instance.Ref, config instance.Config) (_ *instance.Inventory, err error) {
			if err := loadSides(ctx, config, &sides); err != nil {
				return nil, err
			}
			d = diff.Of(sides[0].inv, sides[1].inv)
			if files := changedFiles(ctx, sides); files != nil {
				d.SetFiles(files)
			}
			return nil, nil
		})
	if err != nil {
		return explainLoad(c, err)
	}
	return endComparison(c, sides, len(d.Unknown) > 0, !d.Empty(), "fix these first",
		func() error { return show(d, sides) },
		func() {
			sayUncompared(c, sides)
			for _, note := range notes(d, sides) {
				say(c, "%s", note)
			}
		})
}

// sayUncompared says of which side there are no exports to compare, where they are asked for.
func sayUncompared(c *cli.Context, sides [2]side) {
	if !c.Bool("exports") {
		return
	}
	for _, s := range sides {
		if s.inv != nil && s.inv.Exports == nil && !s.inv.Partial() {
			say(c, "exports were not compared: %s has none: %s", s.name(), noExports(s.inv))
		}
	}
}

// diffPrinter prints a difference of two sides.
type diffPrinter func(*diff.Difference, [2]side) error

// side is one of the two clans.
type side struct {
	text string // as it was given; empty for the flake as it is now
	// ref is the reference to load; nothing is loaded where missing says that there is no clan, and why.
	ref     instance.Ref
	missing string
	// repo is the source tree that it is of.
	repo   instance.Ref
	commit string // empty for what is no commit of the flake's repository
	// title, if set, is the name.
	title string
	// evaluator, if set, changes how Nix is asked for it.
	evaluator func(*nixeval.Evaluator)
	// mayFail: of a clan of which nothing evaluates there is an inventory with just that finding.
	mayFail bool
	inv     *instance.Inventory
	// loadErr is about parts of the clan.
	loadErr error
}

// name is the side as people call it.
func (s side) name() string {
	switch {
	case s.title != "":
		return s.title
	case s.text == "":
		return "the flake as it is now"
	}
	return s.text
}

// losses are the findings for what does not evaluate. Without clan-core an instance whose module is not there is still
// in the document, with its settings; nobody can deploy it all the same.
func (s side) losses() []instance.Finding {
	if s.inv == nil {
		return nil
	}
	var losses []instance.Finding
	codes := instance.Codes()
	for _, f := range s.inv.Findings {
		isLoss := func(of instance.CodeInfo) bool {
			return of.Code == f.Code && of.Partial && f.Severity == instance.SeverityError
		}
		if f.Partial() || slices.ContainsFunc(codes, isLoss) {
			losses = append(losses, f)
		}
	}
	return losses
}

// source is the side's source tree, if it is a local one.
func (s side) source(ctx context.Context) *sourceTree {
	tree := &sourceTree{root: s.repo.Root, dir: s.repo.Dir}
	if s.commit != "" {
		return tree.at(ctx, s.commit)
	}
	return tree
}

// locate finds out what a side means.
func (s *side) locate(ctx context.Context, flake instance.Ref) (err error) {
	if !isRevision(s.text) {
		if s.ref = flake; s.text != "" {
			s.ref, err = nixeval.ResolveRef(s.text)
		}
		s.repo = s.ref
		return err
	}
	ref, commit, exists, err := atRevision(ctx, flake, s.text)
	if err != nil {
		return err
	}
	s.repo, s.commit = flake, commit
	if s.ref, err = nixeval.ResolveRef(ref); err == nil && !exists {
		s.missing = "there is no flake.nix"
	}
	return err
}

// load reads the clan. A commit from before the clan is one without.
func (s *side) load(ctx context.Context, config instance.Config) error {
	if s.missing != "" {
		return nil
	}
	var err error
	if s.evaluator != nil {
		s.evaluator(&config.Evaluator)
	}
	s.inv, err = instance.Load(ctx, s.ref, config)
	if s.inv == nil && s.mayFail {
		if s.inv = failedFlake(s.ref, err); s.inv != nil {
			s.loadErr = err
			return nil
		}
	}
	if s.inv == nil {
		if s.commit != "" && errors.Is(err, instance.ErrNotClan) {
			s.missing = "the flake holds no clan"
			return nil
		}
		return fmt.Errorf("%s: %w", s.name(), err)
	}
	s.loadErr = err
	s.inv.Findings = check.All(s.inv)
	if s.text != "" {
		s.inv.Flake.Ref = s.text
	}
	return nil
}

// loadSides reads both clans, at once if so many Nix processes may run.
func loadSides(ctx context.Context, config instance.Config, sides *[2]side) error {
	jobs := config.Evaluator.Jobs
	if jobs == 0 {
		jobs = runtime.NumCPU()
	}
	if jobs == 1 {
		config.Evaluator.Jobs = 1
		if err := sides[0].load(ctx, config); err != nil {
			return err
		}
		return sides[1].load(ctx, config)
	}
	config.Evaluator.Jobs = jobs / 2
	done := make(chan error, 1)
	go func() { done <- sides[0].load(ctx, config) }()
	err := sides[1].load(ctx, config)
	if oldErr := <-done; oldErr != nil {
		return oldErr
	}
	return err
}

// changedFiles are the files that differ, where both sides are of one repository; nil where nobody knows.
func changedFiles(ctx context.Context, sides [2]side) []string {
	old, new := sides[0], sides[1]
	if old.repo.Root != new.repo.Root || !old.repo.Git || !new.repo.Git {
		return nil
	}
	if old.commit == new.commit {
		return []string{}
	}
	if old.commit == "" {
		old, new = new, old
	}
	files, err := git.Repo(old.repo.Root).ChangedFiles(ctx, old.commit, new.commit)
	if err != nil {
		return nil
	}
	return append([]string{}, files...)
}

// notes say what the difference does not.
func notes(d *diff.Difference, sides [2]side) []string {
	var notes []string
	for i, what := range []string{"everything is new", "everything is gone"} {
		if s := sides[i]; s.missing != "" {
			notes = append(notes, fmt.Sprintf("in %s %s: %s", s.name(), s.missing, what))
		}
	}
	for _, u := range d.Unknown {
		s := sides[0]
		if u.Side == "new" {
			s = sides[1]
		}
		verb := "does"
		if u.Instance == "" {
			verb = "do"
		}
		notes = append(notes,
			fmt.Sprintf("in %s, %s %s not evaluate, and cannot be compared: see clanctl check", s.name(), u, verb))
	}
	notes = append(notes, lossNotes(d, sides[0], "old")...)
	notes = append(notes, lossNotes(d, sides[1], "new")...)
	if sides[0].missing != "" || sides[1].missing != "" {
		return notes
	}
	return append(notes, sourceNotes(d)...)
}

// lossNotes say what of a side does not evaluate, where the difference does not.
func lossNotes(d *diff.Difference, s side, name string) (notes []string) {
	losses := slices.DeleteFunc(s.losses(), func(f instance.Finding) bool {
		return slices.ContainsFunc(d.Unknown, func(u diff.Unknown) bool {
			return u.Side == name && (u.Instance == "" || u.Instance == f.Instance) &&
				(u.Role == "" || u.Role == f.Role)
		})
	})
	const most = 3
	for _, f := range losses[:min(len(losses), most)] {
		notes = append(notes, fmt.Sprintf("in %s, %s", s.name(), lossText(f)))
	}
	if len(losses) > most {
		notes = append(notes, fmt.Sprintf("in %s, more does not evaluate: clanctl check lists all of it", s.name()))
	}
	return notes
}

func lossText(f instance.Finding) string {
	return fmt.Sprintf("%s does not evaluate: %s [%s]", cmp.Or(f.About(), "the clan"),
		textview.FirstLine(f.Message()), f.Code)
}

// sourceNotes say what else changed, and that nobody looked at what comes of it.
func sourceNotes(d *diff.Difference) (notes []string) {
	for _, input := range d.Sources.Inputs {
		note := fmt.Sprintf("the input %s was %s", input, input.Change)
		if len(input.Instances) > 0 {
			note += ", and with it the modules of " + nearest.List(input.Instances)
		}
		notes = append(notes, note)
	}
	if len(d.Sources.Modules) > 0 {
		notes = append(notes, "files of the modules of "+nearest.List(d.Sources.Modules)+" changed")
	}
	compared := "only the inventory was compared, not what modules and machines make of it"
	if d.Exports != nil {
		compared = "only the inventory and exports were compared, not what else modules and machines make of it"
	}
	if len(d.Sources.Files) > 0 {
		const most = 5
		files := slices.Clone(d.Sources.Files)
		if len(files) > most {
			files = append(files[:most-1], fmt.Sprintf("%d more", len(files)-most+1))
		}
		notes = append(notes, compared+"; files that changed: "+strings.Join(files, ", "))
	} else if len(d.Sources.Inputs) > 0 {
		notes = append(notes, compared)
	}
	return notes
}

// diffFormat returns what prints a difference in the format that the flags ask for.
func diffFormat(c *cli.Context) (diffPrinter, error) {
	format, json, err := formatOf(c)
	if err != nil {
		return nil, err
	}
	w := stdout(c)
	color := w.color(c)
	affected, err := newAffectedOutput(c, format, json)
	if err != nil {
		return nil, err
	}
	switch {
	case affected != nil:
		return func(d *diff.Difference, sides [2]side) error { return affected.print(d, sides[1].inv) }, nil
	case format == "json":
		return func(d *diff.Difference, _ [2]side) error { return json.print(d) }, nil
	case format == "markdown":
		return func(d *diff.Difference, _ [2]side) error { return d.WriteMarkdown(w) }, nil
	}
	return func(d *diff.Difference, sides [2]side) error {
		old, now := sides[0].source(c.Context), sides[1].source(c.Context)
		return d.WriteText(w,
			diff.TextOptions{Width: w.width(), Color: color, Line: linesOf(old, now), Link: linkOf(c, w, old, now)})
	}, nil
}
