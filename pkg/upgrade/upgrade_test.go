package upgrade_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/invtest"
	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/pkg/diff"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/module"
	"github.com/clanctl/clanctl/pkg/upgrade"
)

func option(typ, value string) *services.Option {
	o := &services.Option{Type: services.NewType(typ, typ)}
	if value != "" {
		o.HasDefault, o.Default = true, json.RawMessage(value)
	}
	return o
}

// clan has a service "backup" with two members; its final settings are given, and what its role declares.
func clan(settings map[string]any, options map[string]*services.Option,
	findings ...instance.Finding) *instance.Inventory {
	inv := invtest.Clan{
		Machines: map[string][]string{"attic": nil, "cabin": nil},
		Instances: map[string]invtest.Instance{"backup": {Module: "core#backup",
			Roles: map[string]invtest.Role{"client": {
				Machines: []string{"attic", "cabin"},
				Settings: map[string]map[string]any{"role": {"port": "22", "keep": 7}, "machine attic": {"old": 1}},
			}}}},
	}.Inventory()
	invtest.Place(inv, 3, "instances", "backup")
	invtest.Place(inv, 4, "instances", "backup", "roles", "client")
	invtest.Place(inv, 5, "instances", "backup", "roles", "client", "settings", "port")
	invtest.Place(inv, 6, "instances", "backup", "module", "input")
	i := inv.Instances["backup"]
	i.Module.Resolved, i.Module.Roles = "core", map[string]module.Role{"client": {}}
	role := i.Roles["client"]
	facts.OfRole(role).Interface = &services.Interface{Options: options}
	final := invtest.Settings(settings)
	for _, m := range role.Machines {
		m.Settings = final
	}
	inv.Findings = findings
	return inv
}

func lines(r *upgrade.Report) string {
	var b strings.Builder
	for _, e := range r.Effects {
		minor := ""
		if e.Minor {
			minor = " (minor)"
		}
		fmt.Fprintf(&b, "%s: %s%s\n", e.Kind, e.Message(), minor)
		for _, edit := range e.Edits {
			fmt.Fprintf(&b, "  %s\n", edit.Text())
		}
	}
	return b.String()
}

func TestSettings(t *testing.T) {
	old := clan(map[string]any{"port": "22", "keep": 7, "at": "1", "gone": true, "off": false, "made": 1},
		map[string]*services.Option{"port": option("str", ""), "keep": option("int", "7"), "at": option("str", `"1"`),
			"gone": option("bool", "true"),
			"off":  option("bool", "false"), "made": option("int", "1"), "old": option("int", "0")})
	hidden := option("int", "0")
	hidden.Hidden, hidden.Description = true, "Alias of `new`."
	new := clan(map[string]any{"port": 22, "keep": 7, "at": "2", "made": 2,
		"tls": map[string]any{"enable": true, "port": nil}},
		map[string]*services.Option{"port": option("int", ""), "keep": option("int", "7"), "at": option("str", `"2"`),
			"made": option("int", "1"), "old": hidden,
			"tls": {Options: map[string]*services.Option{"enable": option("bool", "true"),
				"port": option("int", "null")}}})
	want := `changed: at "1" -> "2" (default, not set here)
changed: gone true -> nothing (the option is gone)
changed: made 1 -> 2 (the module computes it)
changed: off false -> nothing (the option is gone) (minor)
changed: port "22" -> 22 (the option has another type, which converts what is written)
changed: tls.enable = true (new option, its default)
changed: tls.port = null (new option, its default) (minor)
deprecated: old is kept for the sake of old settings only: Alias of ` + "`new`" + `.
new: a new option, by default true
new: a new option, by default null
`
	r := upgrade.Of(old, new)
	if diff := cmp.Diff(want, lines(r)); diff != "" {
		t.Error(diff)
	}
	if len(r.Affected) != 2 || r.Summary() != "1 of 1 instances change; 2 machines are touched" || r.Empty() {
		t.Errorf("%s; %+v", r.Summary(), r.Affected)
	}
	if same := upgrade.Of(old, old); !same.Empty() || len(same.Effects) > 0 || len(same.Affected) > 0 {
		t.Errorf("the same clan: %s", lines(same))
	}
}

// Where clan drops all settings of a role before the upgrade, those that it has then are no other ones.
func TestDroppedBefore(t *testing.T) {
	dropped := instance.NewFinding(codes.UnknownSetting, instance.Subject{Instance: "backup", Role: "client",
		Machines: []string{"attic", "cabin"}, Setting: []string{"keep"}}, instance.Cause{Dropped: true})
	r := upgrade.Of(clan(map[string]any{}, nil, dropped), clan(map[string]any{"keep": 7, "port": "22"}, nil))
	if len(r.Effects) != 1 || r.Effects[0].Kind != codes.EffectFixed {
		t.Error(lines(r))
	}
}

// What an option that is set means by now is told once, and changes nothing; a role may be refused by its own words.
func TestReview(t *testing.T) {
	described := func(typ, text string) *services.Option {
		o := option(typ, "")
		o.Description = text
		return o
	}
	inventory := func(port, keep *services.Option, role string) *instance.Inventory {
		inv := clan(map[string]any{}, map[string]*services.Option{"port": port, "keep": keep})
		inv.Instances["backup"].Module.Roles["client"] = module.Role{Description: role}
		return inv
	}
	old := inventory(described("str", "Where.  To."), described("int", "Days.\n\nMore."), "A client.")
	r := upgrade.Of(old, inventory(described("either", "where, *to*"), described("int", "Days.\n\nLess."), "A client."))
	want := "review: new description: Days. Less.\nreview: now takes either (was: str)\n"
	if diff := cmp.Diff(want, lines(r)); diff != "" || !r.Empty() || len(r.Affected) > 0 {
		t.Error(diff, r.Empty(), r.Affected)
	}
	r = upgrade.Of(old, inventory(described("str", "Where to"), described("int", "Days.\n\nMore."),
		"REMOVED: Use another.\nSoon."))
	if got := lines(r); !strings.HasSuffix(got, "\ndeprecated: the module says of the role: REMOVED: Use another.\n") {
		t.Error(got)
	}
}

// A role that takes settings of any name takes those, too, whose option is gone.
func TestUnused(t *testing.T) {
	old := clan(map[string]any{}, map[string]*services.Option{"port": option("str", "")})
	new := clan(map[string]any{}, map[string]*services.Option{})
	facts.OfRole(new.Instances["backup"].Roles["client"]).Interface.Freeform = services.NewType("anything", "anything")
	if diff := cmp.Diff("unused: port is written, and the option is gone\n", lines(upgrade.Of(old, new))); diff != "" {
		t.Error(diff)
	}
}

func TestEdits(t *testing.T) {
	subject := instance.Subject{Instance: "backup"}
	role := instance.Subject{Instance: "backup", Role: "client"}
	setting := instance.Subject{Instance: "backup", Role: "client", Machine: "attic",
		Machines: []string{"attic", "cabin"}, Setting: []string{"port"}}
	list := option("listOf", "")
	list.Type.Elem = services.NewType("str", "str")
	for name, c := range map[string]struct {
		finding instance.Finding
		option  *services.Option
		want    string
	}{
		"a module that moved": {instance.NewFinding(codes.RemovedModule, subject,
			instance.Cause{Name: "backup", Service: "core#backup", Input: "core",
				Elsewhere: []string{"community#backup"}}), nil,
			"breaks: the module is gone from core; community offers backup\n  set inventory.instances.backup.module.input to \"community\"\n"},
		"a module that is gone": {instance.NewFinding(codes.UnknownModule, subject,
			instance.Cause{Name: "backup", Service: "core#backup", Input: "core"}), nil,
			"breaks: the module is gone from core\n  remove inventory.instances.backup\n"},
		"a module that says what to do": {instance.NewFinding(codes.RemovedModule, subject,
			instance.Cause{Name: "backup", Service: "core#backup", Input: "core", Nix: "use restic"}), nil,
			"breaks: the module is gone from core\nuse restic\n"},
		"a role under another name": {instance.NewFinding(codes.UnknownRole, role,
			instance.Cause{Service: "core#backup", Near: []string{"clients"}}), nil,
			"breaks: role client is gone (now: client)\n  rename inventory.instances.backup.roles.client to clients\n"},
		"a setting under another name": {instance.NewFinding(codes.UnknownSetting, setting,
			instance.Cause{Name: "port", Near: []string{"ports"}, Whole: true}), nil,
			"  rename inventory.instances.backup.roles.client.settings.port to ports\n"},
		"a number": {instance.NewFinding(codes.InvalidSetting, setting, instance.Cause{Nix: "no number"}),
			option("int", ""),
			"breaks: no number\n  set inventory.instances.backup.roles.client.settings.port to 22\n"},
		"a list": {instance.NewFinding(codes.InvalidSetting, setting, instance.Cause{Nix: "no list"}), list,
			"breaks: no list\n  set inventory.instances.backup.roles.client.settings.port to [\"22\"]\n"},
		"nothing that fits": {instance.NewFinding(codes.InvalidSetting, setting, instance.Cause{Nix: "no"}),
			option("bool", ""),
			"breaks: no\n  remove inventory.instances.backup.roles.client.settings.port\n"},
		"a required one": {instance.NewFinding(codes.MissingSetting, setting, instance.Cause{Nix: "no value"}),
			option("int", ""),
			"required: no value\n  set inventory.instances.backup.roles.client.settings.port\n"},
	} {
		options := map[string]*services.Option{}
		if c.option != nil {
			options["port"] = c.option
		}
		got := lines(upgrade.Of(clan(map[string]any{}, options), clan(map[string]any{}, options, c.finding)))
		if !strings.HasSuffix(got, c.want) || strings.HasPrefix(c.want, "  ") && !strings.HasPrefix(got, "breaks: ") {
			t.Errorf("%s: got\n%s, want\n%s", name, got, c.want)
		}
	}
}

// Of inventory.json the edits are a patch.
func TestPatch(t *testing.T) {
	finding := instance.NewFinding(codes.RemovedModule, instance.Subject{Instance: "backup"},
		instance.Cause{Name: "backup", Service: "core#backup", Input: "core", Elsewhere: []string{"community#restic"}})
	old := clan(nil, nil)
	input := "core"
	old.Instances["backup"].Module.Input = &input
	new := clan(nil, nil, finding)
	if got := string(upgrade.Of(old, new).Patch()); got != "[]" {
		t.Errorf("not in inventory.json: %s", got)
	}
	facts.Of(old).PersistedFile = old.Where("instances", "backup").File
	got := upgrade.Of(old, new).Patch()
	want := `[{"op":"replace","path":"/instances/backup/module/input","value":"community"},{"op":"add","path":"/instances/backup/module/name","value":"restic"}]`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}

// A patch would put another element into a list, and which layer's list it is, is not known: a person has to look.
func TestNoPatchOfLists(t *testing.T) {
	inventory := func(findings ...instance.Finding) *instance.Inventory {
		inv := clan(nil, map[string]*services.Option{}, findings...)
		role := inv.Instances["backup"].Roles["client"]
		server := option("submodule", "")
		server.Type = services.NewType("submodule", "submodule")
		key := option("str", "")
		key.Example = json.RawMessage(`"k"`)
		server.Type.Interface = &services.Interface{Options: map[string]*services.Option{"key": key}}
		list := option("listOf", "")
		list.Type.Elem = server.Type
		facts.OfRole(role).Interface = &services.Interface{Options: map[string]*services.Option{"servers": list, "key": key}}
		facts.OfRole(role).Layers.Role = []facts.Definition{facts.NewDefinition("inventory.json", json.RawMessage(`{"servers": [{}]}`))}
		facts.Of(inv).PersistedFile = inv.Where("instances", "backup").File
		return inv
	}
	missing := func(path ...string) instance.Finding {
		return instance.NewFinding(codes.MissingSetting, instance.Subject{Instance: "backup", Role: "client",
			Machine: "attic", Machines: []string{"attic", "cabin"}, Setting: path}, instance.Cause{Nix: "no value"})
	}
	if got := string(upgrade.Of(inventory(), inventory(missing("servers", "0", "key"))).Patch()); got != "[]" {
		t.Errorf("the patch is %s", got)
	}
	if got := string(upgrade.Of(inventory(), inventory(missing("key"))).Patch()); !strings.Contains(got, `"value":"k"`) {
		t.Errorf("without a list the patch is %s", got)
	}
}

// A setting whose new name is in another set: the set is made first. It stays where there is one of the new name.
func TestRenamedElsewhere(t *testing.T) {
	inventory := func(next bool, written string) *instance.Inventory {
		options := map[string]*services.Option{"port": option("str", ""), "old": option("int", "0"),
			"net": {Options: map[string]*services.Option{"port": option("str", "")}}}
		if next {
			options["port"].Hidden, options["port"].Description = true, "Alias of {option}`net.port`."
		}
		inv := clan(map[string]any{}, options)
		facts.OfRole(inv.Instances["backup"].Roles["client"]).Layers = facts.Layers{Role: []facts.Definition{
			facts.NewDefinition("inventory.json", json.RawMessage(written))}}
		facts.Of(inv).PersistedFile = inv.Where("instances", "backup").File
		return inv
	}
	r := upgrade.Of(inventory(false, `{"port": "22"}`), inventory(true, `{"port": "22"}`))
	want := `[{"op":"add","path":"/instances/backup/roles/client/settings/net","value":{}},` +
		`{"from":"/instances/backup/roles/client/settings/port","op":"move","path":"/instances/backup/roles/client/settings/net/port"}]`
	if diff := cmp.Diff(want, string(r.Patch())); diff != "" {
		t.Errorf("%s\n%s", diff, lines(r))
	}
	if got := lines(r); !strings.Contains(got, "\n  rename inventory.instances.backup.roles.client.settings.port to inventory.instances.backup.roles.client.settings.net.port\n") {
		t.Error(got)
	}
	both := inventory(false, `{"port": "22", "net": {"port": "23"}}`)
	invtest.Place(both, 8, "instances", "backup", "roles", "client", "settings", "net", "port")
	if got := string(upgrade.Of(both, inventory(true, `{"port": "22", "net": {"port": "23"}}`)).Patch()); got != "[]" {
		t.Errorf("with a new one besides the patch is %s", got)
	}
}

// A module that lost its owner's name.
func TestWithoutOwner(t *testing.T) {
	inventory := func(offers []string, findings ...instance.Finding) *instance.Inventory {
		inv := clan(nil, nil, findings...)
		inv.Instances["backup"].Module.Name = "@core/backup"
		facts.Of(inv).Catalogue.Inputs = map[string]services.Input{"core": {Services: offers}}
		facts.Of(inv).PersistedFile = inv.Where("instances", "backup").File
		return inv
	}
	gone := instance.NewFinding(codes.UnknownModule, instance.Subject{Instance: "backup"},
		instance.Cause{Name: "@core/backup", Service: "core#@core/backup", Input: "core"})
	r := upgrade.Of(inventory([]string{"@core/backup"}), inventory([]string{"backup"}, gone))
	want := `[{"op":"add","path":"/instances/backup/module/name","value":"backup"}]`
	if diff := cmp.Diff(want, string(r.Patch())); diff != "" {
		t.Errorf("%s\n%s", diff, lines(r))
	}
	r = upgrade.Of(inventory([]string{"@core/backup"}), inventory([]string{"other"}, gone))
	if got := string(r.Patch()); got != `[{"op":"remove","path":"/instances/backup"}]` {
		t.Errorf("where there is none of that name: %s", got)
	}
}

// Without module.input another input may be meant than before: the edit says which it was, once in a patch.
func TestMoved(t *testing.T) {
	inventory := func(input string, findings ...instance.Finding) *instance.Inventory {
		inv := clan(map[string]any{}, map[string]*services.Option{"port": option("str", "")}, findings...)
		inv.Instances["backup"].Module.Input, inv.Instances["backup"].Module.Resolved = nil, input
		facts.Of(inv).PersistedFile = inv.Where("instances", "backup").File
		return inv
	}
	edit := "  set inventory.instances.backup.module.input to \"self\"\n"
	services := instance.NewFinding(codes.DroppedServices, instance.Subject{},
		instance.Cause{Names: []string{"sshd"}})
	setting := instance.NewFinding(codes.UnknownSetting, instance.Subject{Instance: "backup", Role: "client",
		Machine: "attic", Setting: []string{"port"}}, instance.Cause{Nix: "no port", Whole: true})
	r := upgrade.Of(inventory("self"), inventory("core", setting, services))
	want := "breaks: no port\n" + edit +
		"changed: without module.input the module is now the one of core (was: of self)\n" + edit
	summary := "1 of 1 instances change, 1 of them break; something other than an instance breaks; 2 machines are touched"
	if got := lines(r); !strings.HasSuffix(got, want) || strings.Count(string(r.Patch()), `"op"`) != 1 || r.Summary() != summary {
		t.Errorf("%s\n%s%v", r.Summary(), got, r.Patch())
	}
	gone := instance.NewFinding(codes.UnknownModule, instance.Subject{Instance: "backup"},
		instance.Cause{Name: "backup", Service: "core#backup", Input: "core", Elsewhere: []string{"self#backup"}})
	want = "breaks: without module.input the module is now looked up in core (was: self), which does not have it; self offers backup\n" +
		edit
	if diff := cmp.Diff(want, lines(upgrade.Of(inventory("self"), inventory("", gone)))); diff != "" {
		t.Error(diff)
	}
}

// A clan that does not evaluate at all is one break, and nobody's settings changed.
func TestNothingEvaluates(t *testing.T) {
	old := clan(map[string]any{"a": 1}, nil)
	r := upgrade.Of(old,
		&instance.Inventory{Findings: []instance.Finding{instance.NewFinding(codes.FlakeFailed,
			instance.Subject{}, instance.Cause{Nix: "no\nway"})}})
	if len(r.Effects) != 1 || r.Effects[0].Part != "clan" || len(r.Affected) != 2 ||
		r.Summary() != "the clan breaks: no\nway" {
		t.Errorf("%s: %s", r.Summary(), lines(r))
	}
}

// Places are hyperlinks where the caller has URLs for them.
func TestLinks(t *testing.T) {
	finding := instance.NewFinding(codes.SettingFailed, instance.Subject{Instance: "backup", Role: "client"},
		instance.Cause{Nix: "no"})
	finding.Position = instance.Position{File: "clan.nix", Line: 3}
	var text strings.Builder
	opts := diff.TextOptions{Link: func(_ string, p instance.Position) string { return "file:///" + p.File }}
	err := upgrade.Of(clan(nil, nil), clan(nil, nil, finding)).WriteText(&text, opts)
	if want := "\x1b]8;;file:///clan.nix\x1b\\clan.nix:3"; err != nil || !strings.Contains(text.String(), want) {
		t.Errorf("%q is not in %q, %v", want, text.String(), err)
	}
}

// Text from the flake cannot command a terminal, nor be markup.
func TestHostileText(t *testing.T) {
	finding := instance.NewFinding(codes.SettingFailed, instance.Subject{Instance: "backup", Role: "client"},
		instance.Cause{Nix: "\x1b[2J|`<b>"})
	r := upgrade.Of(clan(nil, nil), clan(nil, nil, finding))
	var text, markdown strings.Builder
	if err := r.WriteText(&text, diff.TextOptions{}); err != nil || strings.Contains(text.String(), "\x1b") {
		t.Errorf("%q, %v", text.String(), err)
	}
	if err := r.WriteMarkdown(&markdown); err != nil ||
		strings.Contains(markdown.String(), "\x1b") || !strings.Contains(markdown.String(), "``\\x1b[2J\\|`<b>``") {
		t.Errorf("%q, %v", markdown.String(), err)
	}
}

// Further lines of a message follow the table, once, and cannot end their block.
func TestMarkdownOfLines(t *testing.T) {
	of := func(role string) instance.Finding {
		return instance.NewFinding(codes.SettingFailed, instance.Subject{Instance: "backup", Role: role},
			instance.Cause{Nix: "no\n```\n\x1b[2J"})
	}
	var markdown strings.Builder
	err := upgrade.Of(clan(nil, nil), clan(nil, nil, of("client"), of("server"))).WriteMarkdown(&markdown)
	want := "in full:\n\n````\nno\n```\n\\x1b[2J\n````\n"
	if err != nil || strings.Count(markdown.String(), want) != 1 || !strings.Contains(markdown.String(), "| `no` |") {
		t.Errorf("%s, %v", markdown.String(), err)
	}
}

// What services offer each other, of machines alike once.
func TestExports(t *testing.T) {
	with := func(ports ...int) *instance.Inventory {
		inv := clan(nil, nil)
		inv.Exports = map[string]*instance.Export{}
		for i, port := range ports {
			machine := []string{"attic", "cabin"}[i]
			inv.Exports["backup:backup:client:"+machine] = &instance.Export{Scope: instance.Scope{Instance: "backup", Role: "client", Machine: machine, Service: "backup"},
				Peer: &instance.Peer{Hosts: []instance.Host{}, Port: port}}
		}
		return inv
	}
	if diff := cmp.Diff("changed: exports peer.port 22 -> 23\n",
		lines(upgrade.Of(with(22, 22), with(23, 23)))); diff != "" {
		t.Error(diff)
	}
	// An interface that is not clan's own goes by its name, too.
	other := with()
	other.Exports["users:auth::"] = &instance.Export{Scope: instance.Scope{Instance: "users", Service: "users"},
		Data: map[string]json.RawMessage{"auth": json.RawMessage(`{"client": "x"}`)}}
	if diff := cmp.Diff("changed: now exports auth (client)\n", lines(upgrade.Of(with(), other))); diff != "" {
		t.Error(diff)
	}
	each := upgrade.Of(with(22, 22), with(23, 24))
	if got := len(each.Effects); got != 2 {
		t.Errorf("%d effects", got)
	}
	for want, r := range map[string]*upgrade.Report{
		"  exports peer.port, on each machine another value  attic, cabin\n": each,
		"  now exports peer (hosts, port)  attic, cabin\n":                   upgrade.Of(with(), with(22, 23)),
		"  no longer exports peer (hosts, port)  attic, cabin\n":             upgrade.Of(with(22, 23), with()),
	} {
		var text strings.Builder
		if err := r.WriteText(&text, diff.TextOptions{}); err != nil || !strings.HasSuffix(text.String(), want) {
			t.Errorf("got %s, want %s", text.String(), want)
		}
	}
}
