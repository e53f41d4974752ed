// Package permachine takes findings apart by machine.
package permachine

import (
	"slices"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/pkg/instance"
)

// Machines are those that a finding is about, one empty name if none.
func Machines(f instance.Finding) []string {
	if len(f.Machines) > 0 {
		return f.Machines
	}
	return []string{f.Machine}
}

// One returns a finding as one about a single one of its machines, or with "" about none. Its place and definitions
// stay.
func One(f instance.Finding, machine string) instance.Finding {
	f.Machine, f.Machines = machine, nil
	return f
}

// Rest returns what is left of a finding of an inventory without those of its machines for which drop reports true;
// drop is given the finding as one about a single machine, with its own place. It returns false if nothing is left.
func Rest(inv *instance.Inventory, f instance.Finding, drop func(instance.Finding) bool) (instance.Finding, bool) {
	if len(f.Machines) == 0 {
		return f, !drop(f)
	}
	var left []string
	for _, machine := range f.Machines {
		if !drop(One(placed(inv, f, machine), machine)) {
			left = append(left, machine)
		}
	}
	switch {
	case len(left) == 0:
		return f, false
	case len(left) == len(f.Machines):
		return f, true
	case !slices.Contains(left, f.Machine):
		f = placed(inv, f, left[0])
	}
	f.Machines = left
	return f, true
}

// placed is a finding with the place and the definitions that it has for one of its machines.
func placed(inv *instance.Inventory, f instance.Finding, machine string) instance.Finding {
	facts.PlaceFinding(inv, &f, machine)
	return f
}
