// Package invtest makes inventories by hand, for tests that need no Nix.
package invtest

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/internal/members"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/module"
)

// Clan is a clan much as its inventory has it.
type Clan struct {
	// Machines are the tags that each gives itself; Macs those that are no NixOS machines.
	Machines map[string][]string
	Macs     []string
	// Tags is `inventory.tags`.
	Tags      map[string][]string
	Instances map[string]Instance
}

// Instance is an instance of a service.
type Instance struct {
	// Module is "NAME" or "INPUT#NAME"; empty for the instance's own name.
	Module string
	Roles  map[string]Role
}

// Role is a role of an instance.
type Role struct {
	Machines, Tags []string
	// Settings are the layers: that of "role", "machine NAME", "tag NAME". A member's settings are all of
	// them, one over the other.
	Settings map[string]map[string]any
}

// Inventory is the clan as it would be loaded from a flake without clan-core, where no place is known.
func (c Clan) Inventory() *instance.Inventory {
	inv := &instance.Inventory{
		SchemaVersion: 1,
		Flake:         instance.Flake{Layout: facts.LayoutInventory, Ref: ".", URL: "path:/clan"},
		Findings:      []instance.Finding{},
		Meta:          map[string]any{"name": "test"},
		Machines:      map[string]*instance.Machine{},
		Tags:          map[string][]string{"all": {}, "darwin": {}, "nixos": {}},
		Instances:     map[string]*instance.Instance{},
	}
	facts.Of(inv).DeclaredTags, facts.Of(inv).AllInstances = map[string][]string{},
		slices.Sorted(maps.Keys(c.Instances))
	carried := map[string][]string{}
	declared := maps.Clone(inv.Tags)
	for _, name := range slices.Sorted(maps.Keys(c.Machines)) {
		class := "nixos"
		if slices.Contains(c.Macs, name) {
			class = "darwin"
		}
		declared["all"], declared[class] = append(declared["all"], name), append(declared[class], name)
		inv.Machines[name] = &instance.Machine{Class: class}
		carried[name] = slices.Clone(c.Machines[name])
	}
	maps.Copy(declared, c.Tags)
	for tag, names := range declared {
		inv.Tags[tag], facts.Of(inv).DeclaredTags[tag] = []string{}, names
		for _, name := range names {
			if _, known := carried[name]; known {
				carried[name] = append(carried[name], tag)
			}
		}
	}
	for name := range carried {
		slices.Sort(carried[name])
		inv.Machines[name].Tags = slices.Compact(carried[name])
	}
	maps.Copy(inv.Tags, members.Carriers(carried))
	for name, inst := range c.Instances {
		inv.Instances[name] = inst.instance(name, inv.Tags)
	}
	return inv
}

func (i Instance) instance(name string, carriers map[string][]string) *instance.Instance {
	inst := &instance.Instance{Module: instance.Module{Name: cmp.Or(i.Module, name), Resolved: "self"},
		Roles: map[string]*instance.Role{}}
	if input, name, given := strings.Cut(i.Module, "#"); given {
		inst.Module.Input, inst.Module.Name, inst.Module.Resolved = &input, name, input
	}
	if i.Roles != nil {
		inst.Module.Roles = map[string]module.Role{}
	}
	for name, r := range i.Roles {
		inst.Module.Roles[name] = module.Role{}
		inst.Roles[name] = r.role(carriers)
	}
	return inst
}

func (r Role) role(carriers map[string][]string) *instance.Role {
	role := &instance.Role{
		SettingsFrom: codes.SettingsFromLayers,
		Tags:         slices.Sorted(slices.Values(r.Tags)),
		Machines:     map[string]*instance.Member{},
	}
	facts.OfRole(role).Layers = facts.Layers{Machines: map[string][]facts.Definition{},
		Tags: map[string][]facts.Definition{}}
	if role.Tags == nil {
		role.Tags = []string{}
	}
	for layer, value := range r.Settings {
		kind, name, _ := strings.Cut(layer, " ")
		written := []facts.Definition{facts.NewDefinition("clan.nix", jsonvalue.Text(value))}
		switch kind {
		case "role":
			facts.OfRole(role).Layers.Role = written
		case "machine":
			facts.OfRole(role).Layers.Machines[name] = written
		case "tag":
			facts.OfRole(role).Layers.Tags[name] = written
		}
	}
	for _, m := range members.Of(carriers, r.Machines, role.Tags) {
		member := &instance.Member{Explicit: m.Explicit, Tags: append([]string{}, m.Tags...)}
		role.Machines[m.Machine] = member
		final := map[string]any{}
		for _, layer := range facts.LayersOf(role, m.Machine) {
			maps.Copy(final, layer.Definitions[0].Value().(map[string]any))
		}
		member.Settings = Settings(final)
	}
	return role
}

// Parse reads JSON.
func Parse(text string) any {
	v, err := jsonvalue.Decode([]byte(text))
	if err != nil {
		panic(err)
	}
	return v
}

// Settings are final settings of this value.
func Settings(v any) *instance.Settings {
	s, err := instance.NewSettings(v)
	if err != nil {
		panic(err)
	}
	return s
}

// Place says that a part of the inventory is at a line of clan.nix.
func Place(inv *instance.Inventory, line int, path ...string) {
	if facts.Of(inv).Places == nil {
		facts.Of(inv).Places = &facts.Place{}
	}
	place := facts.Of(inv).Places
	for _, name := range path {
		if place.Below == nil {
			place.Below = map[string]*facts.Place{}
		}
		if place.Below[name] == nil {
			place.Below[name] = &facts.Place{}
		}
		place = place.Below[name]
	}
	place.Position = &instance.Position{File: "clan.nix", Line: line, Column: 3}
}

// With gives an inventory facts.
func With(inv *instance.Inventory, found facts.Inventory) *instance.Inventory {
	*facts.Of(inv) = found
	return inv
}

// RoleWith gives a role facts.
func RoleWith(role *instance.Role, found facts.Role) *instance.Role {
	*facts.OfRole(role) = found
	return role
}
