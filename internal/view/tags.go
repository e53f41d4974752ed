package view

import (
	"slices"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/natural"
	"github.com/clanctl/clanctl/pkg/instance"
)

// TagList tells who carries which tag, from where, and which roles take machines by it.
type TagList struct {
	// Findings say what is missing from the tags, or may be.
	Findings []instance.Finding `json:"findings"`
	// Tags are in order of their names.
	Tags []Tag `json:"tags"`
}

// Tag is a tag that is declared or carried by a machine.
type Tag struct {
	// Declared is where `inventory.tags` comes to know the tag; empty where only machines give it to themselves.
	Declared Source `json:"declared,omitempty"`
	// Machines are those that carry the tag, in order of their names.
	Machines []Carrier          `json:"machines"`
	Name     string             `json:"name"`
	Position *instance.Position `json:"position,omitempty"`
	// Roles are those that take machines by the tag, in order of instance and role.
	Roles []RoleRef `json:"roles"`
	// Unknown are names that `inventory.tags` lists, though the clan has no such machine.
	Unknown []string `json:"unknown,omitempty"`
}

// Source is where a machine has a tag from.
type Source string

const (
	// FromMachine: from the machine's own `tags`.
	FromMachine Source = "machine"
	// FromInventory: from a list in `inventory.tags`.
	FromInventory Source = "inventory"
	// FromPredefined: clan's own tag `all`, `nixos` or `darwin`.
	FromPredefined Source = "predefined"
	// FromComputed: `inventory.tags` computes its members by a function.
	FromComputed Source = "computed"
)

// Carrier is a machine that carries a tag.
type Carrier struct {
	// From is where the machine has it from; a machine that `inventory.tags` lists may also have it of its own.
	From    Source `json:"from"`
	Machine string `json:"machine"`
}

// RoleRef names a role of an instance.
type RoleRef struct {
	Instance string `json:"instance"`
	Role     string `json:"role"`
}

// Tags shows the named tags, all without names. The error is a [*tags.UnknownError].
func Tags(inv *instance.Inventory, names []string) (*TagList, error) {
	known := natural.Keys(inv.Tags)
	wanted, err := thingsNamed("tag", known).of(names, nil)
	if err != nil {
		return nil, err
	}
	users := map[string][]RoleRef{}
	filter{}.each(inv, func(ref instance.Scope, inst *instance.Instance, role *instance.Role) {
		for _, tag := range role.Tags {
			users[tag] = append(users[tag], RoleRef{ref.Instance, ref.Role})
		}
	})
	list := &TagList{Findings: filter{}.findings(inv), Tags: []Tag{}}
	for _, name := range known {
		if !takes(wanted, name) {
			continue
		}
		tag := Tag{Declared: declaredBy(inv, name), Machines: []Carrier{}, Name: name,
			Position: inv.Where("tags", name), Roles: users[name]}
		if tag.Roles == nil {
			tag.Roles = []RoleRef{}
		}
		for _, machine := range natural.Sort(slices.Clone(inv.Tags[name])) {
			from := FromMachine
			if slices.Contains(facts.Of(inv).DeclaredTags[name], machine) {
				from = tag.Declared
			}
			tag.Machines = append(tag.Machines, Carrier{from, machine})
		}
		for _, machine := range facts.Of(inv).DeclaredTags[name] {
			if inv.MachinesKnown() && inv.Machines[machine] == nil {
				tag.Unknown = append(tag.Unknown, machine)
			}
		}
		list.Tags = append(list.Tags, tag)
	}
	return list, nil
}

// declaredBy says where `inventory.tags` has a tag from: what is written has a place, what a function gives has none.
func declaredBy(inv *instance.Inventory, tag string) Source {
	switch _, declared := facts.Of(inv).DeclaredTags[tag]; {
	case !declared:
		return ""
	case inv.Where("tags", tag) != nil:
		return FromInventory
	case codes.IsPredefinedTag(tag):
		return FromPredefined
	case !placesKnown(inv):
		return FromInventory
	}
	return FromComputed
}

// placesKnown reports whether anything has a place: clan-core before 2025-09 keeps none, and then nothing can be told
// from that.
func placesKnown(inv *instance.Inventory) bool {
	if inv.Flake.Layout != facts.LayoutInternals {
		return true
	}
	for name := range inv.Machines {
		if inv.Where("machines", name) != nil {
			return true
		}
	}
	return false
}
