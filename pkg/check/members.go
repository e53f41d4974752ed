package check

import (
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/module"
)

// unknownMachines: a role names a machine that the clan does not have. Clan counts it as a member all the same.
func unknownMachines(c *checker) {
	for ref, role := range c.Roles() {
		for name := range role.Machines {
			if c.Machines[name] != nil {
				continue
			}
			cause := instance.Cause{Also: "tag"}
			if c.Tags[name] == nil {
				cause = named(name, sortedKeys(c.Machines))
			}
			c.add(codes.UnknownMachine,
				instance.Subject{Instance: ref.Instance, Role: ref.Role, Machine: name}, cause, "machines", name)
		}
	}
}

// isHostName tells what NixOS takes for networking.hostName (nixpkgs: nixos/modules/tasks/network-interfaces.nix).
func isHostName(name string) bool {
	const alnum = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	inner := strings.Trim(name, "-_")
	return name != "" && len(name) <= 63 && inner == name && strings.Trim(name, alnum+"-_") == ""
}

// hostNames: clan makes a machine's name its host name, and NixOS takes only some names.
func hostNames(c *checker) {
	for name, machine := range c.Machines {
		if machine.Class == "nixos" && !isHostName(name) {
			c.add(codes.InvalidHostName, instance.Subject{Machine: name}, instance.Cause{})
		}
	}
}

// tagsOfRoles: a role takes machines by a tag that no machine carries.
func tagsOfRoles(c *checker) {
	for ref, role := range c.Roles() {
		for _, tag := range role.Tags {
			if len(c.Tags[tag]) > 0 {
				continue
			}
			code, cause := codes.UnknownTag, instance.Cause{}
			switch _, declared := c.Tags[tag]; {
			case declared:
				code = codes.EmptyTag
			case c.Machines[tag] != nil:
				cause.Also = "machine"
			default:
				cause = named(tag, c.carriedTags())
			}
			cause.Tag = tag
			c.add(code, about(ref), cause, "tags", tag)
		}
	}
}

// rolesWithoutMembers: nothing comes of the role, and nobody ever checks its settings. Where its tags have no members,
// a finding says so of each tag, and this one would say it again. Somebody who writes `machines = { }` knows, and so
// does a module that counts the role's machines.
func rolesWithoutMembers(c *checker) {
	for ref, role := range c.Roles() {
		if len(role.Machines) > 0 || role.SettingsFrom == codes.SettingsNone {
			continue // not empty, or not evaluated, which another finding says
		}
		code := codes.RoleWithoutMembers
		written := c.facts.Places.At("instances", ref.Instance, "roles", ref.Role)
		switch {
		case slices.ContainsFunc(role.Tags, c.isSlip):
			continue // with the right name, all is as it should be
		case hasSettings(role):
			code = codes.UncheckedSettings
		case len(role.Tags) > 0, written.At("machines") != nil, written.At("tags") != nil,
			allowsNone(c.Instances[ref.Instance].Module.Manifest, ref.Role):
			continue
		}
		c.add(code, about(ref), instance.Cause{})
	}
}

// isSlip reports whether a tag of a role is the wrong name of one that there is, or of a machine.
func (c *checker) isSlip(tag string) bool {
	return c.Tags[tag] == nil && (c.Machines[tag] != nil || len(nearest.Of(tag, c.carriedTags())) > 0)
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

// refusedRoles: the module has an assertion that holds on no machine, which is how modules take a role away.
func refusedRoles(c *checker) {
	for ref, role := range c.Roles() {
		if messages := facts.OfRole(role).Refused; len(messages) > 0 {
			c.add(codes.RefusedRole, about(ref), instance.Cause{Message: strings.Join(messages, "\n")})
		}
	}
}

// idleMacs: the service has no module for Macs, and clan deploys nothing of it to those among the members.
func idleMacs(c *checker) {
	for ref, role := range c.Roles() {
		idle := facts.OfRole(role).Idle
		if len(idle) == 0 {
			continue
		}
		cause := instance.Cause{Service: c.Instances[ref.Instance].Module.Spec().String(), Names: nearest.First(idle)}
		if slices.Contains(role.Tags, "all") {
			cause.Tag = "all"
		}
		c.add(codes.IdleMacs, about(ref), cause)
	}
}
