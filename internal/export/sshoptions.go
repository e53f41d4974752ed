package export

import (
	"regexp"
	"strings"
	"sync"

	"github.com/clanctl/clanctl/internal/lazyregexp"
)

// flagOptions are the flags of ssh that an option of its configuration stands for.
var flagOptions = map[string]string{"-4": "AddressFamily inet", "-6": "AddressFamily inet6", "-A": "ForwardAgent yes",
	"-a": "ForwardAgent no", "-C": "Compression yes"}

// aProxy is an option by which ssh goes through a program.
var aProxy = lazyregexp.New(`(?i)^(?:-o)?\s*ProxyCommand\b`)

// Values of ssh's options, as ssh_config(5) has them. A word may be in quotes; a # at its beginning makes the rest a
// comment, and a $ there names a variable.
const (
	word   = `(?:"[^"\\]+"|(?:\$[A-Za-z_][A-Za-z0-9_]*|[^\s"'\\#$])[^\s"'\\$]*)`
	number = `(?:0|[1-9][0-9]{0,8})`
	span   = `(?:[0-9]{1,8}s?|[0-9]{1,3}[mhdw])`
	yes    = `yes|no|true|false`
	key    = `(?:ssh-ed25519|ssh-rsa|rsa-sha2-(?:256|512)|ecdsa-sha2-nistp(?:256|384|521)|` +
		`sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)@openssh\.com)`
	cipher = `(?:aes(?:128|192|256)-(?:ctr|cbc)|aes(?:128|256)-gcm@openssh\.com|chacha20-poly1305@openssh\.com|3des-cbc)`
	mac    = `(?:hmac-(?:sha1|sha2-256|sha2-512)(?:-etm@openssh\.com)?|umac-(?:64|128)(?:-etm)?@openssh\.com)`
	kex    = `(?:curve25519-sha256(?:@libssh\.org)?|ecdh-sha2-nistp(?:256|384|521)|` +
		`diffie-hellman-group(?:-exchange-sha(?:1|256)|14-sha(?:1|256)|16-sha512|18-sha512)|` +
		`sntrup761x25519-sha512@openssh\.com)`
)

// values are the options that are written, by what their values may be: a value that ssh does not know makes it refuse
// the whole file, as does an option. Those that end a Host block, read another file or forward something are not
// among them.
var values = map[string]string{
	yes: `batchmode challengeresponseauthentication checkhostip clearallforwardings enablesshkeysign
		exitonforwardfailure forwardx11 forwardx11trusted gssapiauthentication gssapidelegatecredentials
		hashknownhosts hostbasedauthentication identitiesonly kbdinteractiveauthentication
		nohostauthenticationforlocalhost passwordauthentication permitlocalcommand proxyusefdpass tcpkeepalive
		visualhostkey`,
	`yes|no`:                     `compression`,
	yes + `|unbound|host-bound`:  `pubkeyauthentication`,
	yes + `|ask`:                 `updatehostkeys verifyhostkeydns`,
	yes + `|ask|off|accept-new`:  `stricthostkeychecking`,
	yes + `|ask|confirm|` + span: `addkeystoagent`,
	yes + `|ask|auto|autoask`:    `controlmaster`,
	yes + `|` + span:             `controlpersist`,
	yes + `|force|auto`:          `requesttty`,
	yes + `|always`:              `canonicalizehostname`,
	`none|subsystem|default`:     `sessiontype`,
	`any|inet|inet6`:             `addressfamily`,
	`md5|sha256`:                 `fingerprinthash`,
	`(?i:quiet|fatal|error|info|verbose|debug[1-3]?)`: `loglevel`,
	number: `connectionattempts numberofpasswordprompts requiredrsasize serveralivecountmax`,
	span:   `connecttimeout serveraliveinterval`,
	`[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}`: `port`,
	`none|ef|af[1-4][1-3]|cs[0-7]`:                 `ipqos`,
	`[A-Za-z_][A-Za-z0-9_]*=[^\s"'\\#$]*`:          `setenv`,
	word: `bindaddress bindinterface certificatefile controlpath forwardagent hostkeyalias hostname identityagent
		identityfile kbdinteractivedevices pkcs11provider preferredauthentications revokedhostkeys
		securitykeyprovider user xauthlocation`,
	word + `(?:\s+` + word + `)*`:                `globalknownhostsfile userknownhostsfile`,
	`-?[A-Za-z0-9_*?]+(?:\s+-?[A-Za-z0-9_*?]+)*`: `sendenv`,
	`[+^-]?` + cipher + `(?:,` + cipher + `)*`:   `ciphers`,
	`[+^-]?` + mac + `(?:,` + mac + `)*`:         `macs`,
	`[+^-]?` + kex + `(?:,` + kex + `)*`:         `kexalgorithms`,
	`[+^-]?` + key + `(?:,` + key + `)*`: `casignaturealgorithms hostbasedacceptedalgorithms hostbasedkeytypes
		hostkeyalgorithms pubkeyacceptedalgorithms pubkeyacceptedkeytypes`,
	// A command line: quotes end.
	`(?:[^"'\\]|\\.|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')*\\?`: `knownhostscommand localcommand proxycommand
		remotecommand`,
}

// options are the same by their names.
var options = sync.OnceValue(func() map[string]*regexp.Regexp {
	all := map[string]*regexp.Regexp{}
	for value, names := range values {
		expr := regexp.MustCompile(`^(?:` + value + `)$`)
		for _, name := range strings.Fields(names) {
			all[name] = expr
		}
	}
	return all
})

// configLine is an option as a line of a configuration; false where ssh would refuse it.
func configLine(option string) (string, bool) {
	if line, ok := flagOptions[option]; ok {
		return line, true
	}
	match := anOption.FindStringSubmatch(option)
	if match == nil {
		return "", false
	}
	expr := options()[strings.ToLower(match[1])]
	if expr == nil || !expr.MatchString(match[2]) {
		return "", false
	}
	return match[1] + " " + match[2], true
}
