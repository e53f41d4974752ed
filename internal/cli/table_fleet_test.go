package cli

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/internal/invtest"
	"github.com/clanctl/clanctl/internal/textview"
	"github.com/clanctl/clanctl/internal/view"
)

// fleet is a clan of 14 machines in two places, with what all of them have and what few do.
func fleet() invtest.Clan {
	clan := invtest.Clan{Machines: map[string][]string{"cabin": {"remote"}, "mac": {"berlin", "laptop", "watched"}},
		Macs: []string{"mac"}}
	for n := 1; n <= 12; n++ {
		place := []string{"berlin", "paris"}[n%2]
		clan.Machines[fmt.Sprintf("web%d", n)] = []string{"web", place, "watched"}
	}
	clan.Instances = map[string]invtest.Instance{
		"admin": {Roles: map[string]invtest.Role{"default": {Tags: []string{"all"}}}},
		"sshd": {Roles: map[string]invtest.Role{"server": {Tags: []string{"all"}},
			"client": {Tags: []string{"all"}}}},
		"monitoring": {Roles: map[string]invtest.Role{"client": {Tags: []string{"watched"}},
			"server": {Machines: []string{"web10"}}}},
		"borg": {Roles: map[string]invtest.Role{"client": {Tags: []string{"web"}},
			"server": {Machines: []string{"cabin"}}}},
		"wifi": {Roles: map[string]invtest.Role{"default": {Machines: []string{"mac", "cabin"}}}},
	}
	return clan
}

func TestTableTellsWhatDistinguishes(t *testing.T) {
	inv := fleet().Inventory()
	out := &viewOutput{inv: inv, width: 80}
	list, err := view.Machines(inv, nil, view.Query{})
	if err != nil {
		t.Fatal(err)
	}
	machines := listing[view.Machine]{items: list.Machines, columns: out.machineColumns()}
	const want = `MACHINE  CLASS   TAGS            RUNS
cabin    nixos   remote          borg (server), wifi
mac      darwin  berlin, laptop  wifi
web1     nixos   paris, web      borg (client)
web2     nixos   berlin, web     borg (client)
web3     nixos   paris, web      borg (client)
web4     nixos   berlin, web     borg (client)
web5     nixos   paris, web      borg (client)
web6     nixos   berlin, web     borg (client)
web7     nixos   paris, web      borg (client)
web8     nixos   berlin, web     borg (client)
web9     nixos   paris, web      borg (client)
web10    nixos   berlin, web     borg (client), monitoring (server)
web11    nixos   paris, web      borg (client)
web12    nixos   berlin, web     borg (client)

all 14: admin, sshd (client, server)
13 of 14 (not cabin): tag watched, monitoring (client)
`
	var b bytes.Buffer
	machines.table(out).PrintShared(&b, 80, textview.Colourless)
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
	// A column that says the same of all goes; a table of few rows says all in its cells.
	nixos := slices.DeleteFunc(slices.Clone(list.Machines), func(m view.Machine) bool { return m.Class == "darwin" })
	b.Reset()
	listing[view.Machine]{items: nixos, columns: out.machineColumns()}.table(out).PrintShared(&b, 80,
		textview.Colourless)
	if strings.Contains(b.String(), "CLASS") || !strings.Contains(b.String(), "\nall 13: class nixos, admin,") {
		t.Error(b.String())
	}
	b.Reset()
	listing[view.Machine]{items: list.Machines[:3], columns: out.machineColumns()}.table(out).PrintShared(&b, 0,
		textview.Colourless)
	if !strings.Contains(b.String(),
		"web1     nixos   paris, watched, web      admin, borg (client), monitoring (client), sshd (client, server)\n") {
		t.Error(b.String())
	}
}

// A tag that nearly all machines carry is said by those that do not.
func TestCarriersOfNearlyAll(t *testing.T) {
	inv := fleet().Inventory()
	list, err := view.Tags(inv, nil)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, tag := range list.Tags {
		got[tag.Name] = strings.Join((&viewOutput{inv: inv, width: 80}).carriers(tag), ", ")
	}
	maps.DeleteFunc(got, func(name, _ string) bool { return name != "all" && name != "watched" && name != "remote" })
	if diff := cmp.Diff(map[string]string{"all": "all", "watched": "all but cabin", "remote": "cabin"},
		got); diff != "" {
		t.Error(diff)
	}
	if names := (&viewOutput{inv: inv}).carriers(list.Tags[0]); len(names) != 14 {
		t.Errorf("a program gets %q", names)
	}
}
