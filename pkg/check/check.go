// Package check finds what is wrong with a clan though it evaluates: what clan accepts without a word and users never
// get told. It works on an inventory that is loaded already, and is pure.
//
// Each kind of finding has a code; [instance.Codes] lists them, and docs/findings.md explains them.
package check

import (
	"slices"

	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/pkg/instance"
)

// rules are all checks, each of one kind of finding.
var rules = []func(*instance.Inventory) []instance.Finding{
	unknownMachines,
	hostNames,
	tagsOfRoles,
	unusedTags,
	ghostTagMembers,
	rolesWithoutMembers,
	keyCollisions,
	splitServices,
	deprecatedModules,
	constraints,
	replacedReservedTags,
	legacyServices,
	idleMacs,
	refusedRoles,
	missingFiles,
	missingModules,
	untrackedFiles,
	unreachableMachines,
	singleControllers,
	unreadExports,
	duplicateEndpoints,
	missingVars,
}

// Run returns the findings, sorted as [instance.Finding.Compare] does. They come beside those that are in the
// inventory.
func Run(inv *instance.Inventory) []instance.Finding {
	findings := []instance.Finding{}
	for _, rule := range rules {
		findings = append(findings, rule(inv)...)
	}
	slices.SortFunc(findings, instance.Finding.Compare)
	return findings
}

// All returns the findings of [Run] and those of the inventory together, sorted; what the inventory has already, once.
func All(inv *instance.Inventory) []instance.Finding {
	known := map[string]bool{}
	for _, f := range inv.Findings {
		known[f.Key()] = true
	}
	findings := slices.DeleteFunc(Run(inv), func(f instance.Finding) bool { return known[f.Key()] })
	findings = append(findings, inv.Findings...)
	slices.SortFunc(findings, instance.Finding.Compare)
	return findings
}

// named is the cause that a wrong name is, with what it may have meant.
func named(name string, known []string) instance.Cause {
	return instance.Cause{}.WithNames(nearest.Of(name, known), known)
}

// at is a finding at the place of an inventory option, or of what is around it.
func at(inv *instance.Inventory, path []string, code string, about instance.Subject,
	cause instance.Cause) instance.Finding {
	f := instance.NewFinding(code, about, cause)
	if pos := inv.Where(path...); pos != nil {
		f.Position = *pos
	}
	return f
}
