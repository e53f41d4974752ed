package diff

import (
	"github.com/clanctl/clanctl/internal/permachine"
	"github.com/clanctl/clanctl/pkg/instance"
)

// Findings are those that are on one side only, wherever they stand: a finding that moved to another line is the same.
// Of one that concerns more machines than before, what appeared concerns just those.
type Findings struct {
	Appeared []instance.Finding `json:"appeared"`
	Gone     []instance.Finding `json:"gone"`
}

func (c *comparison) findings() {
	c.Findings = Findings{Appeared: surplus(c.new, c.old), Gone: surplus(c.old, c.new)}
}

// surplus are the findings of an inventory that the other does not have, or has not so many of.
func surplus(inv, other *instance.Inventory) []instance.Finding {
	key := func(f instance.Finding) string { return string(f.Severity) + f.Key() }
	have := map[string]int{}
	for _, f := range other.Findings {
		for _, machine := range permachine.Machines(f) {
			have[key(permachine.One(f, machine))]++
		}
	}
	found := []instance.Finding{}
	for _, f := range inv.Findings {
		rest, any := permachine.Rest(inv, f, func(one instance.Finding) bool {
			has := have[key(one)] > 0
			if has {
				have[key(one)]--
			}
			return has
		})
		if any {
			found = append(found, rest)
		}
	}
	return found
}
