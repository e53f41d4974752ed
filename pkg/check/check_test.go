package check

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// load reads a plain flake with the given inventory.
func load(t *testing.T, inventory string) *instance.Inventory {
	t.Helper()
	dir := t.TempDir()
	text := "{ outputs = _: {\nclan.modules.svc = { manifest.name = \"svc\"; manifest.constraints = { maxInstances = 2; roles.r = { minMachines = 1; maxMachines = 2; }; }; roles.r = { }; };\n" +
		"clan.modules.free.roles = { r = { }; idle = { }; unchecked = { }; fine = { }; };\n" +
		"inventory = {\n" + inventory + "\n}; }; }"
	if err := os.WriteFile(filepath.Join(dir, "flake.nix"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	nix, _, _ := strings.Cut(os.Getenv("CLANCTL_TEST_NIX"), ":")
	ref, err := nixeval.ResolveRef("path:" + dir)
	if err != nil {
		t.Fatal(err)
	}
	inv, err := instance.Load(t.Context(), ref, instance.Config{Evaluator: nixeval.Evaluator{Nix: nix, Offline: true, ProgramDir: t.TempDir()}})
	if err != nil {
		t.Fatal(err)
	}
	return inv
}

type row struct {
	Code        instance.Code
	About, Hint string
	Line        int
}

func rows(findings []instance.Finding) []row {
	got := []row{}
	for _, f := range findings {
		got = append(got, row{f.Code, f.About(), f.Hint(), f.Line})
	}
	return got
}

func TestMembers(t *testing.T) {
	inv := load(t, `
machines = { laptop.tags = [ "mobile" ]; server = { }; };
tags = { gone = [ "servr" ]; none = [ ]; all = [ "laptop" ]; };
instances.i.module = { name = "free"; input = "self"; };
instances.i.roles.r = {
  machines.lapto = { };
  machines.mobile = { };
  tags.mobil = { };
  tags.server = { };
  tags.none = { };
};
instances.j.module = { name = "free"; input = "self"; };
instances.j.roles.idle = { };
instances.j.roles.unchecked = { tags.none = { }; settings.typo = 1; };
instances.j.roles.fine.machines.server = { };`)
	want := []row{
		{"ghost-tag-member", "inventory.machines.servr", `did you mean "server"?`, 7},
		{"replaced-tag", "", "rename the tag, or add the machines that it leaves out", 7},
		{"unknown-machine", "inventory.instances.i.roles.r.machines.lapto", `did you mean "laptop"?`, 10},
		{"unknown-machine", "inventory.instances.i.roles.r.machines.mobile", `"mobile" is a tag: write roles.r.tags.mobile`, 11},
		{"unknown-tag", "inventory.instances.i.roles.r", `did you mean "mobile"?`, 12},
		{"unknown-tag", "inventory.instances.i.roles.r", `"server" is a machine: write roles.r.machines.server`, 13},
		{"empty-tag", "inventory.instances.i.roles.r", "add members to the tag, or remove it from the role", 14},
		{"role-without-members", "inventory.instances.j.roles.idle", "add members, or remove the role", 17},
		{"unchecked-settings", "inventory.instances.j.roles.unchecked", "add members, or remove the role", 18},
		{"empty-tag", "inventory.instances.j.roles.unchecked", "add members to the tag, or remove it from the role", 18},
	}
	if diff := cmp.Diff(want, rows(Run(inv))); diff != "" {
		t.Error(diff)
	}
}

func TestUnusedTags(t *testing.T) {
	const services = `instances.i = { module = { name = "free"; input = "self"; }; roles.r.tags.mobile = { }; };`
	inv := load(t, `
machines.laptop.tags = [ "mobile" "own" ];
machines.phone.tags = [ "moblie" ];
tags = { unused = [ "laptop" ]; empty = [ ]; };
`+services)
	want := []row{
		{"unused-tag", "", `did you mean "mobile"?`, 7},
		{"unused-tag", "", "use it in a role, or remove it", 8},
	}
	if diff := cmp.Diff(want, rows(Run(inv))); diff != "" {
		t.Error(diff)
	}
	// Nobody knows what computed tags are computed from, or for.
	inv = load(t, `
machines.laptop.tags = [ "mobile" ];
tags = { machines, ... }: { computed = [ "laptop" ]; };
`+services)
	if got := Run(inv); len(got) != 0 {
		t.Errorf("false alarms: %+v", got)
	}
}

func TestConstraints(t *testing.T) {
	inv := load(t, `
machines = { a = { }; b = { }; c = { }; };
instances.one = { module = { name = "svc"; input = "self"; }; roles.r.tags.all = { }; };
instances.two = { module = { name = "svc"; input = "self"; }; };
instances.six = { module = { name = "svc"; input = "self"; }; roles.r.machines.a = { }; };`)
	inv.Flake.Layout = instance.LayoutClan // clan's own limits are about its keys
	want := []row{
		{"too-many-machines", "inventory.instances.one.roles.r", "remove members, or split them among several instances; the module's manifest sets the limit", 7},
		{"too-many-instances", "inventory.instances.two", "remove an instance, or merge several into one", 8},
		{"too-few-machines", "inventory.instances.two.roles.r", "add members; the module's manifest sets the limit", 8},
	}
	if diff := cmp.Diff(want, rows(Run(inv))); diff != "" {
		t.Error(diff)
	}
}

func TestServices(t *testing.T) {
	str := func(s string) *string { return &s }
	inv := load(t, `machines.m = { };`)
	inv.Flake.Layout, inv.Flake.ClanCore = instance.LayoutClan, "clan-core"
	inv.Catalogue.Null = "clan-core"
	for name, m := range map[string]instance.Module{
		"first":  {Input: str("a"), Name: "b-c"},
		"second": {Input: str("a-b"), Name: "c"},
		"third":  {Input: str("a"), Name: "b-c"},
		"named":  {Input: str("clan-core"), Name: "sshd"},
		"bare":   {Name: "sshd"},
		"other":  {Name: "borgbackup"},
	} {
		inv.Instances[name] = &instance.Instance{Module: m}
	}
	inv.LegacyServices = []string{"old"}
	got := rows(Run(inv))
	want := []row{
		{"deprecated-services", "", "move each to inventory.instances: https://clan.lol/docs/guides/migrations/migrate-inventory-services", 0},
		{"split-service", "inventory.instances.named", "write the module the same way in all of them", 0},
		{"key-collision", "inventory.instances.second", "rename one of the inputs or modules", 0},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	inv.LegacyDropped = true
	if f := Run(inv)[0]; f.Code != "dropped-services" || f.Severity != instance.SeverityError {
		t.Errorf("dropped: %+v", f)
	}
}

func TestHealthyClanHasNoFindings(t *testing.T) {
	inv := load(t, `
machines = { a = { }; b.machineClass = "darwin"; };
tags.web = [ "a" ];
instances.one = { module = { name = "svc"; input = "self"; }; roles.r.tags.web.settings.x = 1; };`)
	if got := Run(inv); len(got) != 0 {
		t.Errorf("false alarms: %+v", got)
	}
}
