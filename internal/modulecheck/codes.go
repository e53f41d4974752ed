package modulecheck

import "github.com/clanctl/clanctl/pkg/instance"

// Codes are the codes of findings that [Run] gives and package check never does.
func Codes() []instance.Code {
	return []instance.Code{
		instance.CodeModuleWithoutName, instance.CodeModuleWithoutReadme, instance.CodeRoleWithoutBehaviour, instance.CodeRoleWithoutInterface,
		instance.CodeRoleWithoutDescription, instance.CodeInterfaceFailed, instance.CodeInterfaceNotJSON, instance.CodeImpossibleConstraint,
		instance.CodeConstraintOfUnknownRole,
	}
}
