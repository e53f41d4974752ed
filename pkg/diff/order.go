package diff

import (
	"cmp"
	"maps"
	"slices"

	"github.com/clanctl/clanctl/pkg/instance"
)

// Order puts machines into the waves in which to deploy them: the first is the canary alone, or empty where there is
// none; in the others servers come before their clients. Machines of one wave are sorted by name, and can be deployed
// at once. Without machines there is no wave.
//
// In an instance the roles client, peer and default are served by those with other names, if there are any; where there
// are none of these three, server and controller serve the others. A machine waits for those that serve it, unless it
// is in a serving role of the instance itself. The canary is, of the machines that serve nobody in the clan, the one in
// the fewest roles, by name where several are. There is none where each of several machines serves somebody.
func Order(inv *instance.Inventory, machines []string) [][]string {
	o := ordering{waits: map[string]int{}, of: map[string][]*service{}, roles: map[string]int{},
		serves: map[string]bool{}}
	for _, name := range slices.Sorted(maps.Keys(inv.Instances)) {
		o.add(inv.Instances[name], machines)
	}
	left := slices.Compact(slices.Sorted(slices.Values(machines)))
	var waves [][]string
	for len(left) > 0 {
		wave := o.canary(left)
		if waves != nil {
			wave = o.ready(left)
		}
		waves = append(waves, wave)
		left = o.deploy(left, wave...)
	}
	return waves
}

// ordering is what machines wait for.
type ordering struct {
	// roles counts those that a machine is in; serves tells who serves somebody in the clan.
	roles  map[string]int
	serves map[string]bool
	// of are the instances in which a machine serves others; waits counts those in which it is served by somebody not
	// yet deployed.
	of    map[string][]*service
	waits map[string]int
}

// service is an instance as far as machines wait in it.
type service struct {
	servers int // not yet deployed
	clients []string
}

func (o *ordering) add(inst *instance.Instance, machines []string) {
	servers, members := map[string]bool{}, map[string]bool{}
	isServed := servedRoles(inst)
	for name, role := range inst.Roles {
		for machine := range role.Machines {
			o.roles[machine]++
			members[machine] = true
			if isServed != nil && !isServed(name) {
				servers[machine] = true
			}
		}
	}
	s := &service{}
	for machine := range servers {
		// Whoever serves an instance is none of its clients.
		o.serves[machine] = o.serves[machine] || len(members) > len(servers)
	}
	for _, machine := range machines {
		if servers[machine] {
			s.servers++
			o.of[machine] = append(o.of[machine], s)
		} else if members[machine] {
			s.clients = append(s.clients, machine)
		}
	}
	if s.servers > 0 {
		for _, machine := range s.clients {
			o.waits[machine]++
		}
	}
}

// servedRoles tells which roles of an instance are served by its others; nil where nothing tells.
func servedRoles(inst *instance.Instance) func(string) bool {
	for _, served := range []func(string) bool{
		func(role string) bool { return slices.Contains([]string{"client", "peer", "default"}, role) },
		func(role string) bool { return role != "server" && role != "controller" },
	} {
		if roles := slices.Collect(maps.Keys(inst.Roles)); slices.ContainsFunc(roles, served) {
			return served
		}
	}
	return nil
}

// canary is the machine to try first; none where there is no such machine.
func (o *ordering) canary(machines []string) []string {
	if len(machines) == 1 {
		return machines
	}
	candidates := slices.DeleteFunc(slices.Clone(machines), func(m string) bool { return o.serves[m] })
	if len(candidates) == 0 {
		return nil
	}
	return []string{slices.MinFunc(candidates, func(a, b string) int {
		return cmp.Or(cmp.Compare(o.roles[a], o.roles[b]), cmp.Compare(a, b))
	})}
}

// ready are the machines that wait for nobody. Where all wait, in a circle, it is the one that waits in the fewest
// instances.
func (o *ordering) ready(left []string) []string {
	ready := slices.DeleteFunc(slices.Clone(left), func(m string) bool { return o.waits[m] > 0 })
	if len(ready) > 0 {
		return ready
	}
	return []string{slices.MinFunc(left, func(a, b string) int {
		return cmp.Or(cmp.Compare(o.waits[a], o.waits[b]), cmp.Compare(a, b))
	})}
}

// deploy takes machines out of those that are left; nobody waits for them any more.
func (o *ordering) deploy(left []string, machines ...string) []string {
	for _, machine := range machines {
		for _, s := range o.of[machine] {
			if s.servers--; s.servers > 0 {
				continue
			}
			for _, client := range s.clients {
				o.waits[client]--
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(left), func(m string) bool { return slices.Contains(machines, m) })
}
