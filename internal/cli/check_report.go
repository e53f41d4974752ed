package cli

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/policy"
	"github.com/clanctl/clanctl/internal/textview"
	"github.com/clanctl/clanctl/pkg/check"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// report is what check prints. Its fields are in the order of their JSON names.
type report struct {
	// Checked is how much was looked at; nil where nothing could be.
	Checked *checked `json:"checked"`
	// Counts are of all findings that are not ignored, shown or not.
	Counts        counts             `json:"counts"`
	Findings      []instance.Finding `json:"findings"`
	SchemaVersion int                `json:"schemaVersion"`

	source *sourceTree
	// counted are the findings that would be in a baseline; failed tells that the flake does not evaluate.
	counted []instance.Finding
	failed  bool
	// strict: exit 1 on warnings, too.
	strict bool
	// rules are the clan's own, and outcomes what came of them.
	rules    []*policy.Rule
	outcomes []policy.Outcome
	// ruleFailed: some rule did not run.
	ruleFailed bool
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
	// Baseline counts findings that the baseline has.
	Baseline int `json:"baseline,omitzero"`
	Errors   int `json:"errors"`
	Ignored  int `json:"ignored"`
	// Notes are counted only where they are shown.
	Notes    int `json:"notes,omitzero"`
	Warnings int `json:"warnings"`
}

func newReport(c *cli.Context, inv *instance.Inventory, want wanted) (*report, error) {
	r := &report{SchemaVersion: 1, Findings: []instance.Finding{}, Checked: &checked{Instances: len(inv.Instances)},
		source: sourceOf(c)}
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
	found, outcomes, err := lookAt(c, inv, want)
	if err != nil {
		return nil, err
	}
	r.outcomes, r.rules = outcomes, want.rules
	for i := range found.findings {
		if f := &found.findings[i]; f.Code == codes.RuleFailed {
			r.ruleFailed = true
			f.Cause.Hint = cmp.Or(f.Cause.Hint, "clanctl eval --jq 'path(EXPR)' shows what an expression selects")
		}
	}
	found.findings = slices.DeleteFunc(found.findings, func(f instance.Finding) bool {
		// Of some instances alone, nothing is known of what rules say of the whole.
		ofRule := slices.ContainsFunc(want.rules, func(rule *policy.Rule) bool { return rule.Code == f.Code })
		return ofRule && c.NArg() > 0 && inv.Instances[f.Instance] == nil
	})
	err = r.judge(found, want, want.checkCodes, c.NArg() == 0 && !inv.Partial(), func(flake string) (looked, error) {
		then, err := askOf(c, flake, instance.Config{Need: instance.NeedChecks | facts.NeedPlaces}, instance.Load)
		if then == nil {
			return looked{}, err
		}
		found, _, err := lookAt(c, then, want)
		return found, err
	})
	return r, err
}

// looked is what was found, before anything of it is ignored.
type looked struct {
	// inv is nil where the findings are of modules.
	inv      *instance.Inventory
	findings []instance.Finding
	// also are places in whose files there may be ignores, besides those of findings and of the inventory.
	also []instance.Position
}

func (l looked) files() []string { return policy.Files(l.inv, l.findings, l.also...) }

// lookAt finds what is wrong with a clan, by rules of its own, too.
func lookAt(c *cli.Context, inv *instance.Inventory, want wanted) (looked, []policy.Outcome, error) {
	document := *inv
	document.Findings = check.All(inv)
	outcomes, err := policy.RunRules(c.Context, &document, want.rules)
	found := looked{inv: inv, findings: document.Findings}
	for _, o := range outcomes {
		found.findings = append(found.findings, o.Findings...)
	}
	return found, outcomes, err
}

// judge counts findings and keeps those to be shown. An ignore of one of the codes that is for nothing is a finding
// where the whole clan was looked at. at looks at the clan in another flake.
func (r *report) judge(found looked, want wanted, codes []string, whole bool,
	at func(flake string) (looked, error)) error {
	var ignores, here policy.Ignores
	if !want.noIgnore {
		var err error
		if here, err = want.files.comments(found, at); err != nil {
			return err
		}
		ignores = append(here, want.policy.Ignores...)
		if want.files.commit == "" {
			here = ignores // of a revision's policy file nothing can be changed
		}
	}
	left := here.Wrong(want.codes)
	for _, f := range found.findings {
		if rest, isNew := ignores.New(found.inv, f); isNew {
			left = append(left, rest)
		} else {
			r.Counts.Ignored++
		}
	}
	if whole {
		left = append(left, here.Unused(codes)...)
	}
	slices.SortFunc(left, instance.Finding.Compare)
	for _, f := range left {
		switch {
		case slices.Contains(want.ignored, f.Code):
			r.Counts.Ignored++
			continue
		case len(want.only) > 0 && !slices.Contains(want.only, f.Code):
			continue
		}
		r.counted = append(r.counted, f)
		if known := want.baseline.known; known != nil {
			rest, isNew := known.New(found.inv, f)
			if !isNew {
				r.Counts.Baseline++
				continue
			}
			f = rest
		}
		r.count(f, want)
	}
	return nil
}

func (r *report) count(f instance.Finding, want wanted) {
	shown := slices.Contains(want.shown, f.Severity)
	switch {
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

// failedReport is the report on a flake that Nix cannot evaluate at all; nil if the error is not the flake's. Nothing
// was checked, and so nothing is ignored.
func failedReport(c *cli.Context, err error) *report {
	var nixErr *nixeval.Error
	if !errors.As(err, &nixErr) || !errors.Is(err, nixeval.ErrEvaluation) {
		return nil
	}
	forget(c) // why a flake fails is looked for in files that git ignores, too
	r := &report{SchemaVersion: 1, failed: true, source: sourceOf(c)}
	r.count(instance.FlakeFailed(nixErr), wanted{shown: []instance.Severity{instance.SeverityError}})
	return r
}

// summary is one line that counts.
func (r *report) summary() string {
	if r.none != "" {
		return r.none
	}
	n := r.Counts
	found := cmp.Or(textview.Counted(n.Errors, "error", n.Warnings, "warning", n.Notes, "note"), "nothing found")
	if hidden := n.Errors + n.Warnings + n.Notes - len(r.Findings); hidden > 0 {
		found += " (not shown)"
	}
	if n.Ignored > 0 {
		found += fmt.Sprintf(", %d ignored", n.Ignored)
	}
	if n.Baseline > 0 {
		found += fmt.Sprintf(", %d in the baseline", n.Baseline)
	}
	what := ""
	if n := r.Checked; n != nil {
		machines := 0
		if n.Machines != nil {
			machines = *n.Machines
			what = "an empty clan"
		}
		what = cmp.Or(textview.Counted(n.Modules, "module", machines, "machine", n.Instances, "instance",
			n.Roles, "role", n.Members, "member"), what)
	}
	if what == "" {
		return "nothing could be checked: " + found
	}
	return fmt.Sprintf("checked %s: %s", what, found)
}
