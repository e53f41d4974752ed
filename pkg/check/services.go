package check

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/pkg/instance"
)

// byKey groups the instances by the key under which clan evaluates their modules. It is nil where there is no clan-core,
// and so no key.
func byKey(inv *instance.Inventory) map[string][]*instance.Instance {
	if inv.Flake.Layout == instance.LayoutInventory {
		return nil
	}
	groups := map[string][]*instance.Instance{}
	for _, name := range slices.Sorted(maps.Keys(inv.Instances)) {
		inst := inv.Instances[name]
		key := inst.Module.Spec().Key()
		groups[key] = append(groups[key], inst)
	}
	return groups
}

// keyCollisions: two references that mean different modules have the same key, and clan gives all their instances the module
// of the first.
func keyCollisions(inv *instance.Inventory) []instance.Finding {
	var found []instance.Finding
	groups := byKey(inv)
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		first := groups[key][0]
		for _, inst := range groups[key][1:] {
			if inst.Module.Spec().String() == first.Module.Spec().String() {
				continue
			}
			found = append(found, at(inv, instance.Finding{Code: "key-collision", Severity: instance.SeverityError, Instance: inst.Name,
				Message: fmt.Sprintf("clan takes %s for the same module as %s of the instance %q (both are %q to it), so that this instance runs the other's module",
					inst.Module.Spec(), first.Module.Spec(), first.Name, key),
				Hint: "rename one of the inputs or modules",
			}, "instances", inst.Name, "module"))
		}
	}
	return found
}

// splitServices: clan evaluates a service of clan-core once for each way of writing its module: with and without the input,
// under its short name and its long one.
func splitServices(inv *instance.Inventory) []instance.Finding {
	core := inv.Flake.ClanCore
	if inv.Flake.Layout == instance.LayoutInventory || core == "" || inv.Catalogue.Null != core {
		return nil
	}
	first := map[string]*instance.Instance{}
	reported := map[string]bool{}
	var found []instance.Finding
	groups := byKey(inv)
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		inst := groups[key][0]
		if input := inst.Module.Input; input != nil && *input != core {
			continue
		}
		service := strings.TrimPrefix(inst.Module.Name, "@clan/")
		other := first[service]
		if other == nil {
			first[service] = inst
			continue
		}
		if reported[service] {
			continue
		}
		reported[service] = true
		found = append(found, at(inv, instance.Finding{Code: "split-service", Severity: instance.SeverityWarning, Instance: inst.Name,
			Message: fmt.Sprintf("clan evaluates the service %q twice: %s takes the module %s, but %s takes %s; neither half sees the other's instances",
				service, nearest.List(names(groups[key])), inst.Module.Spec(), nearest.List(names(groups[other.Module.Spec().Key()])), other.Module.Spec()),
			Hint: "write the module of all of them the same way",
		}, "instances", inst.Name, "module"))
	}
	return found
}

func names(instances []*instance.Instance) []string {
	list := make([]string, len(instances))
	for i, inst := range instances {
		list[i] = inst.Name
	}
	return list
}

// constraints: what the module's manifest allows. Clan evaluates it, but says so only when it generates vars.
func constraints(inv *instance.Inventory) []instance.Finding {
	var found []instance.Finding
	// Only the whole clan tells how many instances there are.
	if len(inv.Instances) == len(inv.AllInstances) {
		groups := byKey(inv)
		for _, key := range slices.Sorted(maps.Keys(groups)) {
			first := groups[key][0]
			if first.Module.Manifest == nil {
				continue
			}
			limit, ok := number(first.Module.Manifest.Constraints["maxInstances"])
			if !ok || len(groups[key]) <= limit {
				continue
			}
			last := groups[key][len(groups[key])-1]
			found = append(found, at(inv, instance.Finding{Code: "too-many-instances", Severity: instance.SeverityError, Instance: last.Name,
				Message: fmt.Sprintf("the service %q allows at most %s, there are %d", first.Module.Name, count(limit, "instance"), len(groups[key])),
				Hint:    "remove an instance, or make one of several",
			}, "instances", last.Name))
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
			f := instance.Finding{Severity: instance.SeverityError, Instance: name, Role: role, Hint: "the module's manifest sets the limit"}
			if least, ok := number(bounds["minMachines"]); ok && members < least {
				f.Code = "too-few-machines"
				f.Message = fmt.Sprintf("the role %q needs at least %s, it has %d", role, count(least, "machine"), members)
			} else if most, ok := number(bounds["maxMachines"]); ok && members > most {
				f.Code = "too-many-machines"
				f.Message = fmt.Sprintf("the role %q allows at most %s, it has %d", role, count(most, "machine"), members)
			} else {
				continue
			}
			found = append(found, at(inv, f, "instances", name, "roles", role))
		}
	}
	return found
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func number(v any) (int, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	i, err := n.Int64()
	return int(i), err == nil
}

// legacyServices: services in the form that clan-core gave up in 2025.
func legacyServices(inv *instance.Inventory) []instance.Finding {
	if len(inv.LegacyServices) == 0 {
		return nil
	}
	f := instance.Finding{Code: "deprecated-services", Severity: instance.SeverityWarning,
		Message: "inventory.services is deprecated: " + nearest.List(inv.LegacyServices),
		Hint:    "move each to inventory.instances: https://clan.lol/docs/guides/migrations/migrate-inventory-services"}
	if inv.LegacyDropped {
		f.Code, f.Severity = "dropped-services", instance.SeverityError
		f.Message = "inventory.services was removed, and clan drops what is in it without a word: " + nearest.List(inv.LegacyServices)
	}
	return []instance.Finding{at(inv, f, "services", inv.LegacyServices[0])}
}
