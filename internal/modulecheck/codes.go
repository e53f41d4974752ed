package modulecheck

import "github.com/clanctl/clanctl/internal/codes"

// Codes are the codes of findings that [Run] gives and package check never does.
func Codes() []string {
	return []string{
		codes.ModuleWithoutName, codes.ModuleWithoutReadme, codes.RoleWithoutBehaviour, codes.RoleWithoutInterface,
		codes.RoleWithoutDescription, codes.InterfaceFailed, codes.InterfaceNotJSON, codes.ImpossibleConstraint,
		codes.ConstraintOfUnknownRole,
	}
}
