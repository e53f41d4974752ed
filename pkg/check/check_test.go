package check

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/invtest"
	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/module"
)

// row is a finding in short.
type row struct {
	Code        string
	About, Hint string
}

type checks = []func(*checker)

// of are the findings of some rules.
func of(inv *instance.Inventory, wanted ...func(*checker)) []instance.Finding {
	unwanted := func(r rule) bool {
		return !slices.ContainsFunc(wanted, func(check func(*checker)) bool {
			return reflect.ValueOf(check).Pointer() == reflect.ValueOf(r.check).Pointer()
		})
	}
	return run(inv, slices.DeleteFunc(slices.Clone(rules), unwanted))
}

func found(findings []instance.Finding) []row {
	got := []row{}
	for _, f := range findings {
		got = append(got, row{f.Code, f.About(), f.Hint()})
	}
	slices.SortFunc(got, func(a, b row) int {
		return slices.Compare([]string{a.About, a.Code, a.Hint}, []string{b.About, b.Code, b.Hint})
	})
	return got
}

// compareRows holds what some rules find against what they should, so that a new rule concerns its own test only.
func compareRows(t *testing.T, inv *instance.Inventory, rules checks, want ...row) {
	t.Helper()
	if diff := cmp.Diff(append([]row{}, want...), found(of(inv, rules...))); diff != "" {
		t.Error(diff)
	}
}

type (
	roles  = map[string]invtest.Role
	layers = map[string]map[string]any
)

func TestMembers(t *testing.T) {
	rules := checks{unknownMachines, tagsOfRoles, ghostTagMembers, rolesWithoutMembers, replacedReservedTags}
	inv := invtest.Clan{
		Machines: map[string][]string{"laptop": {"mobile"}, "server": nil},
		Tags:     map[string][]string{"gone": {"servr"}, "none": {}, "all": {"laptop"}},
		Instances: map[string]invtest.Instance{
			"i": {Roles: roles{"r": {Machines: []string{"lapto", "mobile"},
				Tags: []string{"mobil", "server", "none"}}}},
			"j": {Roles: roles{"idle": {}, "unchecked": {Tags: []string{"none"}, Settings: layers{"role": {"typo": 1}}},
				"fine": {Machines: []string{"server"}}}},
		},
	}.Inventory()
	compareRows(t, inv, rules,
		row{"replaced-tag", "", "rename the tag, or add the machines that it leaves out"},
		row{"empty-tag", "inventory.instances.i.roles.r", "add members to the tag, or remove it from the role"},
		row{"unknown-tag", "inventory.instances.i.roles.r", `"server" is a machine: write roles.r.machines.server`},
		row{"unknown-tag", "inventory.instances.i.roles.r", `did you mean "mobile"?`},
		row{"unknown-machine", "inventory.instances.i.roles.r.machines.lapto", `did you mean "laptop"?`},
		row{"unknown-machine", "inventory.instances.i.roles.r.machines.mobile",
			`"mobile" is a tag: write roles.r.tags.mobile`},
		row{"role-without-members", "inventory.instances.j.roles.idle", "add members, or remove the role"},
		row{"empty-tag", "inventory.instances.j.roles.unchecked", "add members to the tag, or remove it from the role"},
		row{"unchecked-settings", "inventory.instances.j.roles.unchecked", "add members, or remove the role"},
		row{"ghost-tag-member", "inventory.machines.servr", `did you mean "server"?`},
	)
	// Of what did not evaluate nothing is known.
	inv.Findings = []instance.Finding{instance.NewFinding(codes.MachinesFailed, instance.Subject{},
		instance.Cause{})}
	inv.Machines, inv.Tags = nil, nil
	compareRows(t, inv, rules)
}

func TestUnusedTags(t *testing.T) {
	clan := invtest.Clan{
		Machines:  map[string][]string{"laptop": {"mobile", "own"}, "phone": {"moblie"}},
		Tags:      map[string][]string{"unused": {"laptop"}, "empty": {}},
		Instances: map[string]invtest.Instance{"i": {Roles: roles{"r": {Tags: []string{"mobile"}}}}},
	}
	inv := clan.Inventory()
	invtest.Place(inv, 3, "tags", "unused")
	invtest.Place(inv, 4, "tags", "empty")
	compareRows(t, inv, checks{unusedTags},
		row{"unused-tag", "", `did you mean "mobile"?`},
		row{"unused-tag", "", "use it in a role, or remove it"},
	)
	// Nobody knows what computed tags are computed from, or for: they have no place.
	delete(clan.Machines, "phone")
	compareRows(t, clan.Inventory(), checks{unusedTags})
}

func TestConstraints(t *testing.T) {
	inv := invtest.Clan{
		Machines: map[string][]string{"a": nil, "b": nil, "c": nil},
		Instances: map[string]invtest.Instance{
			"one": {Module: "self#svc", Roles: roles{"r": {Tags: []string{"all"}}}},
			"six": {Module: "self#svc", Roles: roles{"r": {Machines: []string{"a"}}}},
			"two": {Module: "self#svc"},
		},
	}.Inventory()
	for _, inst := range inv.Instances {
		inst.Module.Manifest = &module.Manifest{Constraints: invtest.Parse(`{"maxInstances":2,"roles":{"r":{"minMachines":1,"maxMachines":2}}}`).(map[string]any)}
	}
	inv.Flake.Layout = facts.LayoutClan // clan's own limits are about its keys
	for i, name := range []string{"one", "two", "six"} {
		invtest.Place(inv, i+1, "instances", name)
	}
	compareRows(t, inv, checks{tooManyInstances, membersOfRoles},
		row{"too-many-machines", "inventory.instances.one.roles.r",
			"remove members, or split them among several instances; the module's manifest sets the limit"},
		row{"too-many-instances", "inventory.instances.two", "remove an instance, or merge several into one"},
		row{"too-few-machines", "inventory.instances.two.roles.r", "add members; the module's manifest sets the limit"},
	)
}

func TestServices(t *testing.T) {
	inv := invtest.Clan{Instances: map[string]invtest.Instance{
		"first": {Module: "a#b-c"}, "second": {Module: "a-b#c"}, "third": {Module: "a#b-c"},
		"named": {Module: "clan-core#sshd"}, "bare": {Module: "sshd"}, "other": {Module: "borgbackup"},
		"typo": {Module: "clan-core#nothing"}, "typo2": {Module: "nothing"},
	}}.Inventory()
	inv.Flake.Layout, inv.Flake.ClanCore, facts.Of(inv).Catalogue.Null = facts.LayoutClan, "clan-core", "clan-core"
	for _, name := range []string{"bare", "other"} {
		inv.Instances[name].Module.Resolved = "clan-core"
	}
	for _, name := range []string{"typo", "typo2"} {
		inv.Instances[name].Module.Resolved = "" // there is no such module, and nothing is split
	}
	facts.Of(inv).LegacyServices = []string{"old"}
	for i, name := range []string{"first", "second", "third", "named", "bare"} {
		invtest.Place(inv, i+1, "instances", name)
	}
	const migration = "move each to inventory.instances: https://clan.lol/docs/guides/migrations/migrate-inventory-services"
	compareRows(t, inv, checks{keyCollisions, splitServices, legacyServices},
		row{"deprecated-services", "", migration},
		row{"split-service", "inventory.instances.named", "write the module the same way in all of them"},
		row{"key-collision", "inventory.instances.second", "rename one of the inputs or modules"},
	)
	facts.Of(inv).LegacyDropped = true
	if f := of(inv, legacyServices)[0]; f.Code != "dropped-services" || f.Severity != instance.SeverityError {
		t.Errorf("dropped: %+v", f)
	}
}

// A note, of the Macs that a service has nothing for.
func TestIdleMacs(t *testing.T) {
	inv := invtest.Clan{Machines: map[string][]string{"mini": nil, "box": nil}, Macs: []string{"mini"},
		Instances: map[string]invtest.Instance{"i": {Module: "core#svc",
			Roles: roles{"r": {Tags: []string{"all"}}}}}}.Inventory()
	facts.OfRole(inv.Instances["i"].Roles["r"]).Idle = []string{"mini"}
	compareRows(t, inv, checks{idleMacs},
		row{"idle-macs", "inventory.instances.i.roles.r", `the tag "nixos" instead of "all" leaves the Macs out`})
	f := of(inv, idleMacs)[0]
	if f.Severity != instance.SeverityNote ||
		f.Message() != `the service core#svc has nothing for Macs, so clan deploys nothing of it to "mini"` {
		t.Errorf("%s: %s", f.Severity, f.Message())
	}
}

// What the module never allows, with its own words.
func TestRefusedRoles(t *testing.T) {
	inv := invtest.Clan{Machines: map[string][]string{"box": nil},
		Instances: map[string]invtest.Instance{"i": {Module: "core#svc",
			Roles: roles{"old": {Tags: []string{"all"}}, "new": {Tags: []string{"all"}}}}}}.Inventory()
	facts.OfRole(inv.Instances["i"].Roles["old"]).Refused = []string{"use new"}
	compareRows(t, inv, checks{refusedRoles}, row{"refused-role", "inventory.instances.i.roles.old", ""})
	if f := of(inv, refusedRoles)[0]; f.Severity != instance.SeverityError || f.Message() != "no machine in this role builds: use new" {
		t.Errorf("%s: %s", f.Severity, f.Message())
	}
}

func TestHealthyClanHasNoFindings(t *testing.T) {
	inv := invtest.Clan{
		Machines: map[string][]string{"a": nil, "b": nil},
		Macs:     []string{"b"},
		Tags:     map[string][]string{"web": {"a"}},
		Instances: map[string]invtest.Instance{"one": {Module: "self#svc",
			Roles: roles{"r": {Tags: []string{"web"}, Settings: layers{"tag web": {"x": 1}}}}}},
	}.Inventory()
	if got := found(All(inv)); len(got) > 0 {
		t.Error(got)
	}
}

// What an inventory has found already is found once.
func TestAllJoins(t *testing.T) {
	inv := invtest.Clan{Instances: map[string]invtest.Instance{"i": {Roles: roles{"r": {}}}}}.Inventory()
	inv.Findings = append(All(inv), instance.NewFinding("own", instance.Subject{}, instance.Cause{}))
	all := All(inv)
	if len(all) != 2 || len(run(inv, rules)) != 1 {
		t.Errorf("%v", all)
	}
}

func TestHostNames(t *testing.T) {
	inv := invtest.Clan{Machines: map[string][]string{"a": nil, "a-b_c9": nil, "a.b": nil, "-a": nil, "mini.local": nil,
		strings.Repeat("x", 63): nil, strings.Repeat("x", 64): nil},
		Macs: []string{"mini.local"}}.Inventory()
	compareRows(t, inv, checks{hostNames}) // clan-core gives the host names
	inv.Flake.Layout = facts.LayoutClan
	const hint = "rename the machine, or set networking.hostName in its configuration"
	compareRows(t, inv, checks{hostNames},
		row{"invalid-host-name", `inventory.machines."-a"`, hint},
		row{"invalid-host-name", `inventory.machines."a.b"`, hint},
		row{"invalid-host-name", "inventory.machines." + strings.Repeat("x", 64), hint},
	)
}

// A slip in a tag is one finding: that of the role, and nothing about the tag that it means.
func TestSlipInATag(t *testing.T) {
	inv := invtest.Clan{
		Machines: map[string][]string{"laptop": nil},
		Tags:     map[string][]string{"mobile": {"laptop"}},
		Instances: map[string]invtest.Instance{
			"i": {Roles: roles{"r": {Tags: []string{"moblie"}, Settings: layers{"role": {"x": 1}}}}},
		},
	}.Inventory()
	invtest.Place(inv, 1, "tags", "mobile")
	compareRows(t, inv, checks{tagsOfRoles, unusedTags, rolesWithoutMembers},
		row{"unknown-tag", "inventory.instances.i.roles.r", `did you mean "mobile"?`})
}

func TestDeprecatedModules(t *testing.T) {
	inv := invtest.Clan{Machines: map[string][]string{"m": nil}, Instances: map[string]invtest.Instance{
		"loud": {Module: "core#admin",
			Roles: roles{"r": {Machines: []string{"m"}, Settings: layers{"role": {"deprecationWarning": true}}}}},
		"still": {Module: "core#admin",
			Roles: roles{"r": {Machines: []string{"m"}, Settings: layers{"role": {"deprecationWarning": false}}}}},
		"own": {Module: "self#admin",
			Roles: roles{"r": {Machines: []string{"m"}, Settings: layers{"role": {"deprecationWarning": true}}}}},
		"old": {Module: "self#old", Roles: roles{"r": {Machines: []string{"m"}}}},
	}}.Inventory()
	inv.Flake.ClanCore = "core"
	facts.Of(inv).Catalogue.Inputs = map[string]services.Input{"self": {Deprecated: []string{"old"}}}
	for name, of := range map[string]string{"loud": "core", "still": "core", "own": "self", "old": "self"} {
		inv.Instances[name].Module.Resolved = of
	}
	const hint = "see what clan warns of when it builds a machine with it, or the module's README, for what to use instead"
	compareRows(t, inv, checks{deprecatedModules},
		row{"deprecated-module", "inventory.instances.loud", hint},
		row{"deprecated-module", "inventory.instances.old", hint},
	)
}

// Inputs that follow one another are one source, under whatever names.
func TestSplitServicesBySource(t *testing.T) {
	inv := invtest.Clan{Instances: map[string]invtest.Instance{
		"one": {Module: "core#borgbackup"}, "two": {Module: "clan#borgbackup"}, "three": {Module: "fork#borgbackup"},
	}}.Inventory()
	inv.Flake.Layout = facts.LayoutClan
	facts.Of(inv).Catalogue.Inputs = map[string]services.Input{"core": {Source: "/nix/store/a-source"},
		"clan": {Source: "/nix/store/a-source"}, "fork": {Source: "/nix/store/b-source"}}
	for _, inst := range inv.Instances {
		inst.Module.Resolved = *inst.Module.Input
	}
	compareRows(t, inv, checks{splitServices},
		row{"split-service", "inventory.instances.one", "write the module the same way in all of them"})
}

func TestUntrackedFiles(t *testing.T) {
	inv := invtest.Clan{Machines: map[string][]string{"known": nil}}.Inventory()
	inv.Flake.Layout, facts.Of(inv).PersistedFile = facts.LayoutClan, "fleet/inventory.json"
	facts.Of(inv).Untracked = []string{
		"fleet/inventory.json", "fleet/machines/known/disko.nix", "fleet/machines/known/notes.md",
		"fleet/machines/new/configuration.nix", "fleet/machines/new/disko.nix",
		"fleet/machines/README.md", "fleet/machines/empty/notes.md", "inventory.json", "machines/known/disko.nix",
		"other/fleet/machines/known/disko.nix",
	}
	var got []string
	for _, f := range of(inv, untrackedFiles) {
		got = append(got, f.File)
	}
	slices.Sort(got)
	if want := []string{"fleet/inventory.json", "fleet/machines/known/disko.nix",
		"fleet/machines/new"}; !slices.Equal(got, want) {
		t.Errorf("untracked: %q", got)
	}
}

// Of a module that an instance uses it is another finding, and whether one does, only the whole clan tells.
func TestMissingModules(t *testing.T) {
	inv := invtest.Clan{Instances: map[string]invtest.Instance{"i": {Module: "self#used"}}}.Inventory()
	facts.Of(inv).Missing, facts.Of(inv).Untracked = map[string]string{"used": "used.nix", "spare": "spare",
		"typo": "tpyo.nix"}, []string{"spare/default.nix"}
	compareRows(t, inv, checks{missingModules},
		row{"missing-module", "clan.modules.spare", "Nix sees only files that git tracks: git add spare"},
		row{"missing-module", "clan.modules.typo", "correct the path, or remove the module"},
	)
	facts.Of(inv).AllInstances = append(facts.Of(inv).AllInstances, "another")
	compareRows(t, inv, checks{missingModules})
}
