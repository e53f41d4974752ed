package export

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/reach"
)

// SSHConfig writes a configuration of ssh: a Host block for each way to each machine. The first is that of the
// machine's name; each has an alias with its network, MACHINE.NETWORK.
func SSHConfig(f *Fleet, w io.Writer) (left []string, err error) {
	var b strings.Builder
	b.WriteString("# How clan reaches its machines: the first way by the machine's name, each by MACHINE.NETWORK.\n")
	for _, h := range f.Hosts {
		if !plainName.MatchString(h.Name) {
			left = append(left, fmt.Sprintf("%q: ssh has no such host names", h.Name))
			continue
		}
		best := first(h.Machine, func(reach.Way) bool { return true })
		if best == nil {
			left = append(left, h.Name+": "+unreached(h.Machine))
		}
		taken := map[string]int{}
		for i := range h.Ways {
			way := &h.Ways[i]
			network := way.Network
			if network == "" {
				network = "targetHost"
			}
			if usable(*way) != nil || !plainName.MatchString(network) {
				continue
			}
			alias := h.Name + "." + network
			if taken[network]++; taken[network] > 1 {
				alias += fmt.Sprint(".", taken[network])
			}
			if way == best {
				alias = h.Name + " " + alias
			}
			fmt.Fprintf(&b, "\nHost %s\n  HostName %s\n", alias, strings.ReplaceAll(way.Host, "%", "%%"))
			if way.Port != 0 {
				fmt.Fprintf(&b, "  Port %d\n", way.Port)
			}
			fmt.Fprintf(&b, "  User %s\n", way.User)
			if way.ForwardAgent {
				b.WriteString("  ForwardAgent yes\n")
			}
			if len(way.Jump) > 0 {
				fmt.Fprintf(&b, "  ProxyJump %s\n", strings.Join(way.Jump, ","))
			}
			left = append(left, writeOptions(&b, alias, way.Options)...)
		}
	}
	_, err = io.WriteString(w, b.String())
	return left, err
}

// writeOptions writes the options of one way, and returns what it left out.
func writeOptions(b *strings.Builder, alias string, options []string) (left []string) {
	for _, option := range options {
		if line, ok := configLine(option); ok {
			fmt.Fprintf(b, "  %s\n", line)
			continue
		}
		left = append(left, fmt.Sprintf("%s: the option %q has no place in a configuration of ssh", alias, option))
		if aProxy.MatchString(option) { // without it, ssh would go there directly
			b.WriteString("  ProxyCommand false\n")
		}
	}
	return left
}

// KnownHosts writes the host keys of clan's service sshd, as far as they are generated, under all addresses of each
// machine, and its certificate authority for the clan's domains.
func KnownHosts(f *Fleet, w io.Writer) (left []string, err error) {
	var b strings.Builder
	domains := searchDomains(f.Inventory)
	if key := publicKey(f.Inventory, instance.Var{Generator: "openssh-ca", File: "id_ed25519.pub"}); key != "" &&
		len(domains) > 0 {
		patterns := make([]string, len(domains))
		for i, domain := range domains {
			patterns[i] = "*." + domain
		}
		fmt.Fprintf(&b, "@cert-authority %s %s\n", strings.Join(patterns, ","), key)
	}
	for _, h := range f.Hosts {
		var keys []string
		for _, v := range []instance.Var{{Generator: "openssh", File: "ssh.id_ed25519.pub"},
			{Generator: "openssh-rsa", File: "ssh.id_rsa.pub"}} {
			v.Machine = h.Name
			if key := publicKey(f.Inventory, v); key != "" {
				keys = append(keys, key)
			}
		}
		if len(keys) == 0 {
			left = append(left, h.Name+": its host key is not in a public var")
			continue
		}
		names := h.knownAs(domains)
		if len(names) == 0 {
			left = append(left, fmt.Sprintf("%q: ssh has no such host names", h.Name))
			continue
		}
		for _, key := range keys {
			fmt.Fprintf(&b, "%s %s\n", strings.Join(names, ","), key)
		}
	}
	_, err = io.WriteString(w, b.String())
	return left, err
}

// knownAs are the names of a machine in a file of known hosts.
func (h Host) knownAs(domains []string) (names []string) {
	add := func(host string, port int) {
		if !plainHost.MatchString(host) {
			return
		}
		name := strings.ToLower(host)
		if port != 0 && port != 22 {
			name = fmt.Sprintf("[%s]:%d", name, port)
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	add(h.Name, 0)
	for _, domain := range domains {
		add(h.Name+"."+domain, 0)
	}
	for _, way := range h.Ways {
		if usable(way) == nil {
			add(way.Host, way.Port)
		}
	}
	return names
}

// publicKey is a public key without its comment; empty where there is none.
func publicKey(inv *instance.Inventory, v instance.Var) string {
	words := strings.Fields(inv.Vars[v.Path()])
	if len(words) < 2 || !strings.HasPrefix(words[0], "ssh-") && !strings.HasPrefix(words[0], "ecdsa-") {
		return ""
	}
	return words[0] + " " + words[1]
}

// searchDomains are the domains that the certificates of clan's service sshd are for.
func searchDomains(inv *instance.Inventory) []string {
	var domains []string
	add := func(value any) {
		if domain, is := value.(string); is && plainName.MatchString(domain) && !slices.Contains(domains, domain) {
			domains = append(domains, domain)
		}
	}
	add(inv.Meta["domain"])
	for ref, role := range inv.Roles() {
		if inv.Instances[ref.Instance].Module.Name != "sshd" || ref.Role != "server" {
			continue
		}
		for _, member := range role.Machines {
			if member.Settings == nil {
				continue
			}
			value, _ := jsonvalue.Lookup(member.Settings.Value(), []string{"certificate", "searchDomains"})
			list, _ := value.([]any)
			for _, domain := range list {
				add(domain)
			}
		}
	}
	if len(domains) > 1 {
		slices.Sort(domains[1:])
	}
	return domains
}
