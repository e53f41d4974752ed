package check

import "github.com/clanctl/clanctl/pkg/instance"

// ModuleCodes are the codes of findings that [Modules] gives and [All] never does.
func ModuleCodes() []instance.Code {
	return []instance.Code{
		instance.CodeModuleWithoutName, instance.CodeModuleWithoutReadme, instance.CodeRoleWithoutBehaviour, instance.CodeRoleWithoutInterface,
		instance.CodeRoleWithoutDescription, instance.CodeInterfaceFailed, instance.CodeInterfaceNotJSON, instance.CodeImpossibleConstraint,
		instance.CodeConstraintOfUnknownRole,
	}
}
