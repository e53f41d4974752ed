package invtest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/pkg/instance"
)

// Fleet is a clan of so many machines in so many instances, all of them in the role "client" of each, and the
// first in "server".
func Fleet(t testing.TB, machines, instances int) *instance.Inventory {
	t.Helper()
	settings, err := instance.NewSettings(map[string]any{"port": 22, "list": []string{"a", "b"}})
	if err != nil {
		t.Fatal(err)
	}
	inv := &instance.Inventory{Meta: map[string]any{"name": "fleet"}, Flake: instance.Flake{Ref: "."},
		Findings: []instance.Finding{},
		Machines: map[string]*instance.Machine{}, Instances: map[string]*instance.Instance{},
		Tags: map[string][]string{}}
	for i := range machines {
		name := fmt.Sprint("m", i)
		tags := []string{"all", fmt.Sprint("rack", i%10)}
		inv.Machines[name] = &instance.Machine{Class: "nixos", Tags: tags}
		for _, tag := range tags {
			inv.Tags[tag] = append(inv.Tags[tag], name)
		}
	}
	for i := range instances {
		name := fmt.Sprintf("i%03d", i)
		client := &instance.Role{SettingsFrom: codes.SettingsFromClan, Tags: []string{"all"},
			Machines: map[string]*instance.Member{}}
		facts.OfRole(client).Layers.Role = []facts.Definition{{File: "clan.nix",
			JSON: jsonvalue.Text(map[string]any{"port": 22})}}
		for machine := range inv.Machines {
			client.Machines[machine] = &instance.Member{Tags: []string{"all"}, Settings: settings}
		}
		server := &instance.Role{SettingsFrom: codes.SettingsFromClan, Tags: []string{},
			Machines: map[string]*instance.Member{"m0": {Explicit: true, Tags: []string{}, Settings: settings}}}
		inv.Instances[name] = &instance.Instance{Module: instance.Module{Name: fmt.Sprint("service", i%7),
			Resolved: "self"},
			Roles: map[string]*instance.Role{"client": client, "server": server}}
		facts.Of(inv).AllInstances = append(facts.Of(inv).AllInstances, name)
	}
	return inv
}

// Hostile are names that would break out of somewhere, if they could.
var Hostile = []string{
	`<script>pwned=1</script>`, `</script><script>pwned=1</script>`, `<!--<script>`, `"><img src=x onerror=pwned=1>`,
	`' onmouseover='pwned=1`,
	`javascript:pwned=1`, "line\u2028separator\u2029", "a\nb\tc", `${7*7}{{7*7}}`, `__proto__`, `constructor`,
	`toString`, `a/b?c#d%2f&e=1`, `%`, ` `,
	"\u202eright-to-left", strings.Repeat("long", 60),
}

// HostileFleet is a clan in which everything has such names.
func HostileFleet(t testing.TB) *instance.Inventory {
	inv := Fleet(t, 0, 0)
	inv.Meta = map[string]any{"name": Hostile[1], "description": Hostile[3]}
	settings, err := instance.NewSettings(map[string]any{Hostile[1]: Hostile[1], Hostile[3]: []string{Hostile[2]},
		"__proto__": 1, "javascript:pwned=1": "javascript:pwned=1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range Hostile {
		inv.Machines[name] = &instance.Machine{Class: name, Description: name, Icon: name, Tags: []string{name},
			Deploy:   map[string]any{name: name},
			Position: &instance.Position{File: name, Line: 1}}
		inv.Tags[name] = []string{name}
		role := &instance.Role{SettingsFrom: codes.SettingsFromClan, Tags: []string{name},
			Machines: map[string]*instance.Member{}}
		facts.OfRole(role).Layers.Role = []facts.Definition{{File: name,
			JSON: jsonvalue.Text(map[string]any{Hostile[1]: Hostile[1]})}}
		option := &services.Option{Type: services.NewType(name, name), Description: name, DefaultText: name,
			HasDefault: true, Declarations: []services.Position{{File: name}}}
		facts.OfRole(role).Interface = &services.Interface{Options: map[string]*services.Option{Hostile[1]: option}}
		for _, machine := range Hostile {
			role.Machines[machine] = &instance.Member{Explicit: true, Tags: []string{name}, Settings: settings}
		}
		inv.Instances[name] = &instance.Instance{Module: instance.Module{Name: name, Resolved: name},
			Roles: map[string]*instance.Role{name: role}}
		facts.Of(inv).AllInstances = append(facts.Of(inv).AllInstances, name)
		inv.Findings = append(inv.Findings,
			instance.Finding{Code: codes.Conflict, Severity: instance.SeverityError,
				Cause:       instance.Cause{Nix: name, Hint: name},
				Subject:     instance.Subject{Instance: name, Role: name, Machine: name, Setting: []string{name}},
				Position:    instance.Position{File: name, Line: 3},
				Definitions: []instance.SettingDefinition{{Layer: "tag", Name: name, Value: name}}})
	}
	slices.Sort(facts.Of(inv).AllInstances)
	return inv
}
