package instance

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-multierror"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/nixtest"
	"github.com/clanctl/clanctl/internal/reader"
	"github.com/clanctl/clanctl/pkg/nixeval"
	"github.com/clanctl/clanctl/pkg/tags"
)

const plainClan = `{ outputs = { self }: {
  clan.modules.backup = { manifest.name = "backup"; roles.client.description = "sends"; roles.server = { }; };
  inventory = {
    meta.name = "test";
    machines.laptop = { tags = [ "mobile" ]; deploy.targetHost = "root@laptop"; };
    machines.mac.machineClass = "darwin";
    machines.box = { };
    tags = { config, machines }: { big = [ "box" ]; portable = builtins.filter (n: n != "box") config.all; };
    instances.nightly = {
      module = { name = "backup"; input = "self"; };
      roles.client.tags.portable.settings.exclude = [ "tag" ];
      roles.client.machines.laptop.settings = { exclude = [ "machine" ]; every = 5; };
      roles.client.settings.exclude = [ "role" ];
      roles.server.machines.box = { };
    };
    instances.backup.roles.server.tags = [ "big" ];
    instances.lost.module.input = "nowhere";
  };
}; }`

func plainFlake(t *testing.T, edit ...string) nixeval.Ref {
	t.Helper()
	return nixtest.Flake(t, map[string]string{"flake.nix": strings.NewReplacer(edit...).Replace(plainClan)})
}

func asJSON(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// told is a finding in short: "code about at line".
func told(findings []Finding) []string {
	got := []string{}
	for _, f := range findings {
		got = append(got, fmt.Sprintf("%s %s %d", f.Code, cmp.Or(f.About(), "-"), f.Line))
	}
	return got
}

func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("%s:\n%s", what, diff)
	}
}

// Places in a large file are the same, whoever looks for them; Nix is asked again only for those that are not plainly
// written.
func TestPlacesInLargeFiles(t *testing.T) {
	const flake = `{ outputs = { self }: { clan.modules.m.roles = { r = { }; }; inventory = import ./inventory.nix; }; }`
	for name, c := range map[string]struct {
		inventory string
		processes int
	}{
		"plainly written": {`{
  machines.a = { };
  machines."b c".tags = [ "t" ];
  instances = {
    i = { module = { name = "m"; input = "self"; }; roles.r.machines.a = { }; roles.r.tags.t = { };
      roles.r.machines."b c" = { }; };
  };
}`, 1},
		"computed": {`{
  machines.a = { };
  instances = { i.module = { name = "m"; input = "self"; }; } // {
    j = { module = { name = "m"; input = "self"; };
      roles.r.machines.a = { }; };
  };
}`, 2},
	} {
		small := nixtest.Flake(t, map[string]string{"flake.nix": flake, "inventory.nix": c.inventory})
		large := nixtest.Flake(t,
			map[string]string{"flake.nix": flake,
				"inventory.nix": c.inventory + "\n" + strings.Repeat("# more\n", 10_000)})
		nixtest.Each(t, func(t *testing.T, e nixeval.Evaluator) {
			processes := nixtest.Count(&e)
			want, err := Load(t.Context(), small, Config{Evaluator: e})
			if err != nil {
				t.Fatal(err)
			}
			if n := processes.Swap(0); n != 1 {
				t.Errorf("%s, small: %d processes", name, n)
			}
			got, err := Load(t.Context(), large, Config{Evaluator: e})
			if err != nil {
				t.Fatal(err)
			}
			if n := processes.Load(); int(n) != c.processes {
				t.Errorf("%s: %d processes, not %d", name, n, c.processes)
			}
			same(t, name, want.facts.Places, got.facts.Places)
			same(t, name, asJSON(t, want.Instances), asJSON(t, got.Instances))
		})
	}
}

func TestLoadPlainFlake(t *testing.T) {
	ref := plainFlake(t)
	nixtest.Each(t, func(t *testing.T, e nixeval.Evaluator) {
		processes := nixtest.Count(&e)
		inv, err := Load(t.Context(), ref, Config{Evaluator: e})
		if inv == nil {
			t.Fatal(err)
		}
		if n := processes.Load(); n != 1 {
			t.Errorf("%d Nix processes for one question", n)
		}
		same(t, "tags", map[string][]string{"all": {"box", "laptop", "mac"}, "big": {"box"}, "darwin": {"mac"},
			"mobile": {"laptop"}, "nixos": {"box", "laptop"}, "portable": {"laptop", "mac"}}, inv.Tags)
		client := inv.Instances["nightly"].Roles["client"]
		members := map[string]string{}
		for name, m := range client.Machines {
			members[name] = asJSON(t, []any{m.Explicit, m.Tags, m.Settings})
		}
		same(t, "members", map[string]string{
			"laptop": `[true,["portable"],{"every":5,"exclude":["tag","machine","role"]}]`,
			"mac":    `[false,["portable"],{"exclude":["tag","role"]}]`,
		}, members)
		if client.SettingsFrom != codes.SettingsFromLayers || inv.Flake.Layout != facts.LayoutInventory {
			t.Errorf("settings from %q, layout %q", client.SettingsFrom, inv.Flake.Layout)
		}
		m := inv.Instances["nightly"].Module
		if m.Manifest == nil || m.Manifest.Name != "backup" || m.Resolved != "self" ||
			m.Roles["client"].Description != "sends" {
			t.Errorf("module: %+v", m)
		}
		if mac := inv.Machines["mac"]; mac.Class != "darwin" ||
			inv.Machines["laptop"].Deploy["targetHost"] != "root@laptop" {
			t.Errorf("machines: %+v", mac)
		}
		if p := inv.Instances["nightly"].Position; p == nil || *p != (Position{File: "flake.nix", Line: 9, Column: 5}) {
			t.Errorf("position: %v", p)
		}
		// One instance names an input that is not there: reported, and everything else complete.
		var errs *multierror.Error
		var evalErr *Finding
		if !errors.As(err, &errs) || len(errs.Errors) != 1 || !errors.As(err, &evalErr) {
			t.Errorf("error: %v", err)
		}
		same(t, "findings", []string{"unknown-input inventory.instances.lost 17"}, told(inv.Findings))
		if inv.Partial() {
			t.Error("nothing else is missing")
		}
		if again, _ := Load(t.Context(), ref, Config{Evaluator: e}); asJSON(t, again) != asJSON(t, inv) {
			t.Error("two loads differ")
		}
	})
}

func TestLoadSome(t *testing.T) {
	ref := plainFlake(t, "instances.lost", "instances.dies = 1 + { }; instances.lost")
	nixtest.Each(t, func(t *testing.T, e nixeval.Evaluator) {
		processes := nixtest.Count(&e)
		inv, err := Load(t.Context(), ref, Config{Evaluator: e, Instances: []string{"backup", "nightly", "backup"}})
		if err != nil || processes.Load() != 1 {
			t.Fatalf("%v after %d processes; an instance that nobody asked for must not matter", err, processes.Load())
		}
		same(t, "instances", []string{"backup", "nightly"}, sortedKeys(inv.Instances))
		same(t, "all", []string{"backup", "dies", "lost", "nightly"}, inv.InstanceNames())
		_, err = Load(t.Context(), ref, Config{Evaluator: e, Instances: []string{"nightli"}})
		var unknown *tags.UnknownError
		if !errors.As(err, &unknown) || unknown.Hint() != `did you mean "nightly"?` {
			t.Errorf("unknown name: %v", err)
		}
	})
}

// A stack overflow leaves no trace: each part that does it is found with a few more processes, however many others
// there are.
func TestLoadIsolatesOverflows(t *testing.T) {
	var many strings.Builder
	for i := range 40 {
		fmt.Fprintf(&many, "i%d.roles.r.machines.m.settings.x = %d;\n", i, i)
	}
	ref := nixtest.Flake(t,
		map[string]string{"flake.nix": `{ outputs = _: let deep = n: 1 + deep (n + 1); in { inventory = {
  machines.m = { };
  instances = {
    bad.roles.r.machines.m.settings = { ok = 1; list = [ 1 { x = deep 0; } ]; };
    other.roles.r.machines.m.settings = deep 0;
    ` + many.String() + `
  };
}; }; }`})
	nixtest.Each(t, func(t *testing.T, e nixeval.Evaluator) {
		processes := nixtest.Count(&e)
		inv, err := Load(t.Context(), ref, Config{Evaluator: e})
		if inv == nil {
			t.Fatal(err)
		}
		var about []string // Nix 2.26 says where the recursion is, 2.8 nothing
		for _, f := range inv.Findings {
			about = append(about, f.Code+" "+f.About())
		}
		same(t, "findings", []string{
			`setting-failed inventory.instances.bad.roles.r.machines.m.settings.list."1".x`,
			"settings-failed inventory.instances.other.roles.r.machines.m",
		}, about)
		if s := inv.Instances["i7"].Roles["r"].Machines["m"].Settings; s == nil || string(s.JSON()) != `{"x":7}` {
			t.Errorf("the good instance: %v", s)
		}
		if n := processes.Load(); n > 8 {
			t.Errorf("%d processes", n)
		}
	})
}

// What tryEval cannot catch takes nothing with it but itself.
func TestLoadIsolates(t *testing.T) {
	ref := nixtest.Flake(t, map[string]string{
		"flake.nix": `{ outputs = _: { inventory = {
  machines.m = { };
  instances = {
    good.roles.r.machines.m.settings.x = 1;
    missing.roles.r.machines.m.settings.x = { }.y;
    type.roles.r.machines.m = 1 + "x";
    endless.module.name = let x = x; in x;
    thrown.roles.r.settings = throw "thrown away";
    syntax = import ./broken.nix;
    leaf = { roles.r.machines.m.settings = { ok = 1; bad.deep = throw "leaf"; }; };
  };
}; }; }`,
		"broken.nix": "{\n  module = \n",
	})
	nixtest.Each(t, func(t *testing.T, e nixeval.Evaluator) {
		inv, err := Load(t.Context(), ref, Config{Evaluator: e})
		if inv == nil {
			t.Fatal(err)
		}
		var codes []string
		for _, f := range inv.Findings {
			codes = append(codes, f.Code+" "+f.About())
		}
		slices.Sort(codes)
		same(t, "findings", []string{
			"instance-failed inventory.instances.endless",
			"instance-failed inventory.instances.syntax",
			"role-failed inventory.instances.type.roles.r",
			"setting-failed inventory.instances.leaf.roles.r.machines.m.settings.bad.deep",
			"setting-failed inventory.instances.missing.roles.r.machines.m.settings.x",
			"settings-failed inventory.instances.thrown.roles.r",
		}, codes)
		if s := inv.Instances["good"].Roles["r"].Machines["m"].Settings; s == nil || string(s.JSON()) != `{"x":1}` {
			t.Errorf("the good instance: %v", s)
		}
		var errs *multierror.Error
		var nixErr *nixeval.Error
		if !errors.As(err, &errs) || !errors.As(err, &nixErr) || !errors.Is(err, nixeval.ErrEvaluation) {
			t.Errorf("error: %v", err)
		}
		for _, want := range []string{"thrown away", "leaf", "infinite recursion", "syntax error", "missing"} {
			if !slices.ContainsFunc(inv.Findings, func(f Finding) bool {
				return strings.Contains(f.Message(), want) && f.File != "" && f.Line > 0
			}) {
				t.Errorf("no finding says %q with a place:\n%s", want, asJSON(t, inv.Findings))
			}
		}
	})
}

func TestLoadNoClan(t *testing.T) {
	nixtest.Each(t, func(t *testing.T, e nixeval.Evaluator) {
		load := func(text string) (*Inventory, error) {
			return Load(t.Context(), nixtest.Flake(t, map[string]string{"flake.nix": text}), Config{Evaluator: e})
		}
		for text, is := range map[string]bool{
			`{ outputs = _: { packages = { }; }; }`:                                      false,
			`{ outputs = _: { clanInternals.inventory.services.borgbackup.x = { }; }; }`: true,
			`{ outputs = _: { clan.modules.x = { }; }; }`:                                false,
			`{ outputs = _: { clanInternals.inventoryClass.inventory = { services = { }; machines = { }; }; clanInternals.inventory.services = { }; }; }`: true,
		} {
			inv, err := load(text)
			if inv != nil || errors.Is(err, ErrNotClan) == is || is && !strings.Contains(err.Error(), "the old form") {
				t.Errorf("%s: %v", text, err)
			}
		}
		_, err := load("{\n  outputs = _: {\n    inventory = }\n")
		var nixErr *nixeval.Error
		if !errors.As(err, &nixErr) {
			t.Fatalf("syntax error: %v", err)
		}
		if pos, ok := nixErr.Position(); !ok || pos != (Position{File: "flake.nix", Line: 3, Column: 17}) {
			t.Errorf("the syntax error is at %v", pos)
		}
	})
}

// A hint is shown where its cause is established.
func TestHintsOfFailures(t *testing.T) {
	nixtest.Each(t, func(t *testing.T, e nixeval.Evaluator) {
		for outputs, want := range map[string]string{
			`inventory.machines.a.description = builtins.ofTomorrow 1;`:             "this Nix has no builtins.ofTomorrow; use a newer one",
			`inventory.machines.a.description = { }.ofTomorrow 1;`:                  "",
			`inventory.machines = throw "later";`:                                   "members by tag are not known",
			`inventory.machines = let again = again // { a = { }; }; in again;`:     "members by tag are not known",
			`inventory = { machines.a = { }; tags = abort "computed like this"; };`: "",
		} {
			inv, err := Load(t.Context(),
				nixtest.Flake(t, map[string]string{"flake.nix": "{ outputs = _: {\n" + outputs + "\n}; }"}),
				Config{Evaluator: e})
			if inv == nil || len(inv.Findings) != 1 {
				t.Fatalf("%s: %v", outputs, err)
			}
			if hint := inv.Findings[0].Hint(); hint != want {
				t.Errorf("%s: hint %q, want %q", outputs, hint, want)
			}
		}
	})
}

// Nix 2.8 takes no notice of an interrupt while it evaluates.
func TestLoadEndsInTime(t *testing.T) {
	ref := nixtest.Flake(t, map[string]string{"flake.nix": `{ outputs = _: { inventory.instances.x.roles.r.settings.n =
		builtins.foldl' (a: b: builtins.foldl' (c: d: c + d) a (builtins.genList (x: x) 100000)) 0 (builtins.genList (x: x) 100000); }; }`})
	nixtest.Each(t, func(t *testing.T, e nixeval.Evaluator) {
		e.Grace = 300 * time.Millisecond
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := Load(ctx, ref, Config{Evaluator: e}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

func TestNeed(t *testing.T) {
	// A module and settings that kill Nix are not even looked at.
	ref := plainFlake(t, `manifest.name = "backup"`, `manifest.name = 1 + "x"`,
		`roles.client.settings.exclude = [ "role" ]`, `roles.client.settings = throw "no"`)
	nixtest.Each(t, func(t *testing.T, e nixeval.Evaluator) {
		inv, err := Load(t.Context(), ref, Config{Evaluator: e, Need: NeedMachines})
		if err != nil || len(inv.Instances) != 0 || len(inv.Machines) != 3 || len(inv.Tags["portable"]) != 2 ||
			len(inv.facts.AllInstances) != 3 {
			t.Errorf("machines and tags only: %+v, %v", inv, err)
		}
		if inv, err = Load(t.Context(), ref, Config{Evaluator: e, Need: NeedInstances}); inv == nil {
			t.Fatal(err)
		}
		client := inv.Instances["nightly"].Roles["client"]
		if !slices.Equal(sortedKeys(client.Machines), []string{"laptop", "mac"}) ||
			client.Machines["mac"].Settings != nil {
			t.Errorf("members without settings: %+v", client)
		}
		if inv.Instances["nightly"].Module.Resolved != "self" {
			t.Errorf("module %+v", inv.Instances["nightly"].Module)
		}
	})
}

func TestNeedOne(t *testing.T) {
	ref := plainFlake(t, `instances.lost.module.input = "nowhere";`, "")
	e := nixtest.Evaluator(t)
	processes := nixtest.Count(&e)
	config := Config{Evaluator: e, Need: 0,
		Setting: Subject{Instance: "nightly", Role: "client", Machine: "laptop", Setting: []string{"every"}}}
	inv, err := Load(t.Context(), ref, config)
	if err != nil {
		t.Fatal(err)
	}
	// Without nixpkgs' lib there are no options; what is merged from the layers is the member's settings.
	if inv.facts.Setting == nil || len(inv.facts.Setting.Options) > 0 {
		t.Errorf("setting: %+v", inv.facts.Setting)
	}
	if at := inv.at("instances", "nightly", "roles", "client", "machines", "laptop", "settings", "every"); at == nil ||
		at.Line != 12 {
		t.Errorf("the setting is at %v", at)
	}
	inv, err = Load(t.Context(), ref,
		Config{Evaluator: e, Need: facts.NeedModules,
			ask: facts.Query{Modules: facts.ModuleQuery{Of: []string{"backup"}}}})
	if err != nil || inv.facts.Modules.Found["backup"].Input != "self" || len(inv.Machines) > 0 {
		t.Errorf("a module alone: %+v, %v", inv, err)
	}
	if n := processes.Load(); n != 2 {
		t.Errorf("%d processes for two questions", n)
	}
}

// Of a tree that is read with other content everything else is as it was: also git's index, and the names of places.
func TestOverlay(t *testing.T) {
	ref := plainFlake(t)
	flake, err := os.ReadFile(filepath.Join(ref.Root, "flake.nix"))
	if err != nil {
		t.Fatal(err)
	}
	nixtest.Each(t, func(t *testing.T, e nixeval.Evaluator) {
		e.CacheDir = t.TempDir()
		inv, err := Load(t.Context(), ref, Config{Evaluator: e, Overlay: map[string][]byte{
			"flake.nix": []byte(strings.NewReplacer(`"nowhere"`, "(import ./new/name.nix)", "[ \"mobile\" ]",
				"[ ]").Replace(plainClan)), "new/name.nix": []byte("\n\"self\"\n")}})
		if inv == nil {
			t.Fatal(err)
		}
		same(t, "findings", []string{"unknown-module inventory.instances.lost 17"}, told(inv.Findings))
		if _, is := inv.Tags["mobile"]; is || inv.Flake.Ref != ref.Text || inv.Flake.URL != ref.URL {
			t.Errorf("tags %v, flake %+v", inv.Tags, inv.Flake)
		}
		if now, err := os.ReadFile(filepath.Join(ref.Root, "flake.nix")); err != nil || string(now) != string(flake) {
			t.Errorf("the flake was changed: %v", err)
		}
		if kept, err := os.ReadDir(e.CacheDir); err != nil || len(kept) > 0 {
			t.Errorf("the cache has %v, %v", kept, err)
		}
	})
	if _, err := Load(t.Context(), Ref{Text: "github:a/b", URL: "github:a/b"},
		Config{Overlay: map[string][]byte{}}); !errors.Is(err, ErrNotLocal) {
		t.Errorf("a flake elsewhere: %v", err)
	}
}

// Tags that recurse take the machines with them, but not the instances.
func TestEndlessTags(t *testing.T) {
	ref := nixtest.Flake(t, map[string]string{"flake.nix": `{ outputs = _: { inventory = {
  machines.m = { };
  tags = { config, ... }: { a = config.b; b = config.a; };
  instances.named.roles.r = { machines.m.settings.x = 1; };
  instances.tagged.roles.r = { tags.a = { }; machines.m = { }; };
}; }; }`})
	nixtest.Each(t, func(t *testing.T, e nixeval.Evaluator) {
		inv, err := Load(t.Context(), ref, Config{Evaluator: e})
		if inv == nil {
			t.Fatal(err)
		}
		if inv.MachinesKnown() || !inv.Partial() {
			t.Errorf("machines %v", inv.Machines)
		}
		if s := inv.Instances["named"].Roles["r"].Machines["m"].Settings; s == nil || string(s.JSON()) != `{"x":1}` {
			t.Errorf("a role without tags does not need them: %v", s)
		}
		if len(inv.Findings) == 0 || !strings.Contains(inv.Findings[0].Message(), "infinite recursion") ||
			inv.Findings[0].Line != 3 {
			t.Errorf("findings: %s", asJSON(t, inv.Findings))
		}
	})
}

// toJSON takes a set with an `outPath` or `__toString` for something else; these are names like any other.
func TestNamesThatNixTakesForSomethingElse(t *testing.T) {
	ref := nixtest.Flake(t, map[string]string{"flake.nix": `{ outputs = _: { inventory = {
  machines = { outPath.tags = [ "__toString" ]; __toString = { }; plain = { }; "$clanctl" = { }; };
  tags.outPath = [ "plain" ];
  instances = { plain.roles.r.machines.plain = { }; outPath.roles = {
    outPath.machines = { outPath.settings = { outPath = 1; "$clanctl" = "throws"; path = [ ]; }; plain = { }; };
    __toString.tags = { outPath = { }; __toString.settings.y = 2; };
  }; };
}; }; }`})
	nixtest.Each(t, func(t *testing.T, e nixeval.Evaluator) {
		for _, wanted := range [][]string{nil, {"outPath"}} {
			inv, err := Load(t.Context(), ref, Config{Evaluator: e, Instances: wanted})
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for name, role := range inv.Instances["outPath"].Roles {
				for machine, m := range role.Machines {
					got[name+" "+machine] = string(m.Settings.JSON())
				}
			}
			same(t, "settings",
				map[string]string{"outPath outPath": `{"$clanctl":"throws","outPath":1,"path":[]}`,
					"outPath plain":      `{}`,
					"__toString outPath": `{"y":2}`, "__toString plain": `{}`}, got)
			same(t, "machines", []string{"$clanctl", "__toString", "outPath", "plain"}, sortedKeys(inv.Machines))
			if p := inv.Instances["outPath"].Position; p == nil || p.Line != 4 {
				t.Errorf("position %v", p)
			}
		}
	})
}

// All of a document is of one state of the files, those of inputs in directories beside the flake included.
func TestLoadReadsOneState(t *testing.T) {
	for name, input := range map[string]string{"flake": "", "no flake": "flake = false;"} {
		t.Run(name, func(t *testing.T) {
			nixtest.Each(t, func(t *testing.T, e nixeval.Evaluator) {
				beside := nixtest.Flake(t, map[string]string{"flake.nix": "{ outputs = _: { }; }", "text": "0"}).Root
				ref := nixtest.Flake(t, map[string]string{"flake.nix": `{
					inputs.beside = { url = "path:` + beside + `"; ` + input + ` };
					outputs = { beside, ... }: let text = builtins.readFile "${beside}/text"; in {
						inventory.machines = { a.description = text; b.description = throw "text ${text}"; };
					};
				}`})
				processes := 0
				edits := 1
				e.OnCommand = func([]string) {
					if processes++; processes > 1 && edits > 0 {
						edits--
						if err := os.WriteFile(filepath.Join(beside, "text"), []byte(strconv.Itoa(processes)),
							0o600); err != nil {
							t.Error(err)
						}
					}
				}
				inv, err := Load(t.Context(), ref, Config{Evaluator: e})
				if inv == nil || len(inv.Findings) != 1 || inv.Machines["a"].Description != "2" ||
					!strings.Contains(inv.Findings[0].Message(), "text 2") {
					t.Fatalf("after %d processes: %v\n%+v", processes, err, inv)
				}
				processes, edits = 0, 1000
				if inv, err := Load(t.Context(), ref, Config{Evaluator: e}); !errors.Is(err, reader.ErrChanged) ||
					inv != nil {
					t.Errorf("never the same: %v after %d processes", err, processes)
				}
			})
		})
	}
}

// A pipe among the files that are looked at when nothing evaluates is not waited for.
func TestPipeInTheFlake(t *testing.T) {
	nixtest.Each(t, func(t *testing.T, e nixeval.Evaluator) {
		for _, name := range []string{"flake.lock", "inventory.json"} {
			dir, err := filepath.EvalSymlinks(t.TempDir())
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, "flake.nix"), []byte("{ outputs = _: throw \"\"; }"), 0o644)
			}
			if err = errors.Join(err, exec.Command("git", "init", "--quiet", dir).Run(),
				os.WriteFile(filepath.Join(dir, name), nil, 0o644),
				exec.Command("git", "-C", dir, "add", "--all").Run(), os.Remove(filepath.Join(dir, name)),
				syscall.Mkfifo(filepath.Join(dir, name), 0o600)); err != nil {
				t.Fatal(err)
			}
			read := make(chan error)
			go func() {
				_, err := Load(t.Context(), nixtest.Ref(t, dir), Config{Evaluator: e})
				read <- err
			}()
			select {
			case err := <-read:
				if err == nil {
					t.Errorf("%s is a pipe, and the clan is read", name)
				}
			case <-time.After(time.Minute):
				t.Fatalf("%s is a pipe, and waited for", name)
			}
		}
	})
}
