package modulecheck

import (
	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/pkg/instance"
)

// Codes are the codes of findings that [Run] gives and package check never does.
func Codes() []instance.Code {
	return []instance.Code{
		codes.ModuleWithoutName, codes.ModuleWithoutReadme, codes.RoleWithoutBehaviour, codes.RoleWithoutInterface,
		codes.RoleWithoutDescription, codes.InterfaceFailed, codes.InterfaceNotJSON, codes.ImpossibleConstraint,
		codes.ConstraintOfUnknownRole,
	}
}
