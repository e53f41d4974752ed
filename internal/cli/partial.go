package cli

import (
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/go-multierror"
	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/term"
	"github.com/clanctl/clanctl/internal/textview"
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
	failed := slices.DeleteFunc(slices.Clone(inv.Findings), func(f instance.Finding) bool {
		return f.Severity != instance.SeverityError
	})
	stderr(c).printFindings(c, stderr(c), sourceOf(c), failed)
	say(c, "parts of the clan are missing from the output: %s; clanctl check reports all problems",
		textview.Counted(len(failed), "error"))
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

// answer says something of the clan, and which findings it left to be said. Its error may be that of an unknown name.
type answer func(*instance.Inventory) (told, error)

// told are the findings that count for the exit code, and those among them that the answer did not show.
type told struct{ all, unsaid []instance.Finding }

// ask loads what is wanted of the clan for the answer, again and again with --watch.
func (do answer) ask(c *cli.Context, want instance.Config) error {
	return watched{want: want, show: do.shown(c, want)}.run(c)
}

// shown is called as after [load]. It ends with the exit code for the findings, and says on stderr those that are left.
func (do answer) shown(c *cli.Context, want instance.Config) func(*instance.Inventory, error) error {
	return func(inv *instance.Inventory, loadErr error) error {
		if inv == nil {
			return explainLoad(c, loadErr)
		}
		found, err := do(inv)
		unknown := (*tags.UnknownError)(nil)
		isUnknown := errors.As(err, &unknown)
		switch {
		case isUnknown && !inv.MachinesKnown(): // it may be the name of a part that does not evaluate
			_ = partial(c, inv, loadErr) // the exit code is that of the unknown name
			return err
		case isUnknown && len(want.Instances) > 0 && (unknown.Kind == "service" || unknown.Kind == "role"):
			// Flags may name those of other instances, of which nothing was read.
			if whole, _ := load(c, instance.Config{Need: instance.NeedInstances}); whole != nil {
				if _, found := do(whole); found != nil {
					err = found
				}
			}
		}
		if err != nil {
			return otherKinds(c, err)
		}
		part := *inv
		part.Findings = found.unsaid
		end := partial(c, &part, loadErr)
		if part.Findings = found.all; end == nil && part.Partial() {
			return exitStatus(exitPartial)
		}
		return end
	}
}
