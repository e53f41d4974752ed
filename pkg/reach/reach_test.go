package reach

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/invtest"
	"github.com/clanctl/clanctl/pkg/instance"
)

func TestParseAddress(t *testing.T) {
	for text, want := range map[string]string{
		"host":                                   " host 0",
		"root@Host.Example":                      "root host.example 0",
		"ssh://admin@host:2222":                  "admin host 2222",
		"[2001:db8::1]":                          " 2001:db8::1 0",
		"u@[fe80::1%eth0]:22":                    "u fe80::1%eth0 22",
		"u@host:22?StrictHostKeyChecking=no&A=b": "u host 22 StrictHostKeyChecking=no A=b",
		"2001:db8::1":                            "an IPv6 address belongs in brackets",
		"[host]":                                 "not an address",
		"a@b@c":                                  "it should be",
		"":                                       "it should be",
		"u@":                                     "it should be",
		"host:ssh":                               "no such port",
		"host:99999":                             "no such port",
		"host?option":                            "the option option has no value",
	} {
		a, err := parseAddress(text)
		got := strings.TrimRight(fmt.Sprintf("%s %s %d %s", a.user, a.host, a.port, strings.Join(a.options, " ")), " ")
		if err != nil {
			got = err.Error()
		}
		if got != want && (err == nil || !strings.Contains(got, want)) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// fleet has a machine for each kind of way.
func fleet() *instance.Inventory {
	inv := invtest.Clan{
		Machines: map[string][]string{"a": nil, "b": nil, "c": nil, "d": nil},
		Instances: map[string]invtest.Instance{
			"net": {Module: "internet",
				Roles: map[string]invtest.Role{"default": {Machines: []string{"a", "b"},
					Settings: map[string]map[string]any{
						"machine a": {"host": "192.0.2.1", "port": 2022, "user": "admin", "jumphosts": []any{"b"}},
					}}}},
			"tor":  {Roles: map[string]invtest.Role{"server": {Machines: []string{"a", "b"}}}},
			"iroh": {Roles: map[string]invtest.Role{"server": {Machines: []string{"b", "c"}}}},
		},
	}.Inventory()
	inv.Machines["b"].Deploy = map[string]any{"targetHost": "root@b.example:2222", "forwardAgent": true}
	network := func(service, name string, priority int, module string) *instance.Export {
		return &instance.Export{Scope: instance.Scope{Service: service, Instance: name},
			Networking: &instance.Networking{Priority: priority, Module: module}}
	}
	peer := func(service, name, role, machine string, p instance.Peer) *instance.Export {
		p.Name = "peer"
		return &instance.Export{Scope: instance.Scope{Service: service, Instance: name, Role: role, Machine: machine},
			Peer: &p}
	}
	v := instance.Var{Machine: "a", Generator: "tor_tor", File: "hostname"}
	inv.Exports = map[string]*instance.Export{
		"core/internet:net::": network("core/internet", "net", 2000, "clan_lib.network.direct"),
		"core/internet:net:default:a": peer("core/internet", "net", "default", "a",
			instance.Peer{Port: 2022, User: "admin", SSHOptions: []string{"-J x"},
				Hosts: []instance.Host{{Address: "192.0.2.1"}, {Address: ""}}}),
		"core/internet:net:default:b": peer("core/internet", "net", "default", "b",
			instance.Peer{Port: 22, Hosts: []instance.Host{{Address: "b.computed"}}}),
		"core/internet:net:default:c": peer("core/internet", "net", "default", "c",
			instance.Peer{Port: 22, Hosts: []instance.Host{{Address: "c.computed"},
				{Missing: codes.HostNotGenerated, Reference: true, Var: &v}}}),
		"core/tor:tor::": network("core/tor", "tor", 10, technologyTor),
		"core/tor:tor:server:a": peer("core/tor", "tor", "server", "a",
			instance.Peer{Port: 22, Hosts: []instance.Host{{Address: "a.onion", Reference: true, Var: &v}}}),
		"core/p2p-ssh-iroh:iroh::":   network("core/p2p-ssh-iroh", "iroh", 3000, technologyIroh),
		"core/p2p-ssh-iroh:iroh:s:b": peer("core/p2p-ssh-iroh", "iroh", "server", "b", instance.Peer{Port: 22}),
		"core/p2p-ssh-iroh:iroh:s:c": peer("core/p2p-ssh-iroh", "iroh", "server", "c", instance.Peer{Port: 22}),
		"core/other:elsewhere::c": peer("core/other", "net", "default", "c",
			instance.Peer{Hosts: []instance.Host{{Address: "of another service"}}}),
		"core/nothing:nothing:r:d": {Scope: instance.Scope{Service: "core/nothing", Instance: "nothing", Machine: "d"},
			Endpoints: &instance.Endpoints{Hosts: []string{"x"}}},
	}
	inv.Vars = map[string]string{"vars/per-machine/b/p2p-ssh-iroh-iroh/ticket": "TICKET"}
	return inv
}

func TestMachines(t *testing.T) {
	var got []string
	for _, m := range Machines(fleet()) {
		for _, w := range m.Ways {
			line := fmt.Sprintf("%s by %s: %s [%s] host: %s, port: %s, user: %s", m.Name, w.Network,
				strings.Join(w.SSH(), " "), w.Problem, w.HostFrom, w.PortFrom, w.UserFrom)
			if w.Untried != "" {
				line += ", not tried: " + w.Untried
			}
			got = append(got, line)
		}
	}
	want := []string{
		"a by net: ssh -p 2022 -J b admin@192.0.2.1 [] host: inventory.instances.net.roles.default.machines.a.settings.host, port: inventory.instances.net.roles.default.machines.a.settings.port, user: inventory.instances.net.roles.default.machines.a.settings.user",
		"a by net: ssh -p 2022 -J b admin@ [the address is empty] host: computed by core/internet, port: inventory.instances.net.roles.default.machines.a.settings.port, user: inventory.instances.net.roles.default.machines.a.settings.user",
		"a by tor: ssh -o ProxyCommand=nc -x localhost:9050 -X 5 %h %p root@a.onion [] host: vars/per-machine/a/tor_tor/hostname, port: clan's default, user: clan's default",
		"b by : ssh -A -p 2222 root@b.example [] host: inventory.machines.b.deploy.targetHost, port: inventory.machines.b.deploy.targetHost, user: inventory.machines.b.deploy.targetHost",
		"b by iroh: ssh -o ProxyCommand=dumbpipe connect TICKET -o StrictHostKeyChecking=accept-new root@b [] host: vars/per-machine/b/p2p-ssh-iroh-iroh/ticket, port: , user: clan's default, not tried: the targetHost comes first",
		"b by net: ssh root@b.computed [] host: computed by core/internet, port: clan's default, user: clan's default, not tried: the targetHost comes first",
		"c by iroh: ssh root@ [vars/per-machine/c/p2p-ssh-iroh-iroh/ticket is not generated yet] host: vars/per-machine/c/p2p-ssh-iroh-iroh/ticket, port: , user: clan's default",
		"c by net: ssh root@c.computed [] host: computed by core/internet, port: clan's default, user: clan's default, not tried: clan takes all addresses of a network or none, and vars/per-machine/a/tor_tor/hostname is not generated yet",
		"c by net: ssh root@ [vars/per-machine/a/tor_tor/hostname is not generated yet] host: vars/per-machine/a/tor_tor/hostname, port: clan's default, user: clan's default",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	inv := fleet()
	inv.Vars["vars/per-machine/b/p2p-ssh-iroh-iroh/ticket"] = "x; touch y"
	if way := Machines(inv)[1].Ways[1]; way.Host != "" || way.Options != nil || way.Problem == "" {
		t.Errorf("a ticket that a shell would run: %v", way)
	}
}

// As clan's networks_from_flake: a network is known by its instance, the last one counts, in the place of the first; of
// equal priority the first name comes first.
func TestNetworks(t *testing.T) {
	networking := func(priority int) *instance.Networking {
		return &instance.Networking{Priority: priority, Module: "m"}
	}
	inv := &instance.Inventory{Exports: map[string]*instance.Export{
		"s:a::": {Scope: instance.Scope{Service: "s", Instance: "a"}, Networking: networking(5)},
		"s:b::": {Scope: instance.Scope{Service: "s", Instance: "b"}, Networking: networking(5)},
		"s:c::": {Scope: instance.Scope{Service: "s", Instance: "c"}, Networking: networking(1)},
		"t:a::": {Scope: instance.Scope{Service: "t", Instance: "a"}, Networking: networking(7)},
		"t:c::": {Scope: instance.Scope{Service: "t", Instance: "c"}, Networking: networking(5)},
		"t:::m": {Scope: instance.Scope{Service: "t", Machine: "m"}, Networking: networking(9)},
		"t:c:r:m": {Scope: instance.Scope{Service: "t", Instance: "c", Machine: "m", Role: "r"},
			Peer: &instance.Peer{Port: 1}},
		"t:c:s:m": {Scope: instance.Scope{Service: "t", Instance: "c", Machine: "m", Role: "s"},
			Peer: &instance.Peer{Port: 2}},
		"t:c:s:": {Scope: instance.Scope{Service: "t", Instance: "c", Role: "s"}, Peer: &instance.Peer{Port: 3}},
	}}
	var got []string
	for _, n := range networksOf(inv) {
		line := fmt.Sprint(n.instance, " ", n.service, " ", n.priority)
		for name, e := range n.peers {
			line += fmt.Sprint(" ", name, ":", e.Peer.Port)
		}
		got = append(got, line)
	}
	if diff := cmp.Diff([]string{"a t 7", "b s 5", "c t 5 m:2"}, got); diff != "" {
		t.Error(diff)
	}
}
