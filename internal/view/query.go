package view

import (
	"maps"
	"slices"

	"github.com/clanctl/clanctl/internal/permachine"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/tags"
)

// Query narrows a view to the memberships that fit all of its fields: a machine in a role of an instance of a service.
// The zero value takes everything, and then also machines and instances without any membership.
type Query struct {
	// On selects machines.
	On *tags.Selector
	// Instance, Service and Role select by name: of the instance, of its module, of the role.
	Instance, Service, Role *tags.Selector
}

// Memberships reports whether the query asks for more than machines, so that it takes an inventory with instances.
func (q Query) Memberships() bool { return q.Instance != nil || q.Service != nil || q.Role != nil }

// filter is a query with its selectors resolved. A nil set takes everything.
type filter struct{ machines, instances, services, roles map[string]bool }

func (q Query) resolve(inv *instance.Inventory) (f filter, err error) {
	if q.On != nil {
		machines := slices.Collect(maps.Keys(inv.Machines))
		if f.machines, err = set(q.On.Machines(machines, inv.Tags)); err != nil {
			return f, err
		}
	}
	if q.Instance != nil {
		if f.instances, err = set(q.Instance.Names("instance", inv.InstanceNames())); err != nil {
			return f, err
		}
	}
	var services, roles []string
	for _, inst := range inv.Instances {
		services = append(services, inst.Module.Name)
		roles = slices.AppendSeq(roles, maps.Keys(inst.Roles))
	}
	if q.Service != nil {
		if f.services, err = set(q.Service.Names("service", services)); err != nil {
			return f, err
		}
	}
	if q.Role != nil {
		f.roles, err = set(q.Role.Names("role", roles))
	}
	return f, err
}

func set(names []string, err error) (map[string]bool, error) {
	s := make(map[string]bool, len(names))
	for _, name := range names {
		s[name] = true
	}
	return s, err
}

func takes(s map[string]bool, name string) bool { return s == nil || s[name] }

func (f filter) takesRole(ref instance.Scope, inst *instance.Instance) bool {
	return takes(f.instances, ref.Instance) && takes(f.services, inst.Module.Name) && takes(f.roles, ref.Role)
}

// each calls do for every role that the filter takes, in order of names.
func (f filter) each(inv *instance.Inventory, do func(instance.Scope, *instance.Instance, *instance.Role)) {
	for ref, role := range inv.Roles() {
		if inst := inv.Instances[ref.Instance]; f.takesRole(ref, inst) {
			do(ref, inst, role)
		}
	}
}

// findings are those that are about something the filter takes, or about something so broken that nobody knows.
func (f filter) findings(inv *instance.Inventory) []instance.Finding {
	found := []instance.Finding{}
	for _, finding := range inv.Findings {
		if f.concerns(inv, finding) {
			found = append(found, finding)
		}
	}
	return found
}

func (f filter) concerns(inv *instance.Inventory, finding instance.Finding) bool {
	if finding.Machine != "" &&
		!slices.ContainsFunc(permachine.Machines(finding), func(name string) bool { return takes(f.machines, name) }) {
		return false
	}
	inst := inv.Instances[finding.Instance]
	if inst == nil {
		return finding.Instance == "" || takes(f.instances, finding.Instance)
	}
	roles := slices.Collect(maps.Keys(inst.Roles))
	if finding.Role != "" {
		if inst.Roles[finding.Role] == nil {
			return f.takesRole(instance.Scope{Instance: finding.Instance, Role: finding.Role}, inst)
		}
		roles = []string{finding.Role}
	}
	return len(roles) == 0 ||
		slices.ContainsFunc(roles, func(role string) bool {
			return f.takesMembers(instance.Scope{Instance: finding.Instance, Role: role}, inst)
		})
}

// takesMembers reports whether the filter takes a role and, where it is about machines, one of the role's members.
func (f filter) takesMembers(ref instance.Scope, inst *instance.Instance) bool {
	if !f.takesRole(ref, inst) {
		return false
	}
	for name := range inst.Roles[ref.Role].Machines {
		if takes(f.machines, name) {
			return true
		}
	}
	return f.machines == nil
}

// Module is the service module of an instance.
type Module struct {
	// Description is what the module says of itself.
	Description string `json:"description,omitempty"`
	// Input is the flake input that the instance names; nil where it names none.
	Input *string `json:"input"`
	Name  string  `json:"name"`
	// Resolved is the input that the reference leads to, "self" for the flake; empty where it leads nowhere.
	Resolved string `json:"resolved,omitempty"`
}

func moduleOf(inst *instance.Instance) Module {
	m := Module{Input: inst.Module.Input, Name: inst.Module.Name, Resolved: inst.Module.Resolved}
	if inst.Module.Manifest != nil {
		m.Description = inst.Module.Manifest.Description
	}
	return m
}
