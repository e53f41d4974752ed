package cli

import (
	"maps"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/pkg/instance"
)

// changeNames are the names that may come next in a command that changes a clan; known is false for any other command.
func changeNames(inv *instance.Inventory, command string, given []string) (names []string, known bool) {
	first := len(given) == 0
	switch command {
	case "instances create":
	case "instances delete":
		return inv.InstanceNames(), true
	case "instances rename", "instances set-module":
		if first {
			return inv.InstanceNames(), true
		}
	case "tags add", "tags remove":
		if first {
			return slices.Sorted(maps.Keys(inv.Tags)), true
		}
		return inv.Index().Machines(), true
	case "machines describe":
		if first {
			return inv.Index().Machines(), true
		}
	case "roles add", "roles remove", "set", "unset":
		if first {
			return inv.InstanceNames(), true
		}
		if inst := inv.Instances[given[0]]; inst != nil {
			return roleNamesFor(inv, inst, command, given[1:]), true
		}
	default:
		return nil, false
	}
	return nil, true
}

// roleNamesFor are the roles, and what may be in one.
func roleNamesFor(inv *instance.Inventory, inst *instance.Instance, command string, given []string) []string {
	if len(given) == 0 {
		names := slices.Collect(maps.Keys(inst.Roles))
		if command == "roles add" || command == "set" {
			names = slices.AppendSeq(names, maps.Keys(inst.Module.Roles))
		}
		slices.Sort(names)
		return slices.Compact(names)
	}
	role := inst.Roles[given[0]]
	var names []string
	switch {
	case command == "roles add":
		names = inv.Index().Machines()
		for _, tag := range slices.Sorted(maps.Keys(inv.Tags)) {
			names = append(names, "@"+tag)
		}
		if role != nil {
			names = slices.DeleteFunc(names, func(name string) bool {
				tag, isTag := strings.CutPrefix(name, "@")
				return isTag && slices.Contains(role.Tags, tag) || role.Machines[name] != nil &&
					role.Machines[name].Explicit
			})
		}
	case role == nil:
	case command == "roles remove":
		for _, name := range slices.Sorted(maps.Keys(role.Machines)) {
			if role.Machines[name].Explicit {
				names = append(names, name)
			}
		}
		for _, tag := range role.Tags {
			names = append(names, "@"+tag)
		}
	default:
		for _, member := range role.Machines {
			if member.Settings != nil {
				names = append(names, settingPaths(nil, member.Settings.Value())...)
			}
		}
		slices.Sort(names)
		names = slices.Compact(names)
		if command == "set" {
			for i := range names {
				names[i] += "="
			}
		}
	}
	return names
}
