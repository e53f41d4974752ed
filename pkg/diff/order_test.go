package diff

import (
	"fmt"
	"strings"
	"testing"

	"github.com/clanctl/clanctl/pkg/instance"
)

// clanOf makes a clan of lines "INSTANCE ROLE MACHINE...".
func clanOf(lines ...string) *instance.Inventory {
	inv := &instance.Inventory{Instances: map[string]*instance.Instance{}}
	for _, line := range lines {
		words := strings.Fields(line)
		inst := inv.Instances[words[0]]
		if inst == nil {
			inst = &instance.Instance{Roles: map[string]*instance.Role{}}
			inv.Instances[words[0]] = inst
		}
		role := &instance.Role{Machines: map[string]*instance.Member{}}
		inst.Roles[words[1]] = role
		for _, machine := range words[2:] {
			role.Machines[machine] = &instance.Member{}
		}
	}
	return inv
}

func TestOrder(t *testing.T) {
	for name, c := range map[string]struct {
		inv      *instance.Inventory
		machines string
		want     string
	}{
		"nothing to deploy":   {clanOf(), "", ""},
		"one machine":         {clanOf("backup server nas", "backup client a"), "nas", "nas:0"},
		"no instances: names": {clanOf(), "b a c", "a:0 b:1 c:1"},
		"a name given twice":  {clanOf(), "b a b", "a:0 b:1"},
		"server before clients": {clanOf("backup server nas", "backup client a b c"), "a b c nas",
			"a:0 nas:1 b:2 c:2"},
		"the fewest roles": {clanOf("backup server nas", "backup client a b", "wifi default a"), "a b nas",
			"b:0 nas:1 a:2"},
		"ca, controller, moon": {clanOf("ca ca x", "ca default a b", "vpn controller y", "vpn moon z",
			"vpn peer a b"), "a b x y z", "a:0 x:1 y:1 z:1 b:2"},
		"probes of a server":     {clanOf("status server s", "status probe a s b"), "a b s", "a:0 s:1 b:2"},
		"roles that say nothing": {clanOf("hello morning b", "hello evening a"), "a b", "a:0 b:1"},
		"everybody serves":       {clanOf("sshd server a b c", "sshd client a b c"), "a b c", "a:0 b:1 c:1"},
		"one is no server":       {clanOf("sshd server b c", "sshd client a b c"), "a b c", "a:0 b:1 c:1"},
		"chain": {clanOf("one server c", "one client b", "two server b", "two client a x"),
			"a b c x", "a:0 c:1 b:2 x:3"},
		"circle": {clanOf("one server a", "one client b", "two server b", "two client a"), "a b",
			"a:1 b:2"},
		"serves one left out": {clanOf("backup server nas", "backup client a"), "b nas", "b:0 nas:1"},
		"nobody but servers": {clanOf("one server a", "one client x", "two server b", "two client x"), "a b",
			"a:1 b:1"},
		"a server without clients": {clanOf("backup server nas"), "nas b", "b:0 nas:1"},
		"two servers of one":       {clanOf("dns server m n", "dns client a b"), "a b m n", "a:0 m:1 n:1 b:2"},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for wave, machines := range Order(c.inv, strings.Fields(c.machines)) {
				for _, machine := range machines {
					got = append(got, fmt.Sprintf("%s:%d", machine, wave))
				}
			}
			if got := strings.Join(got, " "); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}
