package check

import (
	"maps"
	"slices"

	"github.com/clanctl/clanctl/pkg/instance"
)

// eachRole calls f for every role of every instance, in order of names.
func eachRole(inv *instance.Inventory, f func(*instance.Instance, *instance.Role)) {
	for _, name := range slices.Sorted(maps.Keys(inv.Instances)) {
		inst := inv.Instances[name]
		for _, role := range slices.Sorted(maps.Keys(inst.Roles)) {
			f(inst, inst.Roles[role])
		}
	}
}

// unknownMachines: a role names a machine that the clan does not have. Clan counts it as a member all the same.
func unknownMachines(inv *instance.Inventory) []instance.Finding {
	if !inv.MachinesKnown() {
		return nil
	}
	var found []instance.Finding
	eachRole(inv, func(inst *instance.Instance, role *instance.Role) {
		for name := range role.Machines {
			if inv.Index().Has(name) {
				continue
			}
			cause := instance.Cause{Also: "tag"}
			if inv.Tags[name] == nil {
				cause = named(name, inv.Index().Machines())
			}
			found = append(found, at(inv, []string{"instances", inst.Name, "roles", role.Name, "machines", name},
				instance.CodeUnknownMachine, instance.Subject{Instance: inst.Name, Role: role.Name, Machine: name}, cause))
		}
	})
	return found
}

// tagsOfRoles: a role takes machines by a tag that no machine carries.
func tagsOfRoles(inv *instance.Inventory) []instance.Finding {
	if !inv.MachinesKnown() {
		return nil
	}
	var found []instance.Finding
	eachRole(inv, func(inst *instance.Instance, role *instance.Role) {
		for _, tag := range role.Tags {
			if len(inv.Index().Carriers(tag)) > 0 {
				continue
			}
			code, cause := instance.CodeUnknownTag, instance.Cause{}
			switch _, declared := inv.Tags[tag]; {
			case declared:
				code = instance.CodeEmptyTag
			case inv.Index().Has(tag):
				cause.Also = "machine"
			default:
				cause = named(tag, inv.Index().Tags())
			}
			cause.Tag = tag
			found = append(found, at(inv, []string{"instances", inst.Name, "roles", role.Name, "tags", tag},
				code, instance.Subject{Instance: inst.Name, Role: role.Name}, cause))
		}
	})
	return found
}

// rolesWithoutMembers: nothing comes of the role, and nobody ever checks its settings. Where its tags have no members, a
// finding says so of each tag, and this one would say it again.
func rolesWithoutMembers(inv *instance.Inventory) []instance.Finding {
	if !inv.MachinesKnown() {
		return nil
	}
	var found []instance.Finding
	eachRole(inv, func(inst *instance.Instance, role *instance.Role) {
		if len(role.Machines) > 0 || role.SettingsFrom == instance.FromNowhere {
			return // not empty, or not evaluated, which another finding says
		}
		code := instance.CodeRoleWithoutMembers
		switch {
		case hasSettings(role):
			code = instance.CodeUncheckedSettings
		case len(role.Tags) > 0:
			return
		}
		found = append(found, at(inv, []string{"instances", inst.Name, "roles", role.Name},
			code, instance.Subject{Instance: inst.Name, Role: role.Name}, instance.Cause{}))
	})
	return found
}

func hasSettings(role *instance.Role) bool {
	set := len(role.Layers.Role) > 0
	for _, layer := range role.Layers.Tags {
		set = set || len(layer) > 0
	}
	return set
}
