package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// clan is one to measure on. The bounds and the page know it by its name.
type clan struct {
	name, dir string
	// before is the same clan as it was: diff compares the two.
	before string
	// instances is the attribute that holds them, for Nix.
	instances string
}

func (c clan) plain() bool { return strings.HasPrefix(c.name, "plain ") }

// clansEnv is a directory with real clans, small, big and huge. Without, they are made.
const clansEnv = "CLANCTL_BENCH_CLANS"

// clans writes the clans below a directory. Real ones are copied: diff needs two of each.
func clans(below string) ([]clan, error) {
	real := os.Getenv(clansEnv)
	var all []clan
	for _, size := range []struct {
		name                string
		machines, instances int
	}{{"small", 3, 3}, {"big", 300, 20}, {"huge", 1000, 100}} {
		c := clan{"plain " + size.name, filepath.Join(below, size.name), filepath.Join(below, size.name+"-before"), ".#inventory.instances"}
		if real != "" {
			c.name, c.instances = size.name, ".#clan.inventory.instances"
		}
		for _, dir := range []string{c.dir, c.before} {
			var err error
			if real != "" {
				err = os.CopyFS(dir, os.DirFS(filepath.Join(real, size.name)))
			} else {
				err = generate(dir, size.machines, size.instances)
			}
			if err != nil {
				return nil, err
			}
		}
		// clan reads it; a plain flake does not, and is another tree only.
		if err := os.WriteFile(filepath.Join(c.before, "inventory.json"), []byte(`{"meta": {"description": "as it was"}}`), 0o644); err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// generate writes a plain clan. Every instance takes all machines by tag and has settings on all three layers, so that it has few
// distinct sets of layers, however many machines there are.
func generate(dir string, machines, instances int) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "inventory.nix"), fmt.Appendf(nil, inventory, machines, instances), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "flake.nix"), []byte(flake), 0o644)
}

const flake = `{
  outputs = _: {
    inventory = import ./inventory.nix;
    clan.modules.service.roles = { client = { }; server = { }; };
  };
}
`

const inventory = `let
  count = n: f: builtins.listToAttrs (builtins.genList f n);
in
{
  machines = count %d (i: {
    name = "m${toString i}";
    value.tags = [ "rack${toString (i - i / 10 * 10)}" ];
  });
  instances = count %d (i: {
    name = "i${toString i}";
    value = {
      module = { name = "service"; input = "self"; };
      roles.client.tags.all = { };
      roles.client.tags.rack1.settings.list = [ "rack" ];
      roles.client.machines.m1.settings.name = "special";
      roles.client.settings.list = [ "role" ];
      roles.server.machines.m0 = { };
    };
  });
}
`
