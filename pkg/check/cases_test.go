package check

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/nixtest"
	"github.com/clanctl/clanctl/pkg/instance"
)

// What people write and report, on real clan-core: which findings there are, and what they advise.
func TestCasesInClanCore(t *testing.T) {
	core, evaluator, inputs := realClanCore(t)
	const ownUsers = `modules.users = { _class = "clan.service"; manifest.name = "users"; manifest.readme = "r"; roles.default = {
		description = "d"; interface = { lib, ... }: { options.color = lib.mkOption { type = lib.types.str; default = ""; }; }; perInstance = _: { }; }; };`
	for name, test := range map[string]struct {
		clan string
		want []string // "SEVERITY CODE INSTANCE: HINT"
	}{
		"extra modules in settings": {
			`inventory.instances.i = { module.name = "importer"; roles.default.tags.all = { }; roles.default.settings.extraModules = [ { } ]; };`,
			[]string{`warning unknown-setting i: extraModules stands beside settings, not in them: roles.default.extraModules`},
		},
		"setting where there are none": {
			`inventory.instances.i = { module.name = "importer"; roles.default.tags.all = { }; roles.default.settings.nosuch = 1; };`,
			[]string{`warning unknown-setting i: remove it`},
		},
		"setting of another service of the name": {
			ownUsers +
				`inventory.instances.i = { module = { name = "users"; input = "self"; }; roles.default = { tags.all = { }; settings.user = "joe"; }; };`,
			[]string{`error unknown-setting i: clan-core#users has this option: take the module from there, or remove the setting`},
		},
		"setting of the flake's own service of the name": {
			ownUsers +
				`inventory.instances.i = { module.name = "users"; roles.default = { tags.all = { }; settings.user = "joe"; settings.color = "red"; }; };`,
			[]string{`error unknown-setting i: self#users has this option: take the module from there, or remove the setting`},
		},
		"own module without an input": {
			strings.ReplaceAll(ownUsers, "users", "acme") + `inventory.instances.acme.roles.default.tags.all = { };`,
			[]string{`error unknown-module acme: a service "acme" is offered elsewhere: set module.input = "self"`},
		},
		"removed name": {
			`inventory.instances.i = { module = { name = "@clan/localbackup"; input = "self"; }; roles.default.machines.one = { }; };
			inventory.instances.j = { module.name = "@clan/localbackup"; roles.default.machines.one = { }; };`,
			[]string{
				`error unknown-module i: did you mean clan-core#localbackup (module.name = "localbackup")?`,
				`error unknown-module j: did you mean clan-core#localbackup (module.name = "localbackup")?`,
			},
		},
		"tags computed from tags": {
			`inventory.tags = { machines, ... }: { big = builtins.filter (m: machines.${m}.tags != [ ]) (builtins.attrNames machines); };`,
			[]string{`error tag-failed : machines' tags hold the computed ones, too, so that tags cannot be computed from them: compute them from something else`},
		},
		"tags that recurse otherwise": {
			`inventory.tags = { config, ... }: { big = config.big; };`,
			[]string{`error tag-failed : `},
		},
		"removed options that nobody set": {`inventory.instances.data-mesher.roles.default.tags.all = { };`, nil},
		"a member that is no machine": {
			`inventory.instances.i = { module.name = "users"; roles.default.machines.all.settings.allowedkeys.me = "k"; };`,
			[]string{`warning unknown-machine i: "all" is a tag: write roles.default.tags.all`},
		},
		"unknown category": {
			strings.ReplaceAll(ownUsers, `manifest.readme`,
				`manifest.categories = [ "Networking" "System" "Sience" ]; manifest.readme`) +
				`inventory.instances = { i = { module = { name = "users"; input = "self"; }; roles.default.tags.all = { }; };
				j = { module = { name = "users"; input = "self"; }; roles.default.tags.all = { }; }; };`,
			[]string{`warning manifest-failed : did you mean "Network", "Science"?`},
		},
		"category of one's own": {
			strings.ReplaceAll(ownUsers, `manifest.readme`, `manifest.categories = [ "AI" ]; manifest.readme`) +
				`inventory.instances.i = { module = { name = "users"; input = "self"; }; roles.default.tags.all = { }; };`,
			[]string{`note manifest-failed : the categories are "Audio", "AudioVideo", "Desktop", "Development", "Education", "Game", "Graphics", "Network", "Office", "Science", "Settings", "Social", "System", "Uncategorized", "Utility", "Video"`},
		},
		"constraint that is no number": {
			strings.ReplaceAll(ownUsers, `manifest.readme`,
				`manifest.constraints.maxInstances = "one"; manifest.readme`) +
				`inventory.instances.i = { module = { name = "users"; input = "self"; }; roles.default.tags.all = { }; };`,
			[]string{`error manifest-failed : `},
		},
		"two values": {
			ownUsers +
				`inventory.instances.i = { module = { name = "users"; input = "self"; }; roles.default.machines.one.settings.color = "a"; roles.default.settings.color = "b"; };`,
			[]string{`error conflict i: no layer outranks another: keep the value in one layer, or mark one with lib.mkForce or the other with lib.mkDefault`},
		},
		"unknown meta": {`meta.nmae = "x";`, []string{`error evaluation-failed : `}},
		"machine's tags are no list": {`inventory.machines.two.tags = "web";`,
			[]string{`error malformed-inventory : tags are a list: machines.two.tags = [ "<tag>" ];`}},
		"machine of another class": {`inventory.machines.two.machineClass = "macos";`,
			[]string{`error machine-failed : `}},
		"attribute of an extra module": {
			`inventory.instances.sshd.roles.server = { tags.all = { }; extraModules = [ { }.missing ]; };`,
			[]string{`error extra-modules-failed sshd: machines with the role do not build`},
		},
		"host beside deploy": {`inventory.machines.two.targetHost = "x";`,
			[]string{`error malformed-inventory : it stands below deploy: machines.two.deploy.targetHost`}},
		"emptiness written down": {`inventory.instances.i = { module.name = "borgbackup"; roles.server.machines = { }; };`,
			nil},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			writeClan(t, dir, core, inputs,
				`{ meta.name = "m"; meta.domain = "m"; inventory.machines.one = { }; `+test.clan+` }`)
			inv, err := instance.Load(t.Context(), nixtest.Ref(t, dir),
				instance.Config{Evaluator: evaluator, Need: instance.NeedChecks})
			if inv == nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range All(inv) {
				got = append(got, string(f.Severity)+" "+f.Code+" "+f.Instance+": "+f.Hint())
				if f.Line == 0 && f.Code != codes.EvaluationFailed {
					t.Errorf("no place for %v", f)
				}
			}
			if slices.Sort(got); !slices.Equal(got, test.want) {
				t.Errorf("found %q, want %q", got, test.want)
			}
		})
	}
}

// What inventory.json brings has a place in it, and takes no further process.
func TestInventoryJSON(t *testing.T) {
	core, evaluator, inputs := realClanCore(t)
	dir := t.TempDir()
	writeClan(t, dir, core, inputs, `{ meta.name = "m"; meta.domain = "m"; inventory.machines.one = { };
		inventory.instances.sshd.roles.server.tags.all = { }; }`)
	text := "{\n\"instances\": { \"sshd\": { \"roles\": { \"server\": { \"machines\": {\n  \"two\": {} } } } } }\n}\n"
	if err := os.WriteFile(filepath.Join(dir, "inventory.json"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	asked := 0
	evaluator.OnCommand = func([]string) { asked++ }
	found := findings(t, evaluator, dir)
	if len(found) != 1 || found[0].Code != codes.UnknownMachine ||
		found[0].Position != (instance.Position{File: "inventory.json", Line: 3, Column: 3}) {
		t.Errorf("found %v", found)
	}
	if asked != 1 {
		t.Errorf("Nix was asked %d times", asked)
	}
}

// Somebody else's example names the input clan-core, which has another name here.
func TestClanCoreByAnotherName(t *testing.T) {
	core, evaluator, inputs := realClanCore(t)
	dir := t.TempDir()
	writeClan(t, dir, core, inputs, `{ meta.name = "m"; meta.domain = "m"; inventory.machines.one = { };
		inventory.instances.i = { module = { name = "sshd"; input = "clan-core"; }; roles.server.tags.all = { }; }; }`)
	file := filepath.Join(dir, "flake.nix")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	renamed := strings.NewReplacer("clan-core.url", "cc.url", "clan-core.inputs", "cc.inputs", "clan-core, ...",
		"cc, ...", "clan-core.lib", "cc.lib").Replace(string(text))
	if err := os.WriteFile(file, []byte(renamed), 0o644); err != nil {
		t.Fatal(err)
	}
	found := findings(t, evaluator, dir)
	if len(found) != 1 || found[0].Code != codes.UnknownInput || found[0].Hint() != `did you mean "cc"?` {
		t.Errorf("found %v", found)
	}
}
