package reach

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// address is what a targetHost says.
type address struct {
	user, host string
	port       int
	options    []string
}

// parseAddress reads a targetHost as clan does: [ssh://][user@]host[:port][?option=value&...].
func parseAddress(text string) (address, error) {
	a := address{}
	invalid := func(why string) (address, error) {
		return address{}, fmt.Errorf("the targetHost %q is invalid: %s", text, why)
	}
	endpoint, options, _ := strings.Cut(strings.TrimPrefix(text, "ssh://"), "?")
	host := endpoint
	switch parts := strings.Split(endpoint, "@"); len(parts) {
	case 1:
	case 2:
		a.user, host = parts[0], parts[1]
	default:
		return invalid("it should be [user@]host[:port]")
	}
	if strings.Count(host, ":") > 1 && !(strings.Contains(host, "[") && strings.Contains(host, "]")) {
		return invalid("an IPv6 address belongs in brackets, as in [::1]")
	}
	for option := range strings.SplitSeq(options, "&") {
		if option == "" {
			continue
		}
		if !strings.Contains(option, "=") {
			return invalid(fmt.Sprintf("the option %s has no value", option))
		}
		a.options = append(a.options, option)
	}
	host, _, _ = strings.Cut(host, "/")
	port := ""
	if _, bracketed, is := strings.Cut(host, "["); is {
		host, port, _ = strings.Cut(bracketed, "]")
		if _, err := netip.ParseAddr(host); err != nil {
			return invalid("not an address in the brackets")
		}
		_, port, _ = strings.Cut(port, ":")
	} else {
		host, port, _ = strings.Cut(host, ":")
	}
	if host == "" {
		return invalid("it should be [user@]host[:port]")
	}
	name, zone, scoped := strings.Cut(host, "%")
	if a.host = strings.ToLower(name); scoped {
		a.host += "%" + zone
	}
	if port != "" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return invalid("there is no such port")
		}
		a.port = int(n)
	}
	return a, nil
}
