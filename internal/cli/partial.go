package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/go-multierror"
	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/term"
	"github.com/clanctl/clanctl/internal/textview"
	"github.com/clanctl/clanctl/internal/view"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/nixeval"
	"github.com/clanctl/clanctl/pkg/tags"
)

// partial says on stderr what is missing from the document, and ends with the exit code for it.
func partial(c *cli.Context, inv *instance.Inventory, err error) error {
	if c.Bool("show-trace") {
		printTraces(c, err)
	}
	if !inv.Partial() {
		return nil
	}
	to := stderr(c)
	paint := to.painter(c)
	source := sourceOf(c)
	p := &textview.FindingPrinter{Out: to, Paint: paint, Line: source.line, Link: source.link(c, to), Width: to.width()}
	failed := slices.DeleteFunc(slices.Clone(inv.Findings), func(f instance.Finding) bool {
		return f.Severity != instance.SeverityError
	})
	p.All(failed)
	say(c, "parts of the clan are missing from the output: %s; clanctl check reports all problems",
		counted(len(failed), "error"))
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
	return otherKinds(c, err)
}

// ending ends with the exit code for the findings of an answer, and says on stderr those that the answer did not show.
func ending(c *cli.Context, inv *instance.Inventory, all, unsaid []instance.Finding, err error) error {
	part := *inv
	part.Findings = unsaid
	end := partial(c, &part, err)
	if part.Findings = all; end == nil && part.Partial() {
		return exitStatus(exitPartial)
	}
	return end
}

// unknownIn adds to an unknown name that it may be that of a part that does not evaluate.
func unknownIn(c *cli.Context, inv *instance.Inventory, loadErr, err error) error {
	if unknown := (*tags.UnknownError)(nil); errors.As(err, &unknown) && !inv.MachinesKnown() {
		_ = partial(c, inv, loadErr) // the exit code is that of the unknown name
		return err
	}
	return otherKinds(c, selected(c, err))
}

// selected looks for what an instance was asked for by its name that flags leave out: of the others, of which a
// service or a role may be that flags name, nothing was read.
func selected(c *cli.Context, err error) error {
	unknown := (*tags.UnknownError)(nil)
	if !errors.As(err, &unknown) || unknown.Kind != "service" && unknown.Kind != "role" ||
		c.Command.ArgsUsage != "[INSTANCE...]" || c.NArg() == 0 {
		return err
	}
	query, badFlag := queryOf(c)
	inv, _ := load(c, instance.Config{Need: instance.NeedInstances})
	if inv == nil || badFlag != nil {
		return err
	}
	if _, found := view.Instances(inv, c.Args().Slice(), query); found != nil {
		return found
	}
	return err
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
