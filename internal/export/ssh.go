package export

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/internal/lazyregexp"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/reach"
)

// flagOptions are the flags of ssh that an option of its configuration stands for.
var flagOptions = map[string]string{"-4": "AddressFamily inet", "-6": "AddressFamily inet6", "-A": "ForwardAgent yes",
	"-a": "ForwardAgent no", "-C": "Compression yes"}

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
			for _, option := range way.Options {
				if line, ok := configLine(option); ok {
					fmt.Fprintf(&b, "  %s\n", line)
				} else {
					left = append(left,
						fmt.Sprintf("%s: the option %q has no place in a configuration of ssh", alias, option))
					if aProxy.MatchString(option) { // without it, ssh would go there directly
						b.WriteString("  ProxyCommand false\n")
					}
				}
			}
		}
	}
	_, err = io.WriteString(w, b.String())
	return left, err
}

// keywords are the options of ssh's configuration, but for those that end a Host block or read another file. One that
// ssh does not know makes it refuse the whole file.
const keywords = `
	addkeystoagent addressfamily batchmode bindaddress bindinterface casignaturealgorithms canonicaldomains
	canonicalizefallbacklocal canonicalizehostname canonicalizemaxdots canonicalizepermittedcnames certificatefile
	challengeresponseauthentication hostbasedkeytypes pubkeyacceptedkeytypes
	checkhostip ciphers clearallforwardings compression connecttimeout connectionattempts controlmaster controlpath
	controlpersist dynamicforward enableescapecommandline enablesshkeysign escapechar exitonforwardfailure
	fingerprinthash forkafterauthentication forwardagent forwardx11 forwardx11timeout forwardx11trusted
	gssapiauthentication gssapidelegatecredentials gatewayports globalknownhostsfile hashknownhosts
	hostkeyalgorithms hostkeyalias hostname hostbasedacceptedalgorithms hostbasedauthentication ipqos identitiesonly
	identityagent identityfile kbdinteractiveauthentication kbdinteractivedevices kexalgorithms knownhostscommand
	localcommand localforward loglevel logverbose macs nohostauthenticationforlocalhost numberofpasswordprompts
	pkcs11provider passwordauthentication permitlocalcommand permitremoteopen port preferredauthentications
	proxycommand proxyusefdpass pubkeyacceptedalgorithms pubkeyauthentication rekeylimit remotecommand remoteforward
	requesttty requiredrsasize revokedhostkeys securitykeyprovider sendenv serveralivecountmax serveraliveinterval
	sessiontype setenv stdinnull streamlocalbindmask streamlocalbindunlink stricthostkeychecking syslogfacility
	tcpkeepalive tunnel tunneldevice updatehostkeys user userknownhostsfile verifyhostkeydns visualhostkey
	xauthlocation`

// aProxy is an option by which ssh goes through a program.
var aProxy = lazyregexp.New(`(?i)^(?:-o)?\s*ProxyCommand\b`)

// quoted is a value whose quotes end; with another, too, ssh refuses the whole file.
var quoted = lazyregexp.New(`^(?:[^"'\\]|\\.|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')*\\?$`)

// configLine is an option as a line of a configuration.
func configLine(option string) (string, bool) {
	if line, ok := flagOptions[option]; ok {
		return line, true
	}
	match := anOption.FindStringSubmatch(option)
	if match == nil || !slices.Contains(strings.Fields(keywords), strings.ToLower(match[1])) ||
		!quoted.MatchString(match[2]) {
		return "", false
	}
	return match[1] + " " + match[2], true
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
		var names []string
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
