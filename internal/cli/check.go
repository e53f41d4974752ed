package cli

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/pkg/check"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

func checkCommand() *cli.Command {
	return &cli.Command{
		Name:      "check",
		Usage:     "list all that is wrong with the clan, and where",
		ArgsUsage: "[INSTANCE...]",
		Description: "docs/findings.md explains each finding by its code. With INSTANCE only these instances are looked at.\n\n" +
			"Exit codes: 0 nothing of severity error was found, 1 something was, 2 usage, 130 interrupted.",
		Flags: append(checkFlags(), watchFlag()),
		Action: func(c *cli.Context) error {
			show, err := reportFormat(c)
			if err != nil {
				return err
			}
			want, err := wantedFindings(c)
			if err != nil {
				return err
			}
			report := func(inv *instance.Inventory, err error) error { return checkClan(c, inv, err, want, show) }
			clan := instance.Config{Instances: c.Args().Slice()}
			if c.Bool("watch") {
				return watchClan(c, clan, watchedDocument, report)
			}
			return report(load(c, clan))
		},
	}
}

// checkClan shows the report on what was loaded, and ends with the exit code for it.
func checkClan(c *cli.Context, inv *instance.Inventory, err error, want wanted, show func(*report) error) error {
	if c.Bool("show-trace") {
		printTraces(c, err)
	}
	var r *report
	if inv != nil {
		r = newReport(inv, want)
	} else if r = failedReport(err); r == nil {
		return err
	}
	return r.show(c, show)
}

// show prints the report and tells the exit code.
func (r *report) show(c *cli.Context, show func(*report) error) error {
	r.source = sourceOf(c)
	if err := show(r); err != nil {
		return err
	}
	if r.Counts.Errors > 0 {
		return exitStatus(exitFailed)
	}
	return nil
}

// checkFlags are those of commands that print findings.
func checkFlags() []cli.Flag {
	flags := []cli.Flag{
		&cli.StringFlag{Name: "format", Usage: "print `FORMAT`: text, json, sarif (for code scanning) or github (annotations)", DefaultText: "text"},
		&cli.StringFlag{Name: "severity", Usage: "show findings of this `SEVERITY` and above: error, warning or note", DefaultText: "warning"},
		&cli.StringSliceFlag{Name: "ignore", Usage: "leave out findings with this `CODE`; may be repeated"},
	}
	return append(append(flags, jsonFlags("the same as --format json")...), colorFlag())
}

// report is what check prints. Its fields are in the order of their JSON names.
type report struct {
	// Checked is how much was looked at; nil where nothing could be.
	Checked *checked `json:"checked"`
	// Counts are of all findings that are not ignored, shown or not.
	Counts        counts             `json:"counts"`
	Findings      []instance.Finding `json:"findings"`
	SchemaVersion int                `json:"schemaVersion"`

	source *sourceTree
	// none says why there is nothing to check, if there is nothing and that is well.
	none string
}

type checked struct {
	Instances int `json:"instances"`
	// Modules is more than 0 only where modules were looked at by themselves, and then nothing else was.
	Modules int `json:"modules,omitzero"`
	// Machines is nil where the machines do not evaluate.
	Machines *int `json:"machines"`
	Members  int  `json:"members"`
	Roles    int  `json:"roles"`
}

type counts struct {
	Errors  int `json:"errors"`
	Ignored int `json:"ignored"`
	// Notes are counted only where they are shown.
	Notes    int `json:"notes,omitzero"`
	Warnings int `json:"warnings"`
}

// wanted says which findings to show.
type wanted struct {
	shown   []instance.Severity
	ignored []instance.Code
}

func wantedFindings(c *cli.Context) (wanted, error) {
	var want wanted
	severities := []instance.Severity{instance.SeverityError, instance.SeverityWarning, instance.SeverityNote}
	least := cmp.Or(instance.Severity(c.String("severity")), instance.SeverityWarning)
	i := slices.Index(severities, least)
	if i < 0 {
		return want, usageError{fmt.Sprintf("there is no severity %q", least), "it is error, warning or note"}
	}
	want.shown = severities[:i+1]
	var known []string
	for _, info := range instance.Codes() {
		known = append(known, string(info.Code))
	}
	for _, code := range c.StringSlice("ignore") {
		if slices.Contains(known, code) {
			want.ignored = append(want.ignored, instance.Code(code))
			continue
		}
		err := usageError{fmt.Sprintf("there is no finding with the code %q", code), "docs/findings.md lists the codes"}
		if near := nearest.Of(code, known); len(near) > 0 {
			err.hint = "did you mean " + nearest.List(near) + "?"
		}
		return want, err
	}
	return want, nil
}

func newReport(inv *instance.Inventory, want wanted) *report {
	r := &report{SchemaVersion: 1, Findings: []instance.Finding{}, Checked: &checked{Instances: len(inv.Instances)}}
	if inv.Machines != nil {
		machines := len(inv.Machines)
		r.Checked.Machines = &machines
	}
	for _, inst := range inv.Instances {
		r.Checked.Roles += len(inst.Roles)
		for _, role := range inst.Roles {
			r.Checked.Members += len(role.Machines)
		}
	}
	for _, f := range check.All(inv) {
		r.add(f, want)
	}
	return r
}

func (r *report) add(f instance.Finding, want wanted) {
	shown := slices.Contains(want.shown, f.Severity)
	switch {
	case slices.Contains(want.ignored, f.Code):
		r.Counts.Ignored++
		return
	case f.Severity == instance.SeverityError:
		r.Counts.Errors++
	case f.Severity == instance.SeverityWarning:
		r.Counts.Warnings++
	case shown:
		r.Counts.Notes++
	}
	if shown {
		r.Findings = append(r.Findings, f)
	}
}

// failedReport is the report on a flake that Nix cannot evaluate at all; nil if the error is not the flake's. Nothing was
// checked, and so nothing is ignored.
func failedReport(err error) *report {
	var nixErr *nixeval.Error
	if !errors.As(err, &nixErr) || !errors.Is(err, nixeval.ErrEvaluation) {
		return nil
	}
	r := &report{SchemaVersion: 1}
	r.add(instance.FlakeFailed(nixErr), wanted{shown: []instance.Severity{instance.SeverityError}})
	return r
}

// summary is one line that counts.
func (r *report) summary() string {
	if r.none != "" {
		return r.none
	}
	found := "nothing found"
	if list := counted(r.Counts.Errors, "error", r.Counts.Warnings, "warning", r.Counts.Notes, "note"); list != "" {
		found = list
	}
	if hidden := r.Counts.Errors + r.Counts.Warnings + r.Counts.Notes - len(r.Findings); hidden > 0 {
		found += " (not shown)"
	}
	if r.Counts.Ignored > 0 {
		found += fmt.Sprintf(", %d ignored", r.Counts.Ignored)
	}
	what := ""
	if n := r.Checked; n != nil {
		machines := 0
		if n.Machines != nil {
			machines = *n.Machines
			what = "an empty clan"
		}
		if list := counted(n.Modules, "module", machines, "machine", n.Instances, "instance", n.Roles, "role", n.Members, "member"); list != "" {
			what = list
		}
	}
	if what == "" {
		return "nothing could be checked: " + found
	}
	return fmt.Sprintf("checked %s: %s", what, found)
}

// counted writes numbers with their nouns, without those that are zero: "1 error, 2 warnings".
func counted(numbersAndNouns ...any) string {
	var parts []string
	for i := 0; i < len(numbersAndNouns); i += 2 {
		n, noun := numbersAndNouns[i].(int), numbersAndNouns[i+1].(string)
		switch n {
		case 0:
		case 1:
			parts = append(parts, "1 "+noun)
		default:
			parts = append(parts, fmt.Sprintf("%d %ss", n, noun))
		}
	}
	return strings.Join(parts, ", ")
}
