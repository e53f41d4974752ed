package check

import (
	"maps"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/module"
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
				codes.UnknownMachine, instance.Subject{Instance: ref.Instance, Role: ref.Role, Machine: name},
				cause))
		}
	}
	return found
}

// isHostName tells what NixOS takes for networking.hostName (nixpkgs: nixos/modules/tasks/network-interfaces.nix).
func isHostName(name string) bool {
	const alnum = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	inner := strings.Trim(name, "-_")
	return name != "" && len(name) <= 63 && inner == name && strings.Trim(name, alnum+"-_") == ""
}

// hostNames: clan makes a machine's name its host name, and NixOS takes only some names.
func hostNames(inv *instance.Inventory) []instance.Finding {
	if inv.Flake.Layout == facts.LayoutInventory {
		return nil
	}
	var found []instance.Finding
	for _, name := range slices.Sorted(maps.Keys(inv.Machines)) {
		if inv.Machines[name].Class == "nixos" && !isHostName(name) {
			found = append(found,
				at(inv, []string{"machines", name}, codes.InvalidHostName, instance.Subject{Machine: name},
					instance.Cause{}))
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
			code, cause := codes.UnknownTag, instance.Cause{}
			switch _, declared := inv.Tags[tag]; {
			case declared:
				code = codes.EmptyTag
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

// rolesWithoutMembers: nothing comes of the role, and nobody ever checks its settings. Where its tags have no members,
// a finding says so of each tag, and this one would say it again. Somebody who writes `machines = { }` knows, and so
// does a module that counts the role's machines.
func rolesWithoutMembers(inv *instance.Inventory) []instance.Finding {
	if !inv.MachinesKnown() {
		return nil
	}
	var found []instance.Finding
	for ref, role := range inv.Roles() {
		if len(role.Machines) > 0 || role.SettingsFrom == codes.SettingsNone {
			continue // not empty, or not evaluated, which another finding says
		}
		path := []string{"instances", ref.Instance, "roles", ref.Role}
		code := codes.RoleWithoutMembers
		switch {
		case slices.ContainsFunc(role.Tags, func(tag string) bool { return isSlip(inv, tag) }):
			continue // with the right name, all is as it should be
		case hasSettings(role):
			code = codes.UncheckedSettings
		case len(role.Tags) > 0, facts.Of(inv).Places.At(append(path, "machines")...) != nil,
			facts.Of(inv).Places.At(append(path, "tags")...) != nil,
			allowsNone(inv.Instances[ref.Instance].Module.Manifest, ref.Role):
			continue
		}
		found = append(found,
			at(inv, path, code, instance.Subject{Instance: ref.Instance, Role: ref.Role}, instance.Cause{}))
	}
	return found
}

// isSlip reports whether a tag of a role is the wrong name of one that there is, or of a machine.
func isSlip(inv *instance.Inventory, tag string) bool {
	index := inv.Index()
	return inv.Tags[tag] == nil && (index.Has(tag) || len(nearest.Of(tag, index.Tags())) > 0)
}

// allowsNone reports whether a module limits the machines of a role, and none are enough. Too few are another finding.
func allowsNone(manifest *module.Manifest, role string) bool {
	if manifest == nil {
		return false
	}
	roles, _ := manifest.Constraints["roles"].(map[string]any)
	_, limits := roles[role].(map[string]any)
	return limits
}

func hasSettings(role *instance.Role) bool {
	set := len(facts.OfRole(role).Layers.Role) > 0
	for _, layer := range facts.OfRole(role).Layers.Tags {
		set = set || len(layer) > 0
	}
	return set
}

// byAll is "all" where that is the tag by which machines are in the role.
func byAll(role *instance.Role) string {
	if slices.Contains(role.Tags, "all") {
		return "all"
	}
	return ""
}

// refusedRoles: the module has an assertion that holds on no machine, which is how modules take a role away.
func refusedRoles(inv *instance.Inventory) []instance.Finding {
	var found []instance.Finding
	for ref, role := range inv.Roles() {
		if messages := facts.OfRole(role).Refused; len(messages) > 0 {
			found = append(found, at(inv, []string{"instances", ref.Instance, "roles", ref.Role}, codes.RefusedRole,
				instance.Subject{Instance: ref.Instance, Role: ref.Role},
				instance.Cause{Message: strings.Join(messages, "\n")}))
		}
	}
	return found
}

// idleMacs: the service has no module for Macs, and clan deploys nothing of it to those among the members.
func idleMacs(inv *instance.Inventory) []instance.Finding {
	var found []instance.Finding
	for ref, role := range inv.Roles() {
		if len(facts.OfRole(role).Idle) > 0 {
			found = append(found, at(inv, []string{"instances", ref.Instance, "roles", ref.Role}, codes.IdleMacs,
				instance.Subject{Instance: ref.Instance, Role: ref.Role},
				instance.Cause{Service: inv.Instances[ref.Instance].Module.Spec().String(),
					Names: nearest.First(facts.OfRole(role).Idle), Tag: byAll(role)}))
		}
	}
	return found
}
