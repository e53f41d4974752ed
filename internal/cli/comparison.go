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

// endComparison shows what came of a comparison, and notes, and ends such a command: where it prints no machines
// because the clan is partial, on either side or in what came of it, with what to do first.
func endComparison(c *cli.Context, sides [2]side, partial, changed bool, first string, show func() error,
	notes func()) error {
	if c.Bool("show-trace") {
		printTraces(c, errors.Join(sides[0].loadErr, sides[1].loadErr))
	}
	partial = partial || len(sides[0].losses())+len(sides[1].losses()) > 0
	withheld := partial && c.Bool("affected") && !c.Bool("keep-going")
	if !withheld {
		if err := show(); err != nil {
			return err
		}
	}
	notes()
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
