package check

import (
	"github.com/clanctl/clanctl/pkg/instance"
)

// unknownMachines: a role names a machine that the clan does not have. Clan counts it as a member all the same.
func unknownMachines(inv *instance.Inventory) []instance.Finding {
	if !inv.MachinesKnown() {
		return nil
	}
	var found []instance.Finding
	index := inv.Index()
	for ref, role := range inv.Roles() {
		for name := range role.Machines {
			if index.Has(name) {
				continue
			}
			cause := instance.Cause{Also: "tag"}
			if inv.Tags[name] == nil {
				cause = named(name, index.Machines())
			}
			found = append(found, at(inv, []string{"instances", ref.Instance, "roles", ref.Role, "machines", name},
				instance.CodeUnknownMachine, instance.Subject{Instance: ref.Instance, Role: ref.Role, Machine: name}, cause))
		}
	}
	return found
}

// tagsOfRoles: a role takes machines by a tag that no machine carries.
func tagsOfRoles(inv *instance.Inventory) []instance.Finding {
	if !inv.MachinesKnown() {
		return nil
	}
	var found []instance.Finding
	index := inv.Index()
	for ref, role := range inv.Roles() {
		for _, tag := range role.Tags {
			if len(index.Carriers(tag)) > 0 {
				continue
			}
			code, cause := instance.CodeUnknownTag, instance.Cause{}
			switch _, declared := inv.Tags[tag]; {
			case declared:
				code = instance.CodeEmptyTag
			case index.Has(tag):
				cause.Also = "machine"
			default:
				cause = named(tag, index.Tags())
			}
			cause.Tag = tag
			found = append(found, at(inv, []string{"instances", ref.Instance, "roles", ref.Role, "tags", tag},
				code, instance.Subject{Instance: ref.Instance, Role: ref.Role}, cause))
		}
	}
	return found
}

// rolesWithoutMembers: nothing comes of the role, and nobody ever checks its settings. Where its tags have no members, a
// finding says so of each tag, and this one would say it again.
func rolesWithoutMembers(inv *instance.Inventory) []instance.Finding {
	if !inv.MachinesKnown() {
		return nil
	}
	var found []instance.Finding
	for ref, role := range inv.Roles() {
		if len(role.Machines) > 0 || role.SettingsFrom == instance.SettingsNone {
			continue // not empty, or not evaluated, which another finding says
		}
		code := instance.CodeRoleWithoutMembers
		switch {
		case hasSettings(role):
			code = instance.CodeUncheckedSettings
		case len(role.Tags) > 0:
			continue
		}
		found = append(found, at(inv, []string{"instances", ref.Instance, "roles", ref.Role},
			code, instance.Subject{Instance: ref.Instance, Role: ref.Role}, instance.Cause{}))
	}
	return found
}

func hasSettings(role *instance.Role) bool {
	set := len(role.Layers.Role) > 0
	for _, layer := range role.Layers.Tags {
		set = set || len(layer) > 0
	}
	return set
}

// idleMacs: the service has no module for Macs, and clan deploys nothing of it to those among the members.
func idleMacs(inv *instance.Inventory) []instance.Finding {
	var found []instance.Finding
	for ref, role := range inv.Roles() {
		if len(role.Idle) > 0 {
			found = append(found, at(inv, []string{"instances", ref.Instance, "roles", ref.Role}, instance.CodeIdleMacs,
				instance.Subject{Instance: ref.Instance, Role: ref.Role},
				instance.Cause{Service: inv.Instances[ref.Instance].Module.Spec().String(), Names: instance.Shown(role.Idle)}))
		}
	}
	return found
}
