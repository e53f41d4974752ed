package view

import (
	"slices"

	"github.com/clanctl/clanctl/internal/natural"
	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/tags"
)

// MachineList tells what runs where.
type MachineList struct {
	// Findings say what is missing from the machines, or may be.
	Findings []instance.Finding `json:"findings"`
	// Machines are in order of their names.
	Machines []Machine `json:"machines"`
}

// Machine is a machine and all that runs there.
type Machine struct {
	Class       string         `json:"class"`
	Deploy      map[string]any `json:"deploy,omitempty"`
	Description string         `json:"description,omitempty"`
	// Memberships are in order of instance and role.
	Memberships []Membership       `json:"memberships"`
	Name        string             `json:"name"`
	Position    *instance.Position `json:"position,omitempty"`
	// Tags are the effective tags, sorted.
	Tags []string `json:"tags"`
}

// Membership is a role that a machine has in an instance, and why.
type Membership struct {
	// Explicit: the role names the machine.
	Explicit bool   `json:"explicit"`
	Instance string `json:"instance"`
	Module   Module `json:"module"`
	Role     string `json:"role"`
	// Settings are the machine's final settings; nil where they were not asked for, or a finding says why they are missing.
	Settings *instance.Settings `json:"settings,omitzero"`
	// Tags are the role's tags that the machine carries, sorted.
	Tags []string `json:"tags"`
}

// Machines shows the named machines, all without names, as far as the query takes them. The error is a [*tags.UnknownError].
func Machines(inv *instance.Inventory, names []string, q Query) (*MachineList, error) {
	f, err := q.resolve(inv)
	if err != nil {
		return nil, err
	}
	if f.machines, err = named("machine", names, inv.Index().Machines(), f.machines); err != nil {
		return nil, err
	}
	memberships := map[string][]Membership{}
	f.each(inv, func(ref RoleRef, inst *instance.Instance, role *instance.Role) {
		for name, member := range role.Machines {
			if takes(f.machines, name) {
				memberships[name] = append(memberships[name], Membership{
					Explicit: member.Explicit, Instance: ref.Instance, Module: moduleOf(inst), Role: ref.Role,
					Settings: member.Settings, Tags: member.Tags,
				})
			}
		}
	})
	list := &MachineList{Findings: f.findings(inv), Machines: []Machine{}}
	for _, name := range natural.Keys(inv.Machines) {
		if !takes(f.machines, name) || q.Memberships() && memberships[name] == nil {
			continue
		}
		m := inv.Machines[name]
		shown := Machine{Class: m.Class, Deploy: m.Deploy, Description: m.Description, Memberships: memberships[name],
			Name: name, Position: inv.Where("machines", name), Tags: m.Tags}
		if shown.Memberships == nil {
			shown.Memberships = []Membership{}
		}
		list.Machines = append(list.Machines, shown)
	}
	return list, nil
}

// named limits a set to the names, each of which must be known.
func named(kind string, names, known []string, among map[string]bool) (map[string]bool, error) {
	if len(names) == 0 {
		return among, nil
	}
	limited := map[string]bool{}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, &tags.UnknownError{Kind: kind, Name: name, Known: known, Nearest: nearest.Of(name, known)}
		}
		if takes(among, name) {
			limited[name] = true
		}
	}
	return limited, nil
}
