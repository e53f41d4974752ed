package cli

import (
	"errors"
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/policy"
	"github.com/clanctl/clanctl/internal/textview"
	"github.com/clanctl/clanctl/pkg/instance"
)

func checkCommand() *cli.Command {
	return &cli.Command{
		Name:      "check",
		Usage:     "report problems in the clan, with file and line",
		ArgsUsage: "[INSTANCE...]",
		Description: "clanctl explain CODE explains a finding. With INSTANCE, only these instances are checked.\n\n" +
			"Exit codes: 0 no errors found (with --strict: no warnings either), 1 errors found, 2 usage,\n" +
			"130 interrupted.",
		Flags: append(checkFlags(),
			&cli.PathFlag{Name: "rules", Usage: "apply the rules in `FILE`, besides those in " + policy.Name},
			watchFlag()),
		Action: checking(true, func(c *cli.Context, want wanted, show func(*report) error) error {
			names, err := instanceNames(c)
			if err != nil {
				return err
			}
			clan := instance.Config{Instances: names, Need: instance.NeedChecks}
			if len(want.rules) > 0 || c.Bool("watch") {
				clan.Need |= facts.NeedPlaces
			}
			report := func(inv *instance.Inventory, loadErr error) error {
				if c.Bool("watch") { // the policy may have changed, too
					var err error
					if want, err = wantedFindings(c); err != nil {
						return err
					}
				}
				return checkClan(c, inv, loadErr, want, show)
			}
			text := func(w io.Writer, inv *instance.Inventory) error { return watchedReport(c, w, inv) }
			return watched{want: clan, text: text, show: report, onScreen: true, findings: true}.run(c)
		}),
	}
}

// checking makes an action of one that reports the findings that the flags want, in the format that they ask for. Where
// it is not of the clan, it is of modules by themselves.
func checking(ofClan bool, do func(*cli.Context, wanted, func(*report) error) error) cli.ActionFunc {
	return remembered(func(c *cli.Context) error {
		show, err := reportFormat(c)
		if err != nil {
			return err
		}
		want, err := readWanted(c, ofClan)
		if err != nil {
			return err // before anything is evaluated
		}
		if other := want.files.other(); other != "" {
			say(c, "%s", other)
		}
		return do(c, want, show)
	})
}

// watchedReport is all that the report hangs on: the places of findings, and what ignores them.
func watchedReport(c *cli.Context, w io.Writer, inv *instance.Inventory) error {
	want, err := wantedFindings(c)
	if err != nil {
		_, err = fmt.Fprintln(w, err) // which the report says
		return err
	}
	r, err := newReport(c, inv, want)
	if err != nil {
		return err
	}
	return errors.Join(writeJSON(w, inv), writeJSON(w, r))
}

// checkClan shows the report on what was loaded, and ends with the exit code for it.
func checkClan(c *cli.Context, inv *instance.Inventory, err error, want wanted, show func(*report) error) error {
	if c.Bool("show-trace") {
		printTraces(c, err)
	}
	var r *report
	if inv != nil {
		if r, err = newReport(c, inv, want); err != nil {
			return err
		}
		if c.Bool("verbose") {
			sayOutcomes(c, r.outcomes)
		}
		if r.ruleFailed {
			forget(c) // it may have been for want of time
		}
	} else if r = failedReport(c, err); r == nil {
		return otherKinds(c, err)
	}
	return r.show(c, want, show)
}

// show prints the report and tells the exit code.
func (r *report) show(c *cli.Context, want wanted, show func(*report) error) error {
	if want.baseline.write && !r.failed {
		return want.baseline.save(c, r.counted)
	}
	r.strict = want.strict
	if err := show(r); err != nil {
		return err
	}
	if known := want.baseline.known; known != nil && c.NArg() == 0 && len(want.only) == 0 && !r.failed {
		if gone := known.Gone(); gone > 0 {
			say(c, "%s of %s no longer found: --write-baseline updates the file", textview.Counted(gone, "finding"), want.baseline.file)
		}
	}
	if r.Counts.Errors > 0 || want.strict && r.Counts.Warnings > 0 {
		return exitStatus(exitFailed)
	}
	return nil
}

// checkFlags are those of commands that print findings.
func checkFlags() []cli.Flag {
	flags := []cli.Flag{
		choiceFlag(&cli.StringFlag{Name: "format", Usage: "print `FORMAT`", DefaultText: "text"},
			"text", "json", "sarif (for code scanning)", "github (annotations)", "junit (a test report)"),
		choiceFlag(&cli.StringFlag{Name: "severity", Usage: "show findings of this `SEVERITY` and above",
			DefaultText: "warning"}, "error", "warning", "note"),
		&cli.BoolFlag{Name: "strict", Usage: "exit 1 on warnings, too"},
		&cli.StringSliceFlag{Name: "ignore", Usage: "do not report findings with this `CODE`; may be repeated"},
		&cli.StringSliceFlag{Name: "only", Usage: "report only findings with this `CODE`; may be repeated"},
		&cli.BoolFlag{Name: "no-ignore",
			Usage: "count the findings that the clan ignores, in comments or " + policy.Name},
		&cli.StringFlag{Name: "policy-from",
			Usage: "ignore only what the git revision `REV` ignores: " + policy.Name +
				", comments, the baseline"},
		&cli.PathFlag{Name: "baseline", Usage: "count only findings that are not in `FILE`"},
		&cli.PathFlag{Name: "write-baseline", Usage: "write all findings to `FILE`, for --baseline, and exit 0"},
	}
	return append(append(flags, jsonFlags("the same as --format json")...), colorFlag())
}
