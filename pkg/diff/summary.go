package diff

import (
	"fmt"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/textview"
	"github.com/clanctl/clanctl/pkg/instance"
)

// summary is the difference in one line: "3 instances, 12 machines change; 1 new error". Machines change that came,
// went, or are affected directly.
func (d *Difference) summary() string {
	machines := map[string]bool{}
	for _, m := range d.Machines {
		machines[m.Name] = true
	}
	shared, unsure := 0, 0
	for _, a := range d.Affected {
		switch {
		case !slices.ContainsFunc(a.Reasons, func(r Reason) bool { return r.Kind != codes.ReasonUnknown }):
			unsure++
		case a.Kind == codes.AffectedDirect:
			machines[a.Machine] = true
		case !machines[a.Machine]:
			shared++
		}
	}
	parts := []string{d.changes(len(machines), shared)}
	if news := join(findingCounts(d.Findings.Appeared, "1 new %s", "%d new %ss"),
		findingCounts(d.Findings.Gone, "1 %s gone", "%d %ss gone")); news != "" {
		parts = append(parts, news)
	}
	if n := len(d.Unknown); n > 0 {
		text := textview.Count(n, "part") + " cannot be compared"
		if unsure > 0 {
			text += ", which may concern " + textview.Count(unsure, "machine")
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, "; ")
}

// changes is the part of the summary that is about what changes; some machines more are affected through others.
func (d *Difference) changes(machines, shared int) string {
	things, n := "", 0
	count := func(m int, noun string) {
		if m > 0 {
			things, n = join(things, textview.Count(m, noun)), n+m
		}
	}
	count(len(d.Instances), "instance")
	count(machines, "machine")
	if n == 0 {
		count(len(d.Tags), "tag")
	}
	count(len(d.Exports), "export")
	verb := pick(n == 1, " changes", " change")
	if n == 0 && len(d.Meta) > 0 {
		things, verb = "the clan's meta data", " changes"
	}
	switch {
	case things == "" && shared == 0:
		return pick(d.Empty(), "nothing changed in the inventory", "no instance and no machine changes")
	case things == "":
		return textview.Count(shared, "machine") + pick(shared == 1, " is", " are") + " affected through others"
	case shared > 0:
		return fmt.Sprintf("%s%s, %d more %s affected through others", things, verb, shared,
			pick(shared == 1, "machine is", "machines are"))
	}
	return things + verb
}

// findingCounts counts errors and warnings.
func findingCounts(findings []instance.Finding, one, many string) string {
	text := ""
	for _, severity := range []instance.Severity{instance.SeverityError, instance.SeverityWarning} {
		n := 0
		for _, f := range findings {
			if f.Severity == severity {
				n++
			}
		}
		switch n {
		case 0:
		case 1:
			text = join(text, fmt.Sprintf(one, severity))
		default:
			text = join(text, fmt.Sprintf(many, n, severity))
		}
	}
	return text
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + ", " + b
}
