package check

import (
	"slices"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/reach"
)

// unreachableMachines: machines that neither a targetHost nor a network reaches, in a clan that has networks.
func unreachableMachines(c *checker) {
	hasNetworks := false
	for _, e := range c.Exports {
		hasNetworks = hasNetworks || e.Networking != nil && e.Instance != ""
	}
	if !hasNetworks {
		return
	}
	for _, m := range reach.Machines(c.Inventory) {
		if len(m.Ways) == 0 {
			c.add(codes.UnreachableMachine, instance.Subject{Machine: m.Name}, instance.Cause{})
		}
	}
}

// singleControllers: networks with a single controller, through which alone some machines are reached.
func singleControllers(c *checker) {
	only := map[string][]string{}
	for _, m := range reach.Machines(c.Inventory) {
		networks := map[string]bool{}
		for _, way := range m.Ways {
			networks[way.Network] = true
		}
		for name := range networks {
			inst := c.Instances[name]
			if len(networks) != 1 || inst == nil || inst.Roles["controller"] == nil {
				continue
			}
			controllers := inst.Roles["controller"].Machines
			if len(controllers) == 1 && controllers[m.Name] == nil {
				only[name] = append(only[name], m.Name)
			}
		}
	}
	for name, machines := range only {
		controller := sortedKeys(c.Instances[name].Roles["controller"].Machines)[0]
		c.add(codes.SingleController, instance.Subject{Instance: name, Role: "controller"},
			instance.Cause{Name: controller, Names: nearest.First(machines), Count: len(machines)})
	}
}

// unreadExports and missingExports: what is offered and what is read do not meet, as far as manifests tell. Clan itself
// reads some interfaces.
func unreadExports(c *checker) {
	for _, i := range reach.Interfaces(c.Inventory) {
		if i.Clan || i.Name == "generators" {
			continue
		}
		of := map[string]bool{}
		for _, offer := range i.Offers {
			if c.Instances[offer.Instance] != nil && len(i.Consumers) == 0 {
				of[offer.Instance] = true
			}
		}
		for name := range of {
			c.add(codes.UnreadExport, instance.Subject{Instance: name}, instance.Cause{Name: i.Name})
		}
		if len(i.Offers) > 0 || c.Exports == nil {
			continue
		}
		for _, name := range i.Consumers {
			c.add(codes.MissingExport, instance.Subject{Instance: name}, instance.Cause{Name: i.Name})
		}
	}
}

// duplicateEndpoints: two instances claim one name.
func duplicateEndpoints(c *checker) {
	first := map[string]string{}
	reported := map[[2]string]bool{}
	for _, key := range sortedKeys(c.Exports) {
		e := c.Exports[key]
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
			c.add(codes.DuplicateEndpoint, instance.Subject{Instance: e.Instance},
				instance.Cause{Name: host, Other: other})
		}
	}
}

// missingVars: machines of a network whose address waits for a var, although others of the instance have theirs.
func missingVars(c *checker) {
	generated := map[string]bool{}
	for _, e := range c.Exports {
		generated[e.Service+":"+e.Instance] = generated[e.Service+":"+e.Instance] || e.Peer != nil &&
			slices.ContainsFunc(e.Peer.Hosts, func(h instance.Host) bool { return h.Var != nil && h.Missing == "" })
	}
	for _, e := range c.Exports {
		if e.Peer == nil || e.Machine == "" || !generated[e.Service+":"+e.Instance] || c.Machines[e.Machine] == nil {
			continue
		}
		for _, host := range e.Peer.Hosts {
			if host.Missing == codes.HostNotGenerated {
				c.at([]string{"instances", e.Instance}, codes.VarNotGenerated,
					instance.Subject{Instance: e.Instance, Role: e.Role, Machine: e.Machine},
					instance.Cause{Name: host.Var.Path()})
			}
		}
	}
}
