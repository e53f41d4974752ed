package conformance_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/nixeval"
	"github.com/clanctl/clanctl/pkg/store"
)

// priorities is a clan with definitions of all priorities, and an inventory.json beside them.
const priorities = `{ lib, ... }: {
  meta.name = "priorities";
  inventory.machines = {
    plain = { description = "x"; tags = [ "a" ]; };
    forced.description = lib.mkForce "x";
    forced.tags = lib.mkForce [ "a" ];
    default.description = lib.mkDefault "x";
    conditional = lib.mkIf true { description = "x"; icon = lib.mkIf false "x"; };
    merged = lib.mkMerge [ { description = "x"; } { tags = lib.mkBefore [ "b" ]; } ];
  };
  inventory.instances = {
    plain = {
      module.name = "hello-world";
      module.input = "clan-core";
      roles.morning.machines.plain.settings = { };
      roles.morning.machines.merged = { };
      roles.morning.settings = lib.mkDefault { };
      roles.evening.tags = [ "a" ];
      roles.evening.settings = lib.mkForce { };
    };
    forced = lib.mkForce { module.name = "hello-world"; roles.morning.machines.plain = { }; };
    default = lib.mkDefault { module.name = "hello-world"; roles.morning.machines.plain = { }; };
    module = { module.name = lib.mkForce "hello-world"; module.input = lib.mkDefault "clan-core"; roles = { }; };
  };
}
`

const persisted = `{
  "instances": {"written": {"module": {"name": "hello-world"}, "roles": {"morning": {"machines": {"plain": {"settings": {}}}}}},
                "plain": {"roles": {"morning": {"machines": {"default": {}}}}}},
  "machines": {"written": {"description": "y"}, "default": {"icon": "y"}}
}
`

// TestAccess compares what may be written with clan-core's own introspection: it says whether a part may be
// written by its priority, and clanctl by the definitions. Where clan's own API then breaks the clan clanctl
// knows better, and that is expected.
func TestAccess(t *testing.T) {
	env := newEnvironment()
	if len(env.clanCores) == 0 {
		t.Skip("SKIP: CLANCTL_CLAN_CORE names no clan-core")
	}
	for i, ref := range env.clanCores {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			core := newClanCore(t, env, ref)
			if !core.features["instances"] {
				t.Skip("this clan-core has no instances")
			}
			dir := t.TempDir()
			for name, text := range map[string]string{"clan.nix": priorities, "inventory.json": persisted} {
				check(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
			}
			core.write(t, dir, "export")
			compared := core.compareAccess(t, dir)
			fmt.Printf("clan-core %s: %d parts of an inventory, whether they can be written\n", core.name, compared)
			if compared < 30 {
				t.Errorf("only %d parts compared", compared)
			}
		})
	}
}

func (c *clanCore) compareAccess(t *testing.T, dir string) int {
	t.Helper()
	var tree map[string]any
	if err := c.run(t, &tree, "eval", "path:"+dir+"#clanInternals.inventoryClass.introspection"); err != nil {
		t.Skipf("this clan-core has no introspection that can be read: %v", err)
	}
	if this, _ := tree["instances"].(map[string]any)["__this"].(map[string]any); this == nil {
		t.Skip("this clan-core's introspection has another form")
	}
	ref, err := nixeval.ResolveRef(dir)
	check(t, err)
	s, err := store.Open(t.Context(), ref,
		instance.Config{Evaluator: nixeval.Evaluator{Nix: c.nix, Offline: c.offline}})
	check(t, err)
	compared := 0
	var walk func(path []string, node map[string]any, readOnly bool)
	walk = func(path []string, node map[string]any, readOnly bool) {
		this, _ := node["__this"].(map[string]any)
		if this == nil {
			return
		}
		number, _ := this["prio"].(json.Number)
		priority, _ := number.Int64()
		readOnly = readOnly || priority < 100
		if len(path) > 1 && path[len(path)-1] != "extraModules" && path[len(path)-1] != "installedAt" {
			want := !readOnly
			kind, _ := this["headType"].(string)
			single := !slices.Contains([]string{"attrsOf", "lazyAttrsOf", "submodule", "listOf", "coercedTo"}, kind)
			if priority == 100 && single {
				files, _ := this["files"].([]any)
				want = want &&
					!slices.ContainsFunc(files, func(file any) bool {
						return !strings.HasSuffix(fmt.Sprint(file), "/inventory.json")
					})
			}
			got := s.Access(path...)
			compared++
			if got.Writable != want && got.Reason != codes.ReadOnlyDefault {
				t.Errorf("%s: %+v, but clan-core has the priority %d, the type %s and %s", nixlang.PathString(path),
					got, priority, kind, this["files"])
			}
		}
		for name, below := range node {
			if set, ok := below.(map[string]any); ok && name != "__this" {
				walk(append(slices.Clip(path), name), set, readOnly)
			}
		}
	}
	for _, name := range []string{"instances", "machines"} {
		walk([]string{name}, tree[name].(map[string]any), false)
	}
	return compared
}
