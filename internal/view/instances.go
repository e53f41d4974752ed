package view

import (
	"cmp"
	"slices"

	"github.com/clanctl/clanctl/internal/natural"
	"github.com/clanctl/clanctl/pkg/instance"
)

// InstanceList tells who is in which instance, why, and with which settings.
type InstanceList struct {
	// Findings are those that are about no instance of the list.
	Findings []instance.Finding `json:"findings"`
	// Instances are in order of their names.
	Instances []Instance `json:"instances"`
}

// Instance is an instance of a service.
type Instance struct {
	// Findings are what is wrong with it.
	Findings []instance.Finding `json:"findings"`
	// Module is nil where the instance does not evaluate; a finding says why.
	Module   *Module            `json:"module"`
	Name     string             `json:"name"`
	Position *instance.Position `json:"position,omitempty"`
	// Roles are in order of their names.
	Roles []Role `json:"roles"`
}

// Role is one role of an instance.
type Role struct {
	// Description is what the module says of the role.
	Description string `json:"description,omitempty"`
	// ExtraModules counts the NixOS modules that the instance adds to the role.
	ExtraModules int `json:"extraModules,omitzero"`
	// Members are in order of their names.
	Members  []Member           `json:"members"`
	Name     string             `json:"name"`
	Position *instance.Position `json:"position,omitempty"`
	// Settings are the distinct settings of the members, those of the most members first. A member in none of them has
	// no settings that evaluate, or none were asked for.
	Settings []SharedSettings `json:"settings"`
	// SettingsFrom says how the settings were had.
	SettingsFrom string `json:"settingsFrom"`
	// Tags are the tags that the role takes machines by, sorted.
	Tags []string `json:"tags"`
}

// Member is a machine in a role, and why.
type Member struct {
	// Explicit: the role names the machine.
	Explicit bool   `json:"explicit"`
	Machine  string `json:"machine"`
	// Tags are the role's tags that the machine carries, sorted.
	Tags []string `json:"tags"`
}

// SharedSettings are the settings that some members have in common.
type SharedSettings struct {
	// Machines are sorted.
	Machines []string           `json:"machines"`
	Value    *instance.Settings `json:"value"`
}

// Instances shows the named instances, all without names, as far as the query takes them. The error is a
// [*tags.UnknownError], or where the clan's instances as a whole do not evaluate an [*instance.Finding].
func Instances(inv *instance.Inventory, names []string, q Query) (*InstanceList, error) {
	f, err := q.resolve(inv)
	if err != nil {
		return nil, err
	}
	chosen := thingsNamed("instance", inv.InstanceNames())
	if f.instances, err = chosen.of(names, f.instances); err != nil {
		// where the instances do not evaluate, any name is unknown
		return nil, cmp.Or(inv.Failure(instance.Subject{}), err)
	}
	narrowed := f.machines != nil || f.services != nil || f.roles != nil
	list := &InstanceList{Findings: []instance.Finding{}, Instances: []Instance{}}
	at := map[string]int{}
	for _, name := range natural.Sort(slices.Clone(inv.InstanceNames())) {
		if !takes(f.instances, name) {
			continue
		}
		shown := Instance{Findings: []instance.Finding{}, Name: name, Position: inv.Where("instances", name),
			Roles: []Role{}}
		if inst := inv.Instances[name]; inst != nil {
			module := moduleOf(inst)
			shown.Module, shown.Position = &module, inst.Position
			shown.Roles = f.rolesOf(name, inst)
		}
		if narrowed && len(shown.Roles) == 0 {
			continue
		}
		at[name] = len(list.Instances)
		list.Instances = append(list.Instances, shown)
	}
	for _, finding := range inv.Findings {
		if i, ok := at[finding.Instance]; ok {
			list.Instances[i].Findings = append(list.Instances[i].Findings, finding)
		} else if inv.Instances[finding.Instance] == nil {
			list.Findings = append(list.Findings, finding)
		}
	}
	if narrowed {
		shown := map[string]bool{}
		for name := range at {
			shown[name] = true
		}
		return list, chosen.contradicted(names, nil, shown)
	}
	return list, nil
}

// InstancesNamed are the instances that the arguments select, each a name or a selector. The error is a
// [*tags.UnknownError].
func InstancesNamed(inv *instance.Inventory, arguments []string) ([]string, error) {
	selected, err := thingsNamed("instance", inv.InstanceNames()).of(arguments, nil)
	return natural.Keys(selected), err
}

// InstancesLeft is the error where flags leave nothing of those of some instances that an argument selects.
func InstancesLeft(inv *instance.Inventory, arguments []string, of, left map[string]bool) error {
	return thingsNamed("instance", inv.InstanceNames()).contradicted(arguments, of, left)
}

// rolesOf are the roles that the filter takes, each with the members that it takes.
func (f filter) rolesOf(instanceName string, inst *instance.Instance) []Role {
	roles := []Role{}
	for _, name := range natural.Keys(inst.Roles) {
		role := inst.Roles[name]
		shown := Role{Description: inst.Module.Roles[name].Description, ExtraModules: role.ExtraModules,
			Members: []Member{}, Name: name,
			Position: role.Position, SettingsFrom: role.SettingsFrom, Tags: role.Tags}
		for _, machine := range natural.Keys(role.Machines) {
			if member := role.Machines[machine]; takes(f.machines, machine) {
				shown.Members = append(shown.Members,
					Member{Explicit: member.Explicit, Machine: machine, Tags: member.Tags})
			}
		}
		if !f.takesRole(instance.Scope{Instance: instanceName, Role: name}, inst) || f.machines != nil &&
			len(shown.Members) == 0 {
			continue
		}
		shown.Settings = sharedSettings(role, shown.Members)
		roles = append(roles, shown)
	}
	return roles
}

// sharedSettings groups members by the text of their settings: different layers may come to the same.
func sharedSettings(role *instance.Role, members []Member) []SharedSettings {
	groups := []SharedSettings{}
	byText, bySettings := map[string]int{}, map[*instance.Settings]int{}
	for _, member := range members {
		settings := role.Machines[member.Machine].Settings
		if settings == nil {
			continue
		}
		i, known := bySettings[settings]
		if !known {
			if i, known = byText[string(settings.JSON())]; !known {
				i = len(groups)
				byText[string(settings.JSON())] = i
				groups = append(groups, SharedSettings{Value: settings})
			}
			bySettings[settings] = i
		}
		groups[i].Machines = append(groups[i].Machines, member.Machine)
	}
	slices.SortStableFunc(groups, func(a, b SharedSettings) int {
		return cmp.Compare(len(b.Machines), len(a.Machines))
	})
	return groups
}
