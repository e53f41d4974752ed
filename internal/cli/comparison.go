package cli

import (
	"errors"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/hint"
)

// comparisonFlags are those of the commands that compare two clans.
func comparisonFlags(others ...cli.Flag) []cli.Flag {
	return append(append(jsonFlags("the same as --format json"), others...),
		&cli.BoolFlag{Name: "order", Usage: "with --affected: put a canary first, then servers before their clients"},
		choiceFlag(&cli.StringFlag{Name: "format", Usage: "print `FORMAT`", DefaultText: "text"},
			"text", "json", "markdown (for a pull request)", "matrix (with --affected, for the jobs of a workflow)"),
		colorFlag(),
	)
}

// comparisonEnd is how such a command ends: withheld where it printed no machines because the clan is partial, with
// what to do first.
func comparisonEnd(c *cli.Context, withheld, partial, changed bool, first string) error {
	switch {
	case withheld:
		printError(stderr(c), hint.With(errors.New("no machines printed: parts of the clan do not evaluate"),
			first+", or print the machines nevertheless with --keep-going"))
		return exitStatus(exitPartial)
	case partial:
		return exitStatus(exitPartial)
	case c.Bool("exit-code") && changed:
		return exitStatus(exitFailed)
	}
	return nil
}
