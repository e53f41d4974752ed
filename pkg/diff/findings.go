package diff

import (
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/lazyregexp"
	"github.com/clanctl/clanctl/pkg/instance"
)

// Findings are those that are on one side only, wherever they stand: a finding that moved to another line is the same. Of one
// that concerns more machines than before, what appeared concerns just those.
type Findings struct {
	Appeared []instance.Finding `json:"appeared"`
	Gone     []instance.Finding `json:"gone"`
}

func (c *comparison) findings() {
	c.Findings = Findings{Appeared: surplus(c.new, c.old), Gone: surplus(c.old, c.new)}
}

// surplus are the findings of an inventory that the other does not have, or has not so many of.
func surplus(inv, other *instance.Inventory) []instance.Finding {
	have := map[string]int{}
	for _, f := range other.Findings {
		for _, machine := range concerned(f) {
			have[identity(f, machine)]++
		}
	}
	found := []instance.Finding{}
	for _, f := range inv.Findings {
		var machines []string
		for _, machine := range concerned(f) {
			if key := identity(f, machine); have[key] > 0 {
				have[key]--
			} else {
				machines = append(machines, machine)
			}
		}
		switch {
		case len(machines) == 0:
			continue
		case len(machines) < len(f.Machines):
			if !slices.Contains(machines, f.Machine) {
				f = inv.FindingFor(f, machines[0])
			}
			f.Machines = machines
		}
		found = append(found, f)
	}
	return found
}

func concerned(f instance.Finding) []string {
	if len(f.Machines) > 0 {
		return f.Machines
	}
	return []string{f.Machine}
}

var place = lazyregexp.New(`:\d+(:\d+)?`)

// identity is what a finding is about and says, for one of the machines that it concerns: without its place, and without the one
// machine that stands for all.
func identity(f instance.Finding, machine string) string {
	message := f.Message
	if f.Machine != "" {
		message = strings.ReplaceAll(message, instance.PathString([]string{f.Instance, "roles", f.Role, "machines", f.Machine}), "")
	}
	message = place.ReplaceAllString(message, "")
	return strings.Join([]string{string(f.Severity), f.Code, f.Instance, f.Role, machine, instance.PathString(f.Setting), message}, "\x00")
}
