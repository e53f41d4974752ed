package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/hint"
	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/internal/sourcetree"
	"github.com/clanctl/clanctl/internal/textview"
	"github.com/clanctl/clanctl/pkg/diff"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/nixeval"
	"github.com/clanctl/clanctl/pkg/upgrade"
)

func upgradeCommand() *cli.Command {
	return &cli.Command{
		Name:      "upgrade",
		Usage:     "show what another version of an input does to the clan: what breaks, what changes and why; nothing is written",
		ArgsUsage: "INPUT[=REF]...",
		Description: "The clan is read as it is, and as it would be after nix flake update INPUT, with REF as the input's URL. Without REF it is what\n" +
			"the input's own URL gives now. For each thing that breaks it says the smallest edit.\n\n" +
			"It compares inventories. What modules do to the machines' configurations it does not see.",
		Flags: comparisonFlags(
			&cli.StringSliceFlag{Name: "from",
				Usage: "compare with the clan after another upgrade, to `[INPUT=]REF`, instead of the clan as it is"},
			&cli.BoolFlag{Name: "all", Usage: "list also what the clan does not use, and what is new"},
			&cli.BoolFlag{Name: "new", Usage: "list also the services, roles and options that are new"},
			&cli.BoolFlag{Name: "patch", Usage: "print the edits of inventory.json only, as a JSON Patch (RFC 6902)"},
			&cli.BoolFlag{Name: "affected",
				Usage: "print the machines that the upgrade touches only: names, one a line; nothing where a part of the clan does not evaluate"},
			&cli.BoolFlag{Name: "keep-going",
				Usage: "with --affected: print the machines that are known also where a part of the clan does not evaluate"},
			&cli.BoolFlag{Name: "exit-code", Usage: "exit with 1 if anything changes"},
		),
		Action: remembered(func(c *cli.Context) error {
			show, err := upgradeFormat(c)
			if err != nil {
				return err
			}
			to, err := upgradesOf(c.Args().Slice(), "")
			if err != nil {
				return err
			}
			if len(to) == 0 {
				return usageError{"upgrade takes at least one INPUT or INPUT=REF",
					"clanctl upgrade clan-core=github:clan-lol/clan-core/26.05"}
			}
			only := ""
			if len(to) == 1 {
				only = to[0].input
			}
			from, err := upgradesOf(c.StringSlice("from"), only)
			if err != nil {
				return err
			}
			for _, f := range from {
				if f.ref == "" {
					return usagef("--from takes [INPUT=]REF, and INPUT may be left out of one upgrade only: %q",
						f.input)
				}
			}
			return runUpgrade(c, from, to, show)
		}),
	}
}

// inputUpgrade is an input and the reference that it gets; empty for what its own URL gives now.
type inputUpgrade struct{ input, ref string }

// upgradesOf reads INPUT and INPUT=REF; or, where it is known which input is meant, REF.
func upgradesOf(texts []string, only string) ([]inputUpgrade, error) {
	var all []inputUpgrade
	for _, text := range texts {
		input, ref, given := strings.Cut(text, "=")
		if only != "" && text != only && (!given || strings.ContainsAny(input, ":?")) {
			input, ref, given = only, text, true
		}
		switch {
		case input == "" || strings.ContainsAny(input, ":?"):
			return nil,
				usageError{fmt.Sprintf("%q names no input", text),
					"write INPUT=REF, such as clan-core=github:clan-lol/clan-core/26.05"}
		case given && ref == "":
			return nil,
				usageError{fmt.Sprintf("%q has no reference", text),
					"without the equals sign it is what the input's own URL gives now"}
		case slices.ContainsFunc(all, func(u inputUpgrade) bool { return u.input == input }):
			return nil, usagef("the input %q is given twice", input)
		}
		all = append(all, inputUpgrade{input, ref})
	}
	return all, nil
}

// titleOf is what is being done to a side; empty for the clan as it is.
func titleOf(upgrades []inputUpgrade) string {
	var each []string
	for _, u := range upgrades {
		if u.ref == "" {
			each = append(each, u.input)
		} else {
			each = append(each, u.input+" to "+u.ref)
		}
	}
	if each == nil {
		return ""
	}
	return "upgrade " + strings.Join(each, ", ")
}

// upgraded has Nix read other versions of inputs.
func upgraded(upgrades []inputUpgrade) func(*nixeval.Evaluator) {
	return func(e *nixeval.Evaluator) {
		e.OverrideInputs, e.UpdateInputs = maps.Clone(e.OverrideInputs), slices.Clone(e.UpdateInputs)
		for _, u := range upgrades {
			e.UpdateInputs = append(e.UpdateInputs, u.input)
			switch {
			case u.ref == "":
				e.Refresh = e.Refresh || !e.Offline
			case e.OverrideInputs == nil:
				e.OverrideInputs = map[string]string{u.input: u.ref}
			default:
				e.OverrideInputs[u.input] = u.ref
			}
		}
	}
}

func runUpgrade(c *cli.Context, from, to []inputUpgrade, show upgradePrinter) error {
	var r *upgrade.Report
	var sides [2]side
	_, err := ask(c, instance.Config{Need: instance.NeedChecks | facts.NeedPlaces | facts.NeedInterfaces},
		func(ctx context.Context, ref instance.Ref, config instance.Config) (*instance.Inventory, error) {
			sides = [2]side{{title: titleOf(from), ref: ref, repo: ref, evaluator: upgraded(from)},
				{title: titleOf(to), ref: ref, repo: ref, evaluator: upgraded(to), mayFail: true}}
			if err := loadSides(ctx, config, &sides); err != nil {
				return nil, wholeReference(err, slices.Concat(from, to))
			}
			r = upgrade.Of(sides[0].inv, sides[1].inv)
			return nil, checkInputs(&sides, slices.Concat(from, to))
		})
	if err != nil {
		return explainLoad(c, err)
	}
	return endComparison(c, sides, r.Breaks(), !r.Empty(), "see what breaks without --affected",
		func() error { return show(r, sides[1].inv) }, func() { upgradeNotes(c, r, sides[0]) })
}

// upgradeNotes say what a report does not, nor what is printed instead of it.
func upgradeNotes(c *cli.Context, r *upgrade.Report, old side) {
	if c.Bool("patch") || c.Bool("affected") {
		return
	}
	for _, note := range r.Notes() {
		say(c, "%s", note)
	}
	_, minor, offers := brief(c, r)
	if minor > 0 {
		say(c, "%s left out, of options that the clan does not use, or of descriptions: --all shows them",
			textview.Count(minor, "change"))
	}
	if offers > 0 {
		say(c, "%s on offer: --new shows them", textview.Count(offers, "new thing"))
	}
	for _, f := range old.losses() {
		say(c, "before the upgrade, %s", lossText(f))
	}
}

// wholeReference adds to an error that a bare word, such as a version, is no reference of the input.
func wholeReference(err error, upgrades []inputUpgrade) error {
	isWord := func(u inputUpgrade) bool { return u.ref != "" && !strings.ContainsAny(u.ref, ":/") }
	if hintOf(err) != "" || !slices.ContainsFunc(upgrades, isWord) {
		return err
	}
	return hint.With(err, "write the whole reference, such as github:clan-lol/clan-core/26.05")
}

// checkInputs says so if the flake has no input of a name.
func checkInputs(sides *[2]side, upgrades []inputUpgrade) error {
	known := slices.DeleteFunc(slices.Clone(facts.Of(sides[0].inv).Catalogue.Names), func(name string) bool {
		return name == "self"
	})
	for _, u := range upgrades {
		if name, _, _ := strings.Cut(u.input, "/"); len(known) > 0 && !slices.Contains(known, name) {
			return usageError{fmt.Sprintf("the flake has no input %q", name),
				nearest.Hint(nearest.Of(name, known), known, "its inputs are ", "it has none")}
		}
		for _, s := range sides {
			if slices.Contains(facts.Of(s.inv).UnknownInputs, u.input) {
				return usagef("the flake has no input %q", u.input)
			}
		}
	}
	return nil
}

// failedFlake is the inventory of a clan of which nothing evaluates; nil if the error is not the clan's.
func failedFlake(ref instance.Ref, err error) *instance.Inventory {
	var nixErr *nixeval.Error
	switch {
	case errors.As(err, &nixErr):
		// Before Nix has the flake and its inputs, nothing of it evaluates.
		if !errors.Is(err, nixeval.ErrEvaluation) || nixErr.Reason != "" || sourcetree.Of(&nixErr.Sources).Store == "" {
			return nil
		}
	case errors.Is(err, instance.ErrNotClan):
		nixErr = &nixeval.Error{Kind: nixeval.ErrEvaluation, Message: err.Error()}
	default:
		return nil
	}
	inv := &instance.Inventory{Findings: []instance.Finding{instance.FlakeFailed(nixErr)}}
	inv.Flake.Ref, inv.Flake.URL = ref.Text, ref.URL
	return inv
}

// upgradePrinter prints a report; the inventory is that after the upgrade.
type upgradePrinter func(*upgrade.Report, *instance.Inventory) error

// brief is what people are shown of a report.
func brief(c *cli.Context, r *upgrade.Report) (shown *upgrade.Report, minor, offers int) {
	if c.Bool("all") {
		return r, 0, 0
	}
	return r.Brief(c.Bool("new"))
}

// upgradeFormat returns what prints a report in the format that the flags ask for.
func upgradeFormat(c *cli.Context) (upgradePrinter, error) {
	format, json, err := formatOf(c)
	if err != nil {
		return nil, err
	}
	w := stdout(c)
	opts := diff.TextOptions{Color: w.color(c), Link: linkOf(c, w, sourceOf(c), sourceOf(c))}
	if c.Bool("patch") {
		if c.Bool("affected") || c.IsSet("format") {
			return nil, usagef("--patch goes with neither --affected nor --format")
		}
		return func(r *upgrade.Report, _ *instance.Inventory) error { return json.print(r.Patch()) }, nil
	}
	affected, err := newAffectedOutput(c, format, json)
	if err != nil {
		return nil, err
	}
	switch {
	case affected != nil:
		return func(r *upgrade.Report, inv *instance.Inventory) error {
			return affected.print(&diff.Difference{Affected: r.Affected}, inv)
		}, nil
	case format == "json":
		return func(r *upgrade.Report, _ *instance.Inventory) error { return json.print(r) }, nil
	case format == "markdown":
		return func(r *upgrade.Report, _ *instance.Inventory) error {
			r, _, _ = brief(c, r)
			return r.WriteMarkdown(w)
		}, nil
	}
	return func(r *upgrade.Report, _ *instance.Inventory) error {
		r, _, _ = brief(c, r)
		return r.WriteText(w, opts)
	}, nil
}
