package check

import (
	"maps"
	"slices"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/reach"
)

// unreachableMachines: machines that neither a targetHost nor a network reaches, in a clan that has networks.
func unreachableMachines(inv *instance.Inventory) []instance.Finding {
	hasNetworks := slices.ContainsFunc(slices.Collect(maps.Values(inv.Exports)), func(e *instance.Export) bool {
		return e.Networking != nil && e.Instance != ""
	})
	if !hasNetworks {
		return nil
	}
	var found []instance.Finding
	for _, m := range reach.Machines(inv) {
		if len(m.Ways) == 0 {
			found = append(found,
				at(inv, []string{"machines", m.Name}, codes.UnreachableMachine,
					instance.Subject{Machine: m.Name}, instance.Cause{}))
		}
	}
	return found
}

// singleControllers: networks with a single controller, through which alone some machines are reached.
func singleControllers(inv *instance.Inventory) []instance.Finding {
	only := map[string][]string{}
	for _, m := range reach.Machines(inv) {
		networks := map[string]bool{}
		for _, way := range m.Ways {
			networks[way.Network] = true
		}
		for name := range networks {
			inst := inv.Instances[name]
			if len(networks) != 1 || inst == nil || inst.Roles["controller"] == nil {
				continue
			}
			controllers := inst.Roles["controller"].Machines
			if len(controllers) == 1 && controllers[m.Name] == nil {
				only[name] = append(only[name], m.Name)
			}
		}
	}
	var found []instance.Finding
	for _, name := range slices.Sorted(maps.Keys(only)) {
		controller := slices.Collect(maps.Keys(inv.Instances[name].Roles["controller"].Machines))[0]
		found = append(found,
			at(inv, []string{"instances", name, "roles", "controller"}, codes.SingleController,
				instance.Subject{Instance: name, Role: "controller"},
				instance.Cause{Name: controller, Names: nearest.First(only[name]), Count: len(only[name])}))
	}
	return found
}

// unreadExports and missingExports: what is offered and what is read do not meet, as far as manifests tell. Clan itself
// reads some interfaces.
func unreadExports(inv *instance.Inventory) []instance.Finding {
	if len(inv.Instances) != len(inv.InstanceNames()) {
		return nil // another instance may read or offer it
	}
	var found []instance.Finding
	for _, i := range reach.Interfaces(inv) {
		if i.Clan || i.Name == "generators" {
			continue
		}
		of := map[string]bool{}
		for _, offer := range i.Offers {
			if inv.Instances[offer.Instance] != nil && len(i.Consumers) == 0 {
				of[offer.Instance] = true
			}
		}
		for _, name := range slices.Sorted(maps.Keys(of)) {
			found = append(found,
				at(inv, []string{"instances", name}, codes.UnreadExport, instance.Subject{Instance: name},
					instance.Cause{Name: i.Name}))
		}
		if len(i.Offers) > 0 || inv.Exports == nil {
			continue
		}
		for _, name := range i.Consumers {
			found = append(found,
				at(inv, []string{"instances", name}, codes.MissingExport, instance.Subject{Instance: name},
					instance.Cause{Name: i.Name}))
		}
	}
	return found
}

// duplicateEndpoints: two instances claim one name.
func duplicateEndpoints(inv *instance.Inventory) []instance.Finding {
	var found []instance.Finding
	first := map[string]string{}
	reported := map[[2]string]bool{}
	for _, key := range slices.Sorted(maps.Keys(inv.Exports)) {
		e := inv.Exports[key]
		if e.Endpoints == nil || e.Instance == "" {
			continue
		}
		for _, host := range e.Endpoints.Hosts {
			other, known := first[host]
			if !known {
				first[host] = e.Instance
				continue
			}
			if other == e.Instance || reported[[2]string{host, e.Instance}] {
				continue
			}
			reported[[2]string{host, e.Instance}] = true
			found = append(found,
				at(inv, []string{"instances", e.Instance}, codes.DuplicateEndpoint,
					instance.Subject{Instance: e.Instance}, instance.Cause{Name: host, Other: other}))
		}
	}
	return found
}

// missingVars: machines of a network whose address waits for a var, although others of the instance have theirs.
func missingVars(inv *instance.Inventory) []instance.Finding {
	generated := map[string]bool{}
	for _, e := range inv.Exports {
		if e.Peer == nil {
			continue
		}
		for _, host := range e.Peer.Hosts {
			if host.Var != nil && host.Missing == "" {
				generated[e.Service+":"+e.Instance] = true
			}
		}
	}
	var found []instance.Finding
	for _, key := range slices.Sorted(maps.Keys(inv.Exports)) {
		e := inv.Exports[key]
		if e.Peer == nil || e.Machine == "" || !generated[e.Service+":"+e.Instance] || inv.Machines[e.Machine] == nil {
			continue
		}
		for _, host := range e.Peer.Hosts {
			if host.Missing == codes.HostNotGenerated {
				found = append(found,
					at(inv, []string{"instances", e.Instance}, codes.VarNotGenerated,
						instance.Subject{Instance: e.Instance, Role: e.Role, Machine: e.Machine},
						instance.Cause{Name: host.Var.Path()}))
			}
		}
	}
	return found
}
