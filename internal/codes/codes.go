// Package codes has words of the documents that are no constants of the public packages: codes of findings
// that neither an inventory nor package check ever holds, of modules, for their authors, and of what a clan's
// own policy says; and values that the types' own comments list.
package codes

// Of one of the flake's own modules.
const (
	ConstraintOfUnknownRole = "constraint-of-unknown-role"
	ImpossibleConstraint    = "impossible-constraint"
	InterfaceFailed         = "interface-failed"
	InterfaceNotJSON        = "interface-not-json"
	ModuleWithoutName       = "module-without-name"
	ModuleWithoutReadme     = "module-without-readme"
	RoleWithoutBehaviour    = "role-without-behaviour"
	RoleWithoutDescription  = "role-without-description"
	RoleWithoutInterface    = "role-without-interface"
)

// Of ignores and rules.
const (
	InvalidIgnore = "invalid-ignore"
	RuleFailed    = "rule-failed"
	UnusedIgnore  = "unused-ignore"
)
