package diff

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/internal/schematest"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/module"
)

// fleet is a clan of two machines: a client by name, and a server by tag.
func fleet() *instance.Inventory {
	settings, _ := instance.NewSettings(map[string]any{"keep": map[string]any{"daily": 7}, "paths": []string{"/home"},
		"user": nil})
	none, _ := instance.NewSettings(map[string]any{})
	inv := &instance.Inventory{
		Machines: map[string]*instance.Machine{
			"box":    {Class: "nixos", Tags: []string{"all", "storage"}},
			"laptop": {Class: "nixos", Tags: []string{"all"}},
		},
		Tags: map[string][]string{"all": {"box", "laptop"}, "storage": {"box"}},
		Instances: map[string]*instance.Instance{"backup": {
			Module: instance.Module{Name: "borg", Resolved: "self"},
			Roles: map[string]*instance.Role{
				"client": {SettingsFrom: codes.SettingsFromClan, Tags: []string{},
					Machines: map[string]*instance.Member{
						"laptop": {Explicit: true, Tags: []string{}, Settings: settings}}},
				"server": {SettingsFrom: codes.SettingsFromClan, Tags: []string{"storage"},
					Machines: map[string]*instance.Member{
						"box": {Tags: []string{"storage"}, Settings: none}}},
			},
		}},
	}
	facts.Of(inv).AllInstances = []string{"backup"}
	return inv
}

func withSettings(t *testing.T, member *instance.Member, value any) {
	t.Helper()
	settings, err := instance.NewSettings(value)
	if err != nil {
		t.Fatal(err)
	}
	member.Settings = settings
}

// in short: one line for each thing that changed, and one for each machine that is affected.
func short(d *Difference) string {
	var b strings.Builder
	value := func(v json.RawMessage) string {
		if v == nil {
			return "-"
		}
		return string(v)
	}
	for _, v := range d.Meta {
		fmt.Fprintf(&b, "meta %s %v %s %s\n", v.Change, v.Path, value(v.Old), value(v.New))
	}
	for _, m := range d.Machines {
		fmt.Fprintf(&b, "machine %s %s +%v -%v\n", m.Change, m.Name, m.Tags.Added, m.Tags.Removed)
		for _, v := range m.Values {
			fmt.Fprintf(&b, "  %s %v %s %s\n", v.Change, v.Path, value(v.Old), value(v.New))
		}
	}
	for _, t := range d.Tags {
		fmt.Fprintf(&b, "tag %s %s +%v -%v\n", t.Change, t.Name, t.Machines.Added, t.Machines.Removed)
	}
	for _, i := range d.Instances {
		fmt.Fprintf(&b, "instance %s %s\n", i.Change, i.Name)
		for _, v := range i.Module {
			fmt.Fprintf(&b, "  module %s %v %s %s\n", v.Change, v.Path, value(v.Old), value(v.New))
		}
		for _, r := range i.Roles {
			fmt.Fprintf(&b, "  role %s %s +%v -%v written %t", r.Change, r.Name, r.Tags.Added, r.Tags.Removed,
				r.Written)
			if r.ExtraModules != nil {
				fmt.Fprintf(&b, " extra %v", *r.ExtraModules)
			}
			if r.SettingsFrom != nil {
				fmt.Fprintf(&b, " from %v", *r.SettingsFrom)
			}
			b.WriteString("\n")
			for _, m := range r.Members {
				fmt.Fprintf(&b, "    %s %s:", m.Change, m.Machine)
				for _, c := range m.Causes {
					fmt.Fprintf(&b, " %s %s %s;", c.Change, c.Kind, c.Tag)
				}
				b.WriteString("\n")
			}
			for _, s := range r.Settings {
				fmt.Fprintf(&b, "    %s %v %s %s %v\n", s.Change, s.Path, value(s.Old), value(s.New), s.Machines)
			}
		}
	}
	for _, f := range d.Findings.Appeared {
		fmt.Fprintf(&b, "appeared %s %v\n", f.Code, f.Machines)
	}
	for _, f := range d.Findings.Gone {
		fmt.Fprintf(&b, "gone %s %v\n", f.Code, f.Machines)
	}
	for _, u := range d.Unknown {
		fmt.Fprintf(&b, "unknown {Instance:%s Role:%s Side:%s}\n", u.Instance, u.Role, u.Side)
	}
	for _, a := range d.Affected {
		fmt.Fprintf(&b, "%s is affected %s:", a.Machine, a.Kind)
		for _, r := range a.Reasons {
			fmt.Fprintf(&b, " %s",
				strings.Join(strings.Fields(fmt.Sprint(r.Kind, " ", r.Change, " ", r.Instance, " ", r.Role, " ",
					r.From)), " ")+";")
		}
		b.WriteString("\n")
	}
	return b.String()
}

func TestOf(t *testing.T) {
	schema := schematest.Strict(t, "../../docs/diff.schema.json")
	machines := func(f instance.Finding, names ...string) instance.Finding {
		f.Machine, f.Machines = names[0], names
		return f
	}
	missing := instance.NewFinding(codes.MissingSetting,
		instance.Subject{Instance: "backup", Role: "client", Setting: []string{"x"}}, instance.Cause{})
	unused := instance.NewFinding(codes.UnusedTag, instance.Subject{}, instance.Cause{Tag: "x"})
	failed := func(role string) instance.Finding {
		code := codes.InstanceFailed
		if role != "" {
			code = codes.RoleFailed
		}
		return instance.NewFinding(code, instance.Subject{Instance: "backup", Role: role}, instance.Cause{Nix: "no"})
	}
	for name, test := range map[string]struct {
		old, new func(*instance.Inventory)
		want     string
	}{
		"nothing": {want: ""},
		"another place and order of the same": {
			old: func(inv *instance.Inventory) {
				inv.Findings = []instance.Finding{{Code: codes.NixWarning, Severity: instance.SeverityWarning,
					Cause:    instance.Cause{Nix: "at clan.nix:12:5"},
					Position: instance.Position{File: "clan.nix", Line: 12}}}
			},
			new: func(inv *instance.Inventory) {
				inv.Findings = []instance.Finding{{Code: codes.NixWarning, Severity: instance.SeverityWarning,
					Cause:    instance.Cause{Nix: "at clan.nix:14:5"},
					Position: instance.Position{File: "clan.nix", Line: 14}}}
			},
		},
		"meta": {
			new:  func(inv *instance.Inventory) { inv.Meta = map[string]any{"domain": "a.example"} },
			want: "meta added [domain] - \"a.example\"\nbox is affected direct: meta;\nlaptop is affected direct: meta;\n",
		},
		"machine installed": {
			new:  func(inv *instance.Inventory) { at := int64(5); inv.Machines["box"].InstalledAt = &at },
			want: "machine changed box +[] -[]\n  added [installedAt] - 5\n",
		},
		"machine fields": {
			old:  func(inv *instance.Inventory) { inv.Machines["box"].Deploy = map[string]any{"targetHost": "a"} },
			new:  func(inv *instance.Inventory) { inv.Machines["box"].Deploy = map[string]any{"targetHost": "b"} },
			want: "machine changed box +[] -[]\n  changed [deploy targetHost] \"a\" \"b\"\nbox is affected direct: machine;\n",
		},
		"a machine more by tag": {
			new: func(inv *instance.Inventory) {
				inv.Machines["nas"] = &instance.Machine{Class: "nixos", Tags: []string{"storage"}}
				inv.Tags["storage"] = []string{"box", "nas"}
				server := inv.Instances["backup"].Roles["server"]
				server.Machines["nas"] = &instance.Member{Tags: []string{"storage"},
					Settings: server.Machines["box"].Settings}
			},
			want: `machine added nas +[storage] -[]
  added [class] - "nixos"
tag changed storage +[nas] -[]
instance changed backup
  role changed server +[] -[] written false
    added nas: added machine storage;
box is affected shared: peers backup server;
laptop is affected shared: peers backup client;
nas is affected direct: machine; member added backup server;
`,
		},
		"a tag more on a machine": {
			new: func(inv *instance.Inventory) {
				inv.Machines["laptop"].Tags = []string{"all", "storage"}
				inv.Instances["backup"].Roles["server"].Machines["laptop"] = &instance.Member{Tags: []string{"storage"}}
			},
			want: `machine changed laptop +[storage] -[]
instance changed backup
  role changed server +[] -[] written false
    added laptop: added machine-tag storage;
box is affected shared: peers backup server;
laptop is affected direct: machine; member added backup server;
`,
		},
		"a member by name is one by tag, and the other left": {
			new: func(inv *instance.Inventory) {
				client := inv.Instances["backup"].Roles["client"]
				client.Tags = []string{"all"}
				client.Machines["laptop"].Explicit, client.Machines["laptop"].Tags = false, []string{"all"}
				server := inv.Instances["backup"].Roles["server"]
				server.Tags, server.Machines = []string{}, map[string]*instance.Member{}
			},
			want: `instance changed backup
  role changed client +[all] -[] written false
    changed laptop: added role-tag all; removed name ;
  role changed server +[] -[storage] written false
    removed box: removed role-tag storage;
box is affected direct: member removed backup server;
laptop is affected shared: peers backup client;
`,
		},
		"settings": {
			new: func(inv *instance.Inventory) {
				withSettings(t, inv.Instances["backup"].Roles["client"].Machines["laptop"],
					map[string]any{"keep": map[string]any{"daily": 14, "weekly": nil}, "paths": []string{"/home"}})
			},
			want: `instance changed backup
  role changed client +[] -[] written false
    changed [keep daily] 7 14 [laptop]
    added [keep weekly] - null [laptop]
    removed [user] null - [laptop]
box is affected shared: peers backup server;
laptop is affected direct: settings backup client;
`,
		},
		"settings that cease to evaluate": {
			new: func(inv *instance.Inventory) {
				inv.Instances["backup"].Roles["server"].Machines["box"].Settings = nil
				inv.Instances["backup"].Roles["server"].SettingsFrom = codes.SettingsNone
			},
			want: `instance changed backup
  role changed server +[] -[] written false from {none clan}
    removed [] {} - [box]
box is affected direct: settings backup server;
laptop is affected shared: peers backup client;
`,
		},
		"what is written without effect on anybody": {
			new: func(inv *instance.Inventory) {
				facts.OfRole(inv.Instances["backup"].Roles["server"]).Layers.Role = []facts.Definition{{File: "x",
					JSON: jsonvalue.Text(1)}}
			},
			want: `instance changed backup
  role changed server +[] -[] written true
box is affected shared: peers backup server;
laptop is affected shared: peers backup client;
`,
		},
		"another module, and an extra one": {
			new: func(inv *instance.Inventory) {
				input := "other"
				inv.Instances["backup"].Module.Input, inv.Instances["backup"].Module.Resolved = &input, input
				inv.Instances["backup"].Roles["server"].ExtraModules = 1
			},
			want: `instance changed backup
  module changed [input] null "other"
  module changed [resolved] "self" "other"
  role changed server +[] -[] written false extra {1 0}
box is affected direct: module backup server; extra-modules backup server;
laptop is affected direct: module backup client;
`,
		},
		"an instance less": {
			new: func(inv *instance.Inventory) { delete(inv.Instances, "backup"); facts.Of(inv).AllInstances = nil },
			want: `instance removed backup
  module removed [input] null -
  module removed [name] "borg" -
  module removed [resolved] "self" -
  role removed client +[] -[] written false
    removed laptop: removed instance ;
  role removed server +[] -[storage] written false
    removed box: removed instance ;
box is affected direct: member removed backup server;
laptop is affected direct: member removed backup client;
`,
		},
		"an instance that does not evaluate is not one less": {
			new: func(inv *instance.Inventory) {
				delete(inv.Instances, "backup")
				inv.Findings = []instance.Finding{failed("")}
			},
			want: `appeared instance-failed []
unknown {Instance:backup Role: Side:new}
box is affected direct: unknown backup server;
laptop is affected direct: unknown backup client;
`,
		},
		"nor is a role": {
			old: func(inv *instance.Inventory) {
				delete(inv.Instances["backup"].Roles, "server")
				inv.Findings = []instance.Finding{failed("server")}
			},
			want: `gone role-failed []
unknown {Instance:backup Role:server Side:old}
box is affected direct: unknown backup server;
laptop is affected shared: peers backup client;
`,
		},
		"settings that never evaluated, and are the same": {
			old: func(inv *instance.Inventory) { unevaluated(inv, 1, 1) },
			new: func(inv *instance.Inventory) { unevaluated(inv, 1, 1) },
		},
		"settings that never evaluated, and are not": {
			old: func(inv *instance.Inventory) { unevaluated(inv, 1, 1) },
			new: func(inv *instance.Inventory) { unevaluated(inv, 1, 2) },
			want: `unknown {Instance:backup Role:server Side:old}
unknown {Instance:backup Role:server Side:new}
box is affected direct: unknown backup server;
`,
		},
		"machines that do not evaluate": {
			new: func(inv *instance.Inventory) { inv.Machines, inv.Tags = nil, nil },
			want: `unknown {Instance: Role: Side:new}
box is affected direct: unknown;
laptop is affected direct: unknown;
`,
		},
		"findings of members": {
			old: func(inv *instance.Inventory) {
				inv.Findings = []instance.Finding{machines(missing, "box", "laptop")}
			},
			new: func(inv *instance.Inventory) {
				inv.Findings = []instance.Finding{machines(missing, "attic", "laptop"), unused, unused}
			},
			want: "appeared missing-setting [attic]\nappeared unused-tag []\nappeared unused-tag []\ngone missing-setting [box]\n",
		},
		"exports": {
			old: exporting,
			new: func(inv *instance.Inventory) {
				exporting(inv)
				withSettings(t, inv.Instances["backup"].Roles["client"].Machines["laptop"], map[string]any{})
				inv.Instances["backup"].Roles["client"].Machines["laptop"].Settings, _ = instance.NewSettings(map[string]any{"keep": 1})
			},
			want: `instance changed backup
  role changed client +[] -[] written false
    changed [keep] {"daily":7} 1 [laptop]
    removed [paths] ["/home"] - [laptop]
    removed [user] null - [laptop]
box is affected shared: peers backup server; exports dns server backup;
laptop is affected direct: settings backup client;
`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			old, new := fleet(), fleet()
			if test.old != nil {
				test.old(old)
			}
			if test.new != nil {
				test.new(new)
			}
			d := Of(old, new)
			if diff := cmp.Diff(test.want, short(d)); diff != "" {
				t.Error(diff)
			}
			old.Flake.Layout, new.Flake.Layout = facts.LayoutClan, facts.LayoutClan
			validate(t, schema, d)
		})
	}
}

// unevaluated is a role whose member's settings do not evaluate; what is written for the role, and for a tag of the
// member.
func unevaluated(inv *instance.Inventory, role, tag any) {
	server := inv.Instances["backup"].Roles["server"]
	server.Machines["box"].Settings = nil
	facts.OfRole(server).Layers.Role = []facts.Definition{{JSON: jsonvalue.Text(role)}}
	facts.OfRole(server).Layers.Tags = map[string][]facts.Definition{"storage": {{JSON: jsonvalue.Text(tag)}}}
}

// exporting adds an instance whose module reads what that of backup exports.
func exporting(inv *instance.Inventory) {
	inv.Instances["backup"].Module.Manifest = &module.Manifest{Exports: map[string]any{"out": []any{"endpoints"}}}
	inv.Instances["dns"] = &instance.Instance{Module: instance.Module{Name: "dns",
		Manifest: &module.Manifest{Exports: map[string]any{"inputs": []any{"endpoints"}}}},
		Roles: map[string]*instance.Role{"server": {Machines: map[string]*instance.Member{"box": {}}}}}
}

// The parts of the schema that are those of the document of clanctl eval are the same there.
func TestSchemaAgreesWithEval(t *testing.T) {
	read := func(name string) map[string]any {
		var doc struct {
			Defs map[string]any `json:"$defs"`
		}
		readJSON(t, "../../docs/"+name, &doc)
		return doc.Defs
	}
	own, eval := read("diff.schema.json"), read("eval.schema.json")
	for _, name := range []string{"names", "flake", "finding", "definition", "position"} {
		if diff := cmp.Diff(eval[name], own[name]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestSetFiles(t *testing.T) {
	with := func(files ...string) *instance.Inventory {
		inv := fleet()
		inv.Instances["backup"].Module.Files = files
		return inv
	}
	for name, test := range map[string]struct {
		module, changed string
		want            bool
	}{
		"its file":                  {"modules/borg.nix", "modules/borg.nix", true},
		"another file":              {"modules/borg.nix", "modules/other.nix", false},
		"in its directory":          {"modules/borg", "modules/borg/lib/x.nix", true},
		"beside its directory":      {"modules/borg", "modules/borg2", false},
		"beside its default.nix":    {"modules/borg/default.nix", "modules/borg/README.md", true},
		"not beside any other file": {"modules/borg/main.nix", "modules/borg/README.md", false},
	} {
		d := Of(with(test.module), with(test.module))
		d.SetFiles([]string{"flake.nix", test.changed})
		if got := len(d.Sources.Modules) == 1; got != test.want || len(d.Sources.Files) != 2 {
			t.Errorf("%s: %+v", name, d.Sources)
		}
	}
	old, new := fleet(), fleet()
	facts.Of(old).PersistedFile, facts.Of(new).PersistedFile = "inventory.json", "fleet/inventory.json"
	d := Of(old, new)
	d.SetFiles([]string{"fleet/inventory.json", "inventory.json", "machines/inventory.json"})
	if diff := cmp.Diff([]string{"machines/inventory.json"}, d.Sources.Files); diff != "" {
		t.Errorf("inventory.json was compared:\n%s", diff)
	}
}

// A finding that concerns a machine more does not speak of one that it concerned before.
func TestFindingNamesItsMachine(t *testing.T) {
	with := func(machines ...string) *instance.Inventory {
		inv := fleet()
		inv.Findings = []instance.Finding{{Code: codes.InvalidSetting,
			Subject: instance.Subject{Instance: "backup", Role: "server", Machine: machines[0], Machines: machines}}}
		return inv
	}
	for _, d := range []Findings{Of(with("box"), with("box", "laptop")).Findings,
		{Appeared: Of(with("box", "laptop"), with("box")).Findings.Gone}} {
		if len(d.Appeared) != 1 {
			t.Fatalf("got %+v", d)
		}
		f := d.Appeared[0]
		if f.Machine != "laptop" || !slices.Equal(f.Machines, []string{"laptop"}) ||
			f.About() != "inventory.instances.backup.roles.server.machines.laptop" {
			t.Errorf("got %s of %s %v: %s", f.Code, f.Machine, f.Machines, f.About())
		}
	}
}

// What services export is compared where both inventories have it, and what does not evaluate is not gone.
func TestExports(t *testing.T) {
	peer := func(port int) map[string]*instance.Export {
		return map[string]*instance.Export{"s:i:r:box": {Scope: instance.Scope{Service: "s", Instance: "i", Role: "r", Machine: "box"},
			Peer: &instance.Peer{Port: port, Hosts: []instance.Host{{Address: "a"}}}}}
	}
	old, new := fleet(), fleet()
	new.Exports = peer(22)
	if d := Of(old, new); d.Exports != nil {
		t.Errorf("one has none: %v", d.Exports)
	}
	if d := Of(nil, new); len(d.Exports) != 1 || d.Exports[0].Change != Added {
		t.Errorf("a new clan: %v", d.Exports)
	}
	old.Exports = peer(22)
	if d := Of(old, new); len(d.Exports) != 0 || d.Exports == nil || !d.Empty() {
		t.Errorf("the same: %v", d.Exports)
	}
	new.Exports = peer(23)
	new.Instances["backup"].Module.Manifest = &module.Manifest{Exports: map[string]any{"inputs": []any{"peer"}}}
	old.Instances["backup"].Module.Manifest = new.Instances["backup"].Module.Manifest
	d := Of(old, new)
	if len(d.Exports) != 1 || len(d.Exports[0].Values) != 1 ||
		nixlang.PathString(d.Exports[0].Values[0].Path) != "peer.port" || d.Empty() {
		t.Errorf("another port: %v", d.Exports)
	}
	if len(d.Affected) != 2 || d.Affected[0].Kind != codes.AffectedShared {
		t.Errorf("the readers: %v", d.Affected)
	}
	new.Exports = map[string]*instance.Export{}
	new.Findings = []instance.Finding{instance.NewFinding(codes.ExportFailed, instance.Subject{},
		instance.Cause{Name: "s:i:r:box peer"})}
	if d := Of(old, new); len(d.Exports) != 0 {
		t.Errorf("what does not evaluate: %v", d.Exports)
	}
}
