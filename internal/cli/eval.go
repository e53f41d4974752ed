package cli

import (
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/go-multierror"
	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/term"
	"github.com/clanctl/clanctl/internal/textview"
	"github.com/clanctl/clanctl/pkg/check"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

func evalCommand() *cli.Command {
	return &cli.Command{
		Name:      "eval",
		Usage:     "print the clan as one JSON document: machines, tags, instances, members and their final settings",
		ArgsUsage: "[INSTANCE...]",
		Description: "The document is described by docs/eval.schema.json. With INSTANCE only these instances are evaluated and printed.\n\n" +
			"Exit codes: 0 all is well, 1 nothing could be had, 2 usage, 3 partial: parts could not be evaluated, the\n" +
			"document's findings say which and why, 130 interrupted.",
		Flags: append(jsonFlags("print JSON (the only format)"),
			&cli.BoolFlag{Name: "exports", Usage: "also what services export to each other, under exports"}, watchFlag()),
		Action: remembered(func(c *cli.Context) error {
			out, err := newJSONOutput(c)
			if err != nil {
				return err
			}
			want := instance.Config{Instances: c.Args().Slice()}
			if c.Bool("exports") {
				want.Need = instance.NeedSettings | instance.NeedExports
			}
			if c.Bool("watch") {
				return watchClan(c, want, watchedDocument, func(inv *instance.Inventory, err error) error {
					if inv == nil {
						return explainLoad(c, err)
					}
					inv.Findings = check.All(inv)
					if err := out.print(inv); err != nil {
						return err
					}
					return partial(c, inv, err)
				})
			}
			inv, err := load(c, want)
			if inv == nil {
				return explainLoad(c, err)
			}
			inv.Findings = check.All(inv)
			if err := out.print(inv); err != nil {
				return err
			}
			return partial(c, inv, err)
		}),
	}
}

// partial says on stderr what is missing from the document, and ends with the exit code for it.
func partial(c *cli.Context, inv *instance.Inventory, err error) error {
	if c.Bool("show-trace") {
		printTraces(c, err)
	}
	if !inv.Partial() {
		return nil
	}
	to := stderr(c)
	paint, err := to.painter(c)
	if err != nil {
		return err
	}
	p := &textview.FindingPrinter{Out: to, Paint: paint, Line: sourceOf(c).line, Width: to.width()}
	failed := slices.DeleteFunc(slices.Clone(inv.Findings), func(f instance.Finding) bool { return f.Severity != instance.SeverityError })
	p.All(failed)
	say(c, "parts of the clan are missing from the output: %s; clanctl check lists all that is wrong", counted(len(failed), "error"))
	return exitStatus(exitPartial)
}

// printTraces prints everything that Nix said of the parts that are missing.
func printTraces(c *cli.Context, err error) {
	errs := []error{err}
	if all := (*multierror.Error)(nil); errors.As(err, &all) {
		errs = all.Errors
	}
	for _, err := range errs {
		var nixErr *nixeval.Error
		if errors.As(err, &nixErr) && nixErr.Trace != "" {
			fmt.Fprintln(stderr(c), term.Escape(nixErr.Trace))
		}
	}
}

// explainLoad adds the trace to an error that left nothing to print.
func explainLoad(c *cli.Context, err error) error {
	if c.Bool("show-trace") {
		printTraces(c, err)
	}
	return err
}
