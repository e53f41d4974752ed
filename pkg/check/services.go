package check

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/module"
)

// byKey groups the instances by the key under which clan evaluates their modules. It is nil where there is no
// clan-core, and so no key.
func byKey(inv *instance.Inventory) map[string][]string {
	if inv.Flake.Layout == facts.LayoutInventory {
		return nil
	}
	groups := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(inv.Instances)) {
		key := inv.Instances[name].Module.Spec().Key()
		groups[key] = append(groups[key], name)
	}
	return groups
}

// keyCollisions: two references that mean different modules have the same key, and clan gives all their instances the
// module of the first.
func keyCollisions(inv *instance.Inventory) []instance.Finding {
	var found []instance.Finding
	groups := byKey(inv)
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		first := groups[key][0]
		other := inv.Instances[first].Module.Spec().String()
		for _, name := range groups[key][1:] {
			spec := inv.Instances[name].Module.Spec().String()
			if spec == other {
				continue
			}
			found = append(found,
				at(inv, []string{"instances", name, "module"}, codes.KeyCollision,
					instance.Subject{Instance: name},
					instance.Cause{Name: key, Service: spec, Other: first, OtherService: other}))
		}
	}
	return found
}

// splitServices: clan evaluates a service once for each way of writing its module: with and without the input, by one
// or another input of the same source, under its short name and its long one.
func splitServices(inv *instance.Inventory) []instance.Finding {
	if inv.Flake.Layout == facts.LayoutInventory {
		return nil
	}
	first := map[string]module.Spec{}
	reported := map[string]bool{}
	var found []instance.Finding
	groups := byKey(inv)
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		name := groups[key][0]
		of := inv.Instances[name].Module
		if of.Resolved == "" || of.Resolved == "self" {
			continue // there is no such module, or but one way of writing it
		}
		service := strings.TrimPrefix(of.Name, "@clan/")
		source := cmp.Or(facts.Of(inv).Catalogue.Inputs[of.Resolved].Source, of.Resolved) + "\x00" + service
		other, known := first[source]
		if !known {
			first[source] = of.Spec()
			continue
		}
		if reported[source] {
			continue
		}
		reported[source] = true
		found = append(found,
			at(inv, []string{"instances", name, "module"}, codes.SplitService, instance.Subject{Instance: name},
				instance.Cause{Name: service, Service: of.Spec().String(), Instances: nearest.First(groups[key]),
					OtherService: other.String(), OtherInstances: nearest.First(groups[other.Key()])}))
	}
	return found
}

// deprecatedModules: modules that work still, but will be removed. clan-core has no other sign for it than a setting.
func deprecatedModules(inv *instance.Inventory) []instance.Finding {
	var found []instance.Finding
	for _, name := range slices.Sorted(maps.Keys(inv.Instances)) {
		inst := inv.Instances[name]
		of := inst.Module.Resolved
		if of == "" || !slices.Contains(facts.Of(inv).Catalogue.Inputs[of].Deprecated, inst.Module.Name) &&
			(of != inv.Flake.ClanCore || !warnsOfItself(inst)) {
			continue
		}
		found = append(found,
			at(inv, []string{"instances", name, "module"}, codes.DeprecatedModule,
				instance.Subject{Instance: name},
				instance.Cause{Service: inst.Module.Spec().String()}))
	}
	return found
}

func warnsOfItself(inst *instance.Instance) bool {
	for _, role := range inst.Roles {
		for _, member := range role.Machines {
			// To look for the name first spares decoding the settings of all members.
			if member.Settings == nil || !bytes.Contains(member.Settings.JSON(), []byte(`"deprecationWarning"`)) {
				continue
			}
			if warns, _ := member.Settings.Lookup("deprecationWarning"); warns == true {
				return true
			}
		}
	}
	return false
}

// constraints: what the module's manifest allows. Clan evaluates it, but says so only when it generates vars.
func constraints(inv *instance.Inventory) []instance.Finding {
	var found []instance.Finding
	// Only the whole clan tells how many instances there are.
	if len(inv.Instances) == len(inv.InstanceNames()) {
		groups := byKey(inv)
		for _, key := range slices.Sorted(maps.Keys(groups)) {
			first := inv.Instances[groups[key][0]].Module
			if first.Manifest == nil {
				continue
			}
			limit, ok := services.Count(first.Manifest.Constraints["maxInstances"])
			if !ok || len(groups[key]) <= limit {
				continue
			}
			last := groups[key][len(groups[key])-1]
			found = append(found,
				at(inv, []string{"instances", last}, codes.TooManyInstances, instance.Subject{Instance: last},
					instance.Cause{Name: first.Name, Max: limit, Count: len(groups[key])}))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(inv.Instances)) {
		inst := inv.Instances[name]
		if inst.Module.Manifest == nil || !inv.MachinesKnown() {
			continue
		}
		roles, _ := inst.Module.Manifest.Constraints["roles"].(map[string]any)
		for _, role := range slices.Sorted(maps.Keys(roles)) {
			bounds, _ := roles[role].(map[string]any)
			members := 0
			if r := inst.Roles[role]; r != nil {
				members = len(r.Machines)
			}
			code, cause := "", instance.Cause{Count: members}
			if least, ok := services.Count(bounds["minMachines"]); ok && members < least {
				code, cause.Min = codes.TooFewMachines, least
			} else if most, ok := services.Count(bounds["maxMachines"]); ok && members > most {
				code, cause.Max = codes.TooManyMachines, most
			} else {
				continue
			}
			found = append(found,
				at(inv, []string{"instances", name, "roles", role}, code, instance.Subject{Instance: name, Role: role},
					cause))
		}
	}
	return found
}

// legacyServices: services in the form that clan-core gave up in 2025.
func legacyServices(inv *instance.Inventory) []instance.Finding {
	if len(facts.Of(inv).LegacyServices) == 0 {
		return nil
	}
	code := codes.DeprecatedServices
	if facts.Of(inv).LegacyDropped {
		code = codes.DroppedServices
	}
	return []instance.Finding{at(inv, []string{"services", facts.Of(inv).LegacyServices[0]}, code, instance.Subject{},
		instance.Cause{Names: nearest.First(facts.Of(inv).LegacyServices)})}
}
