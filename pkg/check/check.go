// Package check finds what is wrong with a clan though it evaluates: what clan accepts without a word and users never
// get told. It works on an inventory that is loaded already, and is pure.
//
// Each kind of finding has a code; [instance.Codes] lists them, and docs/findings.md explains them.
package check

import (
	"maps"
	"slices"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/pkg/instance"
)

// rule is a check, and what has to be known for it to say anything.
type rule struct {
	check func(*checker)
	needs need
}

// rules are all checks, each of one kind of finding.
var rules = []rule{
	{unknownMachines, allMachines},
	{hostNames, clanCore},
	{tagsOfRoles, allMachines},
	{unusedTags, allMachines | allInstances},
	{ghostTagMembers, allMachines},
	{rolesWithoutMembers, allMachines},
	{keyCollisions, clanCore},
	{splitServices, clanCore},
	{deprecatedModules, 0},
	{tooManyInstances, clanCore | allInstances},
	{membersOfRoles, allMachines},
	{replacedReservedTags, allMachines},
	{legacyServices, 0},
	{idleMacs, 0},
	{refusedRoles, 0},
	{missingFiles, 0},
	{missingModules, allInstances},
	{untrackedFiles, clanCore},
	{unreachableMachines, 0},
	{singleControllers, 0},
	{unreadExports, allInstances},
	{duplicateEndpoints, 0},
	{missingVars, 0},
}

// need is a set of what may not be known of a clan.
type need int

const (
	// allMachines: all machines and the tags that they carry.
	allMachines need = 1 << iota
	// allInstances: the inventory is not limited to some of them.
	allInstances
	// clanCore: clan itself evaluates the inventory, and not only clanctl.
	clanCore
)

// checker collects what is found in an inventory.
type checker struct {
	*instance.Inventory
	facts *facts.Inventory
	found []instance.Finding
}

// run returns what rules find, beside what is in the inventory.
func run(inv *instance.Inventory, rules []rule) []instance.Finding {
	c := &checker{inv, facts.Of(inv), []instance.Finding{}}
	var known need
	if inv.MachinesKnown() {
		known |= allMachines
	}
	if len(inv.Instances) == len(inv.InstanceNames()) {
		known |= allInstances
	}
	if inv.Flake.Layout != facts.LayoutInventory {
		known |= clanCore
	}
	for _, rule := range rules {
		if rule.needs&^known == 0 {
			rule.check(c)
		}
	}
	return c.found
}

// All returns what is wrong with a clan together with the findings of its inventory, sorted as
// [instance.Finding.Compare] does; what the inventory has already, once.
func All(inv *instance.Inventory) []instance.Finding {
	known := map[string]bool{}
	for _, f := range inv.Findings {
		known[f.Key()] = true
	}
	findings := slices.DeleteFunc(run(inv, rules), func(f instance.Finding) bool { return known[f.Key()] })
	findings = append(findings, inv.Findings...)
	slices.SortFunc(findings, instance.Finding.Compare)
	return findings
}

// named is the cause that a wrong name is, with what it may have meant.
func named(name string, known []string) (cause instance.Cause) {
	cause.Near, cause.Known = nearest.Or(nearest.Of(name, known), known)
	return cause
}

// add is for a finding at the place of what it is about, or of a part of that.
func (c *checker) add(code string, about instance.Subject, cause instance.Cause, part ...string) {
	var path []string
	switch {
	case about.Module != "":
		path = []string{"modules", about.Module}
	case about.Instance == "":
		path = []string{"machines", about.Machine}
	case about.Role == "":
		path = []string{"instances", about.Instance}
	default:
		path = []string{"instances", about.Instance, "roles", about.Role}
	}
	c.at(append(path, part...), code, about, cause)
}

// at is for a finding at the place of an inventory option, or of what is around it.
func (c *checker) at(path []string, code string, about instance.Subject, cause instance.Cause) {
	f := instance.NewFinding(code, about, cause)
	if pos := c.Where(path...); pos != nil {
		f.Position = *pos
	}
	c.found = append(c.found, f)
}

// about is a role as the subject of a finding.
func about(ref instance.Scope) instance.Subject {
	return instance.Subject{Instance: ref.Instance, Role: ref.Role}
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
