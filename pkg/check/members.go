package check

import (
	"fmt"
	"maps"
	"slices"

	"github.com/clanctl/clanctl/internal/nearest"
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
			f := instance.Finding{Code: "unknown-machine", Severity: instance.SeverityWarning,
				Instance: inst.Name, Role: role.Name, Machine: name,
				Message: fmt.Sprintf("the clan has no machine %q; it counts as a member, but nothing is deployed anywhere", name)}
			switch near := nearest.Of(name, inv.Index().Machines()); {
			case inv.Tags[name] != nil:
				f.Hint = fmt.Sprintf("%q is a tag: write roles.%s.tags.%q", name, role.Name, name)
			case len(near) > 0:
				f.Hint = "did you mean " + nearest.List(near) + "?"
			default:
				f.Hint = "the machines are " + nearest.List(inv.Index().Machines())
			}
			found = append(found, at(inv, f, "instances", inst.Name, "roles", role.Name, "machines", name))
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
			f := instance.Finding{Code: "unknown-tag", Severity: instance.SeverityWarning, Instance: inst.Name, Role: role.Name,
				Message: fmt.Sprintf("no machine carries the tag %q", tag)}
			_, declared := inv.Tags[tag]
			near := nearest.Of(tag, inv.Index().Tags())
			switch {
			case declared:
				f.Code = "empty-tag"
				f.Message = fmt.Sprintf("the tag %q has no members", tag)
				f.Hint = "give the tag members, or remove it from the role"
			case inv.Index().Has(tag):
				f.Hint = fmt.Sprintf("%q is a machine: write roles.%s.machines.%q", tag, role.Name, tag)
			case len(near) > 0:
				f.Hint = "did you mean " + nearest.List(near) + "?"
			default:
				f.Hint = "the tags are " + nearest.List(inv.Index().Tags())
			}
			found = append(found, at(inv, f, "instances", inst.Name, "roles", role.Name, "tags", tag))
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
		f := instance.Finding{Code: "role-without-members", Severity: instance.SeverityWarning, Instance: inst.Name, Role: role.Name,
			Message: fmt.Sprintf("the role %q has no members", role.Name),
			Hint:    "add members, or remove the role"}
		switch {
		case hasSettings(role):
			f.Code = "unchecked-settings"
			f.Message = fmt.Sprintf("the role %q has settings but no members, so that nobody ever checks them", role.Name)
		case len(role.Tags) > 0:
			return
		}
		found = append(found, at(inv, f, "instances", inst.Name, "roles", role.Name))
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
