package instance

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-multierror"

	"github.com/clanctl/clanctl/pkg/nixeval"
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

func TestLoadPlainFlake(t *testing.T) {
	ref := flake(t, map[string]string{"flake.nix": plainClan})
	eachNix(t, func(t *testing.T, e nixeval.Evaluator) {
		var commands atomic.Int32
		e.OnCommand = func([]string) { commands.Add(1) }
		inv, err := Load(t.Context(), ref, Config{Evaluator: e})
		if inv == nil {
			t.Fatal(err)
		}
		if commands.Load() != 1 {
			t.Errorf("%d Nix processes for one question", commands.Load())
		}
		if diff := cmp.Diff(map[string][]string{"all": {"box", "laptop", "mac"}, "big": {"box"}, "darwin": {"mac"},
			"mobile": {"laptop"}, "nixos": {"box", "laptop"}, "portable": {"laptop", "mac"}}, inv.Tags); diff != "" {
			t.Error(diff)
		}
		client := inv.Instances["nightly"].Roles["client"]
		got := map[string]string{}
		for name, m := range client.Machines {
			text, _ := json.Marshal([]any{m.Explicit, m.Tags, m.Settings})
			got[name] = string(text)
		}
		want := map[string]string{
			"laptop": `[true,["portable"],{"every":5,"exclude":["tag","machine","role"]}]`,
			"mac":    `[false,["portable"],{"exclude":["tag","role"]}]`,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if client.SettingsFrom != FromLayers || inv.Flake.Layout != LayoutInventory {
			t.Errorf("settings from %q, layout %q", client.SettingsFrom, inv.Flake.Layout)
		}
		m := inv.Instances["nightly"].Module
		if m.Manifest == nil || m.Manifest.Name != "backup" || m.Resolved != "self" || m.Roles["client"].Description != "sends" {
			t.Errorf("module: %+v", m)
		}
		if mac := inv.Machines["mac"]; mac.Class != "darwin" || inv.Machines["laptop"].Deploy["targetHost"] != "root@laptop" {
			t.Errorf("machines: %+v", mac)
		}
		if p := inv.Instances["nightly"].Position; p == nil || *p != (Position{File: "flake.nix", Line: 9, Column: 5}) {
			t.Errorf("position: %v", p)
		}
		// One instance names an input that is not there: reported, and everything else complete.
		var errs *multierror.Error
		var evalErr *EvalError
		if !errors.As(err, &errs) || len(errs.Errors) != 1 || !errors.As(err, &evalErr) || evalErr.Finding.Code != "unknown-input" {
			t.Errorf("error: %v", err)
		}
		if inv.Partial() || evalErr.Finding.Line != 17 {
			t.Errorf("partial %v, %+v", inv.Partial(), evalErr.Finding)
		}
		if again, _ := Load(t.Context(), ref, Config{Evaluator: e}); mustJSON(t, again) != mustJSON(t, inv) {
			t.Error("two loads differ")
		}
	})
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestLoadSome(t *testing.T) {
	ref := flake(t, map[string]string{"flake.nix": strings.Replace(plainClan, "instances.lost", "instances.dies = 1 + { }; instances.lost", 1)})
	eachNix(t, func(t *testing.T, e nixeval.Evaluator) {
		var commands atomic.Int32
		e.OnCommand = func([]string) { commands.Add(1) }
		inv, err := Load(t.Context(), ref, Config{Evaluator: e, Instances: []string{"backup", "nightly", "backup"}})
		if err != nil || commands.Load() != 1 {
			t.Fatalf("%v after %d processes; an instance that nobody asked for must not matter", err, commands.Load())
		}
		if diff := cmp.Diff([]string{"backup", "nightly"}, sortedKeys(inv.Instances)); diff != "" {
			t.Error(diff)
		}
		_, err = Load(t.Context(), ref, Config{Evaluator: e, Instances: []string{"nightli"}})
		var unknown *UnknownInstanceError
		if !errors.As(err, &unknown) || !slices.Contains(unknown.Nearest, "nightly") {
			t.Errorf("unknown name: %v", err)
		}
	})
}

// What tryEval cannot catch takes nothing with it but itself.
func TestLoadIsolates(t *testing.T) {
	ref := flake(t, map[string]string{
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
	eachNix(t, func(t *testing.T, e nixeval.Evaluator) {
		inv, err := Load(t.Context(), ref, Config{Evaluator: e})
		if inv == nil {
			t.Fatal(err)
		}
		type row struct {
			instance, place, message string
			code                     Code
			severity                 Severity
		}
		var got []row
		for _, f := range inv.Findings {
			message, _, _ := strings.Cut(f.Message(), "\n")
			got = append(got, row{f.Instance, f.Position.String(), message, f.Code, f.Severity})
		}
		t.Log(mustJSON(t, inv.Findings))
		if len(got) < 6 {
			t.Errorf("findings: %v", got)
		}
		if s := inv.Instances["good"].Roles["r"].Machines["m"].Settings; s == nil || string(s.JSON()) != `{"x":1}` {
			t.Errorf("the good instance: %v", s)
		}
		var errs *multierror.Error
		var nixErr *nixeval.Error
		if !errors.As(err, &errs) || !errors.As(err, &nixErr) || !errors.Is(err, nixeval.ErrEvaluation) {
			t.Errorf("error: %v", err)
		}
		for _, want := range []string{"thrown away", "leaf", "infinite recursion", "syntax error", "missing"} {
			if !slices.ContainsFunc(inv.Findings, func(f Finding) bool { return strings.Contains(f.Message(), want) && f.File != "" && f.Line > 0 }) {
				t.Errorf("no finding says %q with a place", want)
			}
		}
	})
}

func TestLoadNoClan(t *testing.T) {
	eachNix(t, func(t *testing.T, e nixeval.Evaluator) {
		for text, want := range map[string]any{
			`{ outputs = _: { packages = { }; }; }`:                                      new(*NotClanError),
			`{ outputs = _: { clanInternals.inventory.services.borgbackup.x = { }; }; }`: new(*LegacyError),
			`{ outputs = _: { clan.modules.x = { }; }; }`:                                new(*NotClanError),
			`{ outputs = _: { clanInternals.inventoryClass.inventory = { services = { }; machines = { }; }; clanInternals.inventory.services = { }; }; }`: new(*LegacyError),
		} {
			inv, err := Load(t.Context(), flake(t, map[string]string{"flake.nix": text}), Config{Evaluator: e})
			if inv != nil || !errors.As(err, want) {
				t.Errorf("%s: %v, want %T", text, err, want)
			}
		}
		_, err := Load(t.Context(), flake(t, map[string]string{"flake.nix": "{\n  outputs = _: {\n    inventory = }\n"}), Config{Evaluator: e})
		var nixErr *nixeval.Error
		if !errors.As(err, &nixErr) {
			t.Fatalf("syntax error: %v", err)
		}
		if pos, ok := nixErr.Position(); !ok || pos != (Position{File: "flake.nix", Line: 3, Column: 17}) {
			t.Errorf("the syntax error is at %v", pos)
		}
		if _, err := Load(t.Context(), t.TempDir(), Config{Evaluator: e}); !errors.Is(err, nixeval.ErrNoFlake) {
			t.Errorf("no flake: %v", err)
		}
	})
}

// Nix 2.8 takes no notice of an interrupt while it evaluates.
func TestLoadEndsInTime(t *testing.T) {
	ref := flake(t, map[string]string{"flake.nix": `{ outputs = _: { inventory.instances.x.roles.r.settings.n =
		builtins.foldl' (a: b: builtins.foldl' (c: d: c + d) a (builtins.genList (x: x) 100000)) 0 (builtins.genList (x: x) 100000); }; }`})
	eachNix(t, func(t *testing.T, e nixeval.Evaluator) {
		e.Grace = 300 * time.Millisecond
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		if _, err := Load(ctx, ref, Config{Evaluator: e}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if d := time.Since(begin); d > 5*time.Second {
			t.Errorf("it took %v", d)
		}
	})
}

func TestOmit(t *testing.T) {
	// A module and settings that kill Nix are not even looked at.
	ref := flake(t, map[string]string{"flake.nix": strings.NewReplacer(
		`manifest.name = "backup"`, `manifest.name = 1 + "x"`,
		`roles.client.settings.exclude = [ "role" ]`, `roles.client.settings = throw "no"`).Replace(plainClan)})
	eachNix(t, func(t *testing.T, e nixeval.Evaluator) {
		inv, err := Load(t.Context(), ref, Config{Evaluator: e, Omit: OmitInstances})
		if err != nil || len(inv.Instances) != 0 || len(inv.Machines) != 3 || len(inv.Tags["portable"]) != 2 || len(inv.AllInstances) != 3 {
			t.Errorf("machines and tags only: %+v, %v", inv, err)
		}
		if inv, err = Load(t.Context(), ref, Config{Evaluator: e, Omit: OmitSettings}); inv == nil {
			t.Fatal(err)
		}
		client := inv.Instances["nightly"].Roles["client"]
		if !slices.Equal(sortedKeys(client.Machines), []string{"laptop", "mac"}) || client.Machines["mac"].Settings != nil {
			t.Errorf("members without settings: %+v", client)
		}
		if inv.Instances["nightly"].Module.Resolved != "self" || inv.Partial() {
			t.Errorf("module %+v, findings %v", inv.Instances["nightly"].Module, inv.Findings)
		}
	})
}

// Tags that recurse take the machines with them, but not the instances.
func TestEndlessTags(t *testing.T) {
	ref := flake(t, map[string]string{"flake.nix": `{ outputs = _: { inventory = {
  machines.m = { };
  tags = { config, ... }: { a = config.b; b = config.a; };
  instances.named.roles.r = { machines.m.settings.x = 1; };
  instances.tagged.roles.r = { tags.a = { }; machines.m = { }; };
}; }; }`})
	eachNix(t, func(t *testing.T, e nixeval.Evaluator) {
		inv, err := Load(t.Context(), ref, Config{Evaluator: e})
		if inv == nil {
			t.Fatal(err)
		}
		if inv.Machines != nil || inv.MachinesKnown() || !inv.Partial() {
			t.Errorf("machines %v", inv.Machines)
		}
		if s := inv.Instances["named"].Roles["r"].Machines["m"].Settings; s == nil || string(s.JSON()) != `{"x":1}` {
			t.Errorf("a role without tags does not need them: %v", s)
		}
		if r := inv.Instances["tagged"].Roles["r"]; r.Machines["m"] == nil || r.Machines["m"].Settings != nil || r.SettingsFrom != FromNowhere {
			t.Errorf("whether the tag's settings apply is not known: %+v", r)
		}
		if len(inv.Findings) != 1 || inv.Findings[0].Code != "machines-failed" || !strings.Contains(inv.Findings[0].Message(), "infinite recursion") || inv.Findings[0].Line != 3 {
			t.Errorf("findings: %s", mustJSON(t, inv.Findings))
		}
	})
}

// toJSON takes a set with an `outPath` or `__toString` for something else; these are names like any other.
func TestNamesThatNixTakesForSomethingElse(t *testing.T) {
	ref := flake(t, map[string]string{"flake.nix": `{ outputs = _: { inventory = {
  machines = { outPath.tags = [ "__toString" ]; __toString = { }; plain = { }; };
  tags.outPath = [ "plain" ];
  instances = { plain.roles.r.machines.plain = { }; outPath.roles = {
    outPath.machines = { outPath.settings.x = 1; plain = { }; };
    __toString.tags = { outPath = { }; __toString.settings.y = 2; };
  }; };
}; }; }`})
	eachNix(t, func(t *testing.T, e nixeval.Evaluator) {
		for _, wanted := range [][]string{nil, {"outPath"}} {
			inv, err := Load(t.Context(), ref, Config{Evaluator: e, Instances: wanted})
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for _, role := range inv.Instances["outPath"].Roles {
				for name, m := range role.Machines {
					got[role.Name+" "+name] = string(m.Settings.JSON())
				}
			}
			want := map[string]string{"outPath outPath": `{"x":1}`, "outPath plain": `{}`, "__toString outPath": `{"y":2}`, "__toString plain": `{}`}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{"__toString", "outPath", "plain"}, sortedKeys(inv.Machines)); diff != "" {
				t.Error(diff)
			}
			if p := inv.Instances["outPath"].Position; p == nil || p.Line != 4 {
				t.Errorf("position %v", p)
			}
		}
	})
}
