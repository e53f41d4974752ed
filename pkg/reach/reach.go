// Package reach tells how the machines of a clan are reached, in the order in which clan tries it, and where each
// address comes from. It works on an inventory that was loaded with [instance.NeedExports], is pure, and asks no
// machine.
//
// Clan takes `deploy.targetHost` if the machine has one, and else the networks by falling priority: the instances that
// export `networking`, with the machines that export `peer` in them. What neither names, clan asks the machine's NixOS
// configuration for, which is not read here.
package reach

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/pkg/instance"
)

// Machine is a machine, and the ways to reach it.
type Machine struct {
	Name string `json:"name"`
	// Ways are in clan's own order. Those behind a targetHost clan never tries.
	Ways []Way `json:"ways"`
}

// Best is the first way that has an address; nil if there is none.
func (m Machine) Best() *Way {
	for i := range m.Ways {
		if m.Ways[i].Host != "" {
			return &m.Ways[i]
		}
	}
	return nil
}

// Way is one way to reach a machine by SSH.
type Way struct {
	// ForwardAgent is `deploy.forwardAgent` of the machine, which goes with its targetHost.
	ForwardAgent bool `json:"forwardAgent,omitempty"`
	// Host is empty where there is no address; Problem says why.
	Host     string `json:"host"`
	HostFrom Source `json:"hostFrom"`
	// Jump are the hosts to jump over.
	Jump []string `json:"jump,omitempty"`
	// Network is the instance; empty for targetHost.
	Network string `json:"network,omitempty"`
	// Options are options of ssh, such as "ProxyCommand=nc -x localhost:9050 -X 5 %h %p", and flags, such as "-4".
	Options []string `json:"options,omitempty"`
	// Port is 0 where nothing says which, and ssh decides.
	Port     int    `json:"port,omitempty"`
	PortFrom Source `json:"portFrom,omitzero"`
	Priority int    `json:"priority,omitempty"`
	Problem  string `json:"problem,omitempty"`
	// Service is what makes the network, such as "clan-core/internet"; Technology clan's Python module for it.
	Service    string `json:"service,omitempty"`
	Technology string `json:"technology,omitempty"`
	// Untried is why clan itself does not try it; empty where it does, in its place.
	Untried  string `json:"untried,omitempty"`
	User     string `json:"user"`
	UserFrom Source `json:"userFrom"`
}

// network is a network of the clan.
type network struct {
	instance   string
	service    string
	priority   int
	technology string
	// peers are the exports of its machines, by name.
	peers map[string]*instance.Export
}

// networksOf are the clan's networks in the order in which clan tries them.
func networksOf(inv *instance.Inventory) []network {
	var networks []network
	for _, key := range slices.Sorted(maps.Keys(inv.Exports)) {
		of := inv.Exports[key]
		if of.Networking == nil || of.Instance == "" {
			continue
		}
		n := network{instance: of.Instance, service: of.Service, priority: of.Networking.Priority,
			technology: of.Networking.Module, peers: map[string]*instance.Export{}}
		for _, key := range slices.Sorted(maps.Keys(inv.Exports)) {
			if e := inv.Exports[key]; e.Peer != nil && e.Machine != "" && e.Service == of.Service &&
				e.Instance == of.Instance {
				n.peers[e.Machine] = e // as in clan, the last one counts
			}
		}
		// Clan knows a network by its instance.
		if i := slices.IndexFunc(networks, func(other network) bool { return other.instance == n.instance }); i >= 0 {
			networks[i] = n
			continue
		}
		networks = append(networks, n)
	}
	slices.SortStableFunc(networks, func(a, b network) int { return cmp.Compare(b.priority, a.priority) })
	return networks
}

// Machines are all machines of the clan with the ways to reach them, in order of names.
func Machines(inv *instance.Inventory) []Machine {
	networks := networksOf(inv)
	all := make([]Machine, 0, len(inv.Machines))
	for _, name := range slices.Sorted(maps.Keys(inv.Machines)) {
		all = append(all, of(inv, networks, name))
	}
	return all
}

func of(inv *instance.Inventory, networks []network, name string) Machine {
	m := Machine{Name: name, Ways: []Way{}}
	target, _ := inv.Machines[name].Deploy["targetHost"].(string)
	if target != "" {
		m.Ways = append(m.Ways, targetHost(inv, name, target))
	}
	for _, n := range networks {
		if e := n.peers[name]; e != nil {
			for _, way := range waysIn(inv, n, e) {
				if target != "" {
					way.Untried = "the targetHost comes first"
				}
				m.Ways = append(m.Ways, way)
			}
		}
	}
	return m
}

// targetHost is the way of a machine's deploy.targetHost.
func targetHost(inv *instance.Inventory, name, target string) Way {
	from := Source{Kind: codes.FromInventory, Setting: []string{"machines", name, "deploy", "targetHost"},
		Position: inv.Where("machines", name, "deploy", "targetHost")}
	w := Way{HostFrom: from, UserFrom: from}
	w.ForwardAgent, _ = inv.Machines[name].Deploy["forwardAgent"].(bool)
	a, err := parseAddress(target)
	if err != nil {
		w.Problem = err.Error()
		return w
	}
	w.Host, w.Port, w.User = a.host, a.port, a.user
	w.add(a.options)
	if w.Port != 0 {
		w.PortFrom = from
	}
	if w.User == "" {
		w.User, w.UserFrom = "root", Source{Kind: codes.FromClan}
	}
	return w
}

// Clan's Python modules for networks that ssh alone does not reach.
const (
	technologyTor  = "clan_lib.network.tor"
	technologyIroh = "clan_lib.network.p2p_ssh_iroh"
)

// waysIn are the ways to a machine in a network, one for each of its hosts.
func waysIn(inv *instance.Inventory, n network, e *instance.Export) []Way {
	o := originOf(inv, e)
	w := Way{Network: n.instance, Service: n.service, Priority: n.priority, Technology: n.technology, Port: e.Peer.Port,
		User: e.Peer.User}
	if w.Port != 0 {
		w.PortFrom = o.of(json.Number(strconv.Itoa(w.Port)), "peer", "port")
	}
	if w.User == "" {
		w.User, w.UserFrom = "root", Source{Kind: codes.FromClan}
	} else {
		w.UserFrom = o.of(w.User, "peer", "user")
	}
	w.add(e.Peer.SSHOptions)
	// The service internet of clan-core exports "-J x" for each of its jump hosts; the setting has their names.
	if slices.Equal(w.Jump, slices.Repeat([]string{"x"}, len(w.Jump))) {
		if hosts := o.list("jumphosts"); len(hosts) == len(w.Jump) {
			w.Jump = hosts
		}
	}
	switch n.technology {
	case technologyTor:
		w.Options = append(w.Options, "ProxyCommand=nc -x localhost:9050 -X 5 %h %p")
	case technologyIroh:
		// Clan reaches these by the ticket alone, whatever hosts there are.
		return []Way{iroh(inv, w, e.Machine)}
	}
	lost := slices.IndexFunc(e.Peer.Hosts, func(h instance.Host) bool {
		return h.Reference && h.Missing == codes.HostNotGenerated
	})
	var ways []Way
	for _, host := range e.Peer.Hosts {
		way := w
		way.Host, way.HostFrom = host.Address, o.of(host, "peer", "hosts")
		switch {
		case host.Missing != "":
			way.Problem = missing(host)
		case host.Address == "":
			way.Problem = "the address is empty"
		case lost >= 0:
			way.Untried = "clan takes all addresses of a network or none, and " + missing(e.Peer.Hosts[lost])
		}
		ways = append(ways, way)
	}
	if len(ways) == 0 {
		w.Problem, w.HostFrom = "the export has no hosts", o.of(nil, "peer")
		ways = append(ways, w)
	}
	return ways
}

// iroh is the way through a tunnel of dumbpipe, which connects to the ticket of the machine.
func iroh(inv *instance.Inventory, w Way, machine string) Way {
	ticket := &instance.Var{Machine: machine, Generator: "p2p-ssh-iroh-" + w.Network, File: "ticket"}
	w.HostFrom = Source{Kind: codes.FromVar, Var: ticket}
	w.Port, w.PortFrom = 0, Source{}
	value := inv.Vars[ticket.Path()]
	if value == "" {
		w.Problem = missing(instance.Host{Missing: codes.HostNotGenerated, Var: ticket})
		return w
	}
	if strings.ContainsFunc(value, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9')
	}) {
		w.Problem = ticket.Path() + " is not a ticket" // a shell runs the command
		return w
	}
	w.Host = machine
	w.Options = append(w.Options, "ProxyCommand=dumbpipe connect "+value, "StrictHostKeyChecking=accept-new")
	return w
}

func missing(h instance.Host) string {
	switch h.Missing {
	case codes.HostNotGenerated:
		return fmt.Sprintf("%s is not generated yet", h.Var.Path())
	case codes.HostSecret:
		return fmt.Sprintf("%s is secret, and only clan can decrypt it", h.Var.Path())
	}
	return "the address does not evaluate"
}

// add adds options of ssh; those that jump over hosts say which.
func (w *Way) add(options []string) {
	for _, option := range options {
		if hosts, is := jumps(option); is {
			w.Jump = append(w.Jump, hosts...)
		} else {
			w.Options = append(w.Options, strings.TrimPrefix(option, "-o "))
		}
	}
}

// jumps are the hosts of an option that jumps over them.
func jumps(option string) ([]string, bool) {
	for _, prefix := range []string{"-J", "-o ProxyJump=", "-oProxyJump=", "ProxyJump=", "ProxyJump "} {
		if hosts, is := strings.CutPrefix(option, prefix); is {
			return strings.Split(strings.TrimSpace(hosts), ","), true
		}
	}
	return nil, false
}
