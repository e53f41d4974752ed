package export

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/invtest"
	"github.com/clanctl/clanctl/internal/view"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/tags"
)

func fleet(t *testing.T, query view.Query) *Fleet {
	t.Helper()
	inv := invtest.Clan{
		Machines: map[string][]string{"a": {"web"}, "b": nil, "c": nil, "*": nil},
		Instances: map[string]invtest.Instance{
			"net": {Roles: map[string]invtest.Role{"peer": {Machines: []string{"a", "b"}}}},
			"sshd": {Roles: map[string]invtest.Role{"server": {Machines: []string{"a"},
				Settings: map[string]map[string]any{"role": {"certificate": map[string]any{"searchDomains": []any{"x.example"}},
					"port": 9100, "motd": "{{ 7*7 }}"}}}}},
		},
	}.Inventory()
	inv.Meta["domain"] = "clan.example"
	inv.Machines["b"].Deploy = map[string]any{"targetHost": "admin@[2001:db8::2]:2222?ServerAliveInterval=5",
		"forwardAgent": true}
	inv.Machines["*"].Deploy = map[string]any{"targetHost": "star.example"}
	inv.Exports = map[string]*instance.Export{
		"net:net::": {Scope: instance.Scope{Service: "net", Instance: "net"},
			Networking: &instance.Networking{Priority: 900, Module: "m"}},
		"net:net:peer:a": {Scope: instance.Scope{Service: "net", Instance: "net", Role: "peer", Machine: "a"},
			Peer: &instance.Peer{Port: 2022, User: "u",
				SSHOptions: []string{"-J jump@b:22,d", "-4", "-o Compression=yes", "-W x:1"},
				Hosts: []instance.Host{{Address: "192.0.2.1"}, {Address: "fe80::1%eth0"},
					{Address: "bad\nHost *"}}}},
		"tor:tor::": {Scope: instance.Scope{Service: "tor", Instance: "tor"},
			Networking: &instance.Networking{Priority: 10, Module: "clan_lib.network.tor"}},
		"tor:tor::a": {Scope: instance.Scope{Service: "tor", Instance: "tor", Machine: "a"},
			Peer: &instance.Peer{Port: 22, Hosts: []instance.Host{{Address: "a.onion"}}}},
		"late:late::": {Scope: instance.Scope{Service: "late", Instance: "late"},
			Networking: &instance.Networking{Priority: 1, Module: "m"}},
		"late:late::a": {Scope: instance.Scope{Service: "late", Instance: "late", Machine: "a"},
			Peer: &instance.Peer{Port: 22, Hosts: []instance.Host{{Address: "198.51.100.1"}}}},
		"late:late:peer:c": {Scope: instance.Scope{Service: "late", Instance: "late", Machine: "c"},
			Peer: &instance.Peer{Hosts: []instance.Host{{Missing: codes.HostSecret,
				Var: &instance.Var{Generator: "g", File: "f"}}}}},
	}
	inv.Vars = map[string]string{
		"vars/per-machine/a/openssh/ssh.id_ed25519.pub": "ssh-ed25519 AAAA comment",
		"vars/per-machine/a/openssh-rsa/ssh.id_rsa.pub": "ssh-rsa BBBB",
		"vars/per-machine/b/openssh/ssh.id_ed25519.pub": "nonsense",
		"vars/shared/openssh-ca/id_ed25519.pub":         "ssh-ed25519 CCCC",
	}
	f, err := New(inv, nil, query)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func run(t *testing.T, f *Fleet, write Write) (string, []string) {
	t.Helper()
	var b bytes.Buffer
	left, err := write(f, &b)
	if err != nil {
		t.Fatal(err)
	}
	return b.String(), left
}

func TestSSHConfig(t *testing.T) {
	text, left := run(t, fleet(t, view.Query{}), SSHConfig)
	want := `# How clan reaches its machines: the first way by the machine's name, each by MACHINE.NETWORK.

Host a a.net
  HostName 192.0.2.1
  Port 2022
  User u
  ProxyJump jump@b:22,d
  AddressFamily inet
  Compression yes

Host a.net.2
  HostName fe80::1%%eth0
  Port 2022
  User u
  ProxyJump jump@b:22,d
  AddressFamily inet
  Compression yes

Host a.tor
  HostName a.onion
  Port 22
  User root
  ProxyCommand nc -x localhost:9050 -X 5 %h %p

Host a.late
  HostName 198.51.100.1
  Port 22
  User root

Host b b.targetHost
  HostName 2001:db8::2
  Port 2222
  User admin
  ForwardAgent yes
  ServerAliveInterval 5
`
	if diff := cmp.Diff(want, text); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{`"*": ssh has no such host names`,
		`a a.net: the option "-W x:1" has no place in a configuration of ssh`,
		`a.net.2: the option "-W x:1" has no place in a configuration of ssh`,
		"c: nothing reaches it: vars/shared/g/f is secret, and only clan can decrypt it"},
		left); diff != "" {
		t.Error(diff)
	}
}

func TestKnownHosts(t *testing.T) {
	text, left := run(t, fleet(t, view.Query{}), KnownHosts)
	want := `@cert-authority *.clan.example,*.x.example ssh-ed25519 CCCC
a,a.clan.example,a.x.example,[192.0.2.1]:2022,[fe80::1%eth0]:2022,a.onion,198.51.100.1 ssh-ed25519 AAAA
a,a.clan.example,a.x.example,[192.0.2.1]:2022,[fe80::1%eth0]:2022,a.onion,198.51.100.1 ssh-rsa BBBB
`
	if diff := cmp.Diff(want, text); diff != "" {
		t.Error(diff)
	}
	if len(left) != 3 {
		t.Error(left)
	}
}

func TestAnsible(t *testing.T) {
	text, left := run(t, fleet(t, view.Query{}), Ansible)
	var got map[string]any
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	vars := got["_meta"].(map[string]any)["hostvars"].(map[string]any)
	want := map[string]any{
		"ansible_host": "192.0.2.1", "ansible_port": 2022., "ansible_user": "u",
		"ansible_ssh_common_args": "-J jump@b:22,d -4 -o Compression=yes -W x:1",
		"clan_class":              "nixos", "clan_network": "net", "clan_tags": []any{"all", "nixos", "web"},
		"clan_settings": map[string]any{"net": map[string]any{"peer": map[string]any{}},
			"sshd": map[string]any{"server": map[string]any{
				"certificate": map[string]any{"searchDomains": []any{"x.example"}}, "port": 9100.,
				"motd": map[string]any{"__ansible_unsafe": "{{ 7*7 }}"}}}},
	}
	if diff := cmp.Diff(any(want), vars["a"]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(any(map[string]any{"hosts": []any{"a"}}), got["role_sshd_server"]); diff != "" ||
		got["tag_web"] == nil || got["class_nixos"] == nil || got["service_net"] == nil {
		t.Error(diff, text)
	}
	if diff := cmp.Diff([]string{`"*": Ansible takes it for a pattern`,
		"c: nothing reaches it: vars/shared/g/f is secret, and only clan can decrypt it; it has no ansible_host"},
		left); diff != "" {
		t.Error(diff)
	}
}

func TestPrometheus(t *testing.T) {
	text, left := run(t, fleet(t, view.Query{}), Prometheus)
	if !strings.Contains(text, `"198.51.100.1:22"`) || !strings.Contains(text, `"[2001:db8::2]:2222"`) ||
		strings.Contains(text, "clan_role") {
		t.Error(text)
	}
	if diff := cmp.Diff([]string{"c: nothing reaches it without a tunnel"}, left); diff != "" {
		t.Error(diff)
	}
	service, err := tags.ParseNames("sshd")
	if err != nil {
		t.Fatal(err)
	}
	f := fleet(t, view.Query{Service: service})
	text, _ = run(t, f, Prometheus)
	var targets []target
	if err := json.Unmarshal([]byte(text), &targets); err != nil {
		t.Fatal(err)
	}
	want := []target{{map[string]string{"clan_machine": "a", "clan_class": "nixos", "clan_network": "late",
		"clan_tags": ",all,nixos,web,", "clan_instance": "sshd", "clan_role": "server", "clan_service": "sshd"},
		[]string{"198.51.100.1:9100"}}}
	if diff := cmp.Diff(want, targets); diff != "" {
		t.Error(diff)
	}
	f.Port = 1
	if text, _ = run(t, f, Prometheus); !strings.Contains(text, `"198.51.100.1:1"`) {
		t.Error(text)
	}
}

// What a service exports may be anything: no option of one machine changes what goes for another, and ssh can read
// every line.
func TestUnsafe(t *testing.T) {
	f := fleet(t, view.Query{})
	net := f.Inventory.Exports["net:net:peer:a"].Peer
	net.SSHOptions, net.Hosts = []string{"-o Host=*", "MATCH all", "Include=x", "Compression yes", "-o Foo=1",
		"ProxyCommand=echo \"x", "-o IdentityFile=it's"}, net.Hosts[:1]
	f.Inventory.Exports["late:late::a"].Peer.Port = 70000
	f.Inventory.Exports["tor:tor::a"].Peer.Port = -1
	delete(f.Inventory.Machines["*"].Deploy, "targetHost")
	f.Inventory.Vars["vars/per-machine/*/openssh/ssh.id_ed25519.pub"] = "ssh-ed25519 DDDD"
	f, err := New(f.Inventory, []string{"a", "*"}, view.Query{})
	if err != nil {
		t.Fatal(err)
	}
	text, left := run(t, f, SSHConfig)
	if strings.Count(text, "Host ") != 1 || !strings.Contains(text, "  Compression yes\n") ||
		!strings.Contains(text, "  ProxyCommand false\n") ||
		strings.Contains(text, "70000") {
		t.Error(text)
	}
	for _, option := range []string{"Host=*", "MATCH all", "Include=x", "Foo=1", "ProxyCommand=echo \"x",
		"IdentityFile=it's"} {
		if !slices.Contains(left,
			fmt.Sprintf("a a.net: the option %q has no place in a configuration of ssh", option)) {
			t.Errorf("%s: %q", option, left)
		}
	}
	text, left = run(t, f, KnownHosts)
	if strings.Contains(text, "DDDD") || !slices.Contains(left, `"*": ssh has no such host names`) {
		t.Errorf("%s %q", text, left)
	}
}

// A machine named as a group of Ansible's makes a loop, or takes the group's place; a setting that looks like one of
// its marks is read as one.
func TestAnsibleNames(t *testing.T) {
	inv := invtest.Clan{
		Machines: map[string][]string{"a": {"web", "x,y"}, "all": nil, "localhost": nil, "tag_web": nil, "ungrouped": nil},
		Instances: map[string]invtest.Instance{"i": {Roles: map[string]invtest.Role{"r": {Machines: []string{"a"},
			Settings: map[string]map[string]any{"role": {"deep": []any{map[string]any{"__ansible_vault": "x", "kept": 1}}}}}}}},
	}.Inventory()
	for _, m := range inv.Machines {
		m.Deploy = map[string]any{"targetHost": "192.0.2.1"}
	}
	f, err := New(inv, nil, view.Query{})
	if err != nil {
		t.Fatal(err)
	}
	text, left := run(t, f, Ansible)
	var got map[string]struct {
		Hosts    []string
		HostVars map[string]map[string]any
	}
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "localhost"}, got["all"].Hosts); diff != "" {
		t.Error(diff)
	}
	settings := map[string]any{"i": map[string]any{"r": map[string]any{"deep": []any{map[string]any{"kept": 1.}}}}}
	if diff := cmp.Diff(any(settings), got["_meta"].HostVars["a"]["clan_settings"]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{`a: the setting "__ansible_vault" of i r: Ansible takes it for a mark of its own`,
		`"all": Ansible has a group of that name`, `"tag_web": Ansible has a group of that name`,
		`"ungrouped": Ansible has a group of that name`}, left); diff != "" {
		t.Error(diff)
	}
	text, left = run(t, f, Prometheus)
	if !strings.Contains(text, `"clan_tags": ",all,nixos,web,"`) || len(left) != 1 || !strings.Contains(left[0], `"x,y"`) {
		t.Errorf("%s %q", text, left)
	}
}
