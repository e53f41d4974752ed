package diff

import (
	"slices"

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
	key := func(f instance.Finding, machine string) string { return string(f.Severity) + f.For(machine).Key() }
	have := map[string]int{}
	for _, f := range other.Findings {
		for _, machine := range f.Concerned() {
			have[key(f, machine)]++
		}
	}
	found := []instance.Finding{}
	for _, f := range inv.Findings {
		var machines []string
		for _, machine := range f.Concerned() {
			if key := key(f, machine); have[key] > 0 {
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
