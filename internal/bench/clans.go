package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// clan is one to measure on. The bounds and the page know it by its name.
type clan struct {
	name, dir string
	// about is what is special about it, for the page; empty for those on which all commands are measured.
	about string
	// before is the same clan as it was: diff compares the two.
	before string
	// instances is the attribute that holds them, for Nix.
	instances string
	// git: it is a repository.
	git bool
}

func (c clan) plain() bool { return strings.HasPrefix(c.name, "plain ") }

// clanEnv is the directory of a real clan whose flake.nix takes the clan from ./clan.nix: the others are made
// of the same flake. Without, plain flakes are made.
const clanEnv = "CLANCTL_BENCH_CLAN"

// fleets are the clans on which all commands are measured, besides the real one.
var fleets = []struct {
	name                string
	machines, instances int
}{{"small", 3, 3}, {"300x20", 300, 20}, {"1000x100", 1000, 100}}

// clans writes the clans below a directory.
func clans(below string) (all []clan, err error) {
	try := func(c clan, text string) {
		if err == nil {
			err = c.write(below, text)
			all = append(all, c)
		}
	}
	if os.Getenv(clanEnv) == "" {
		for _, size := range fleets {
			try(clan{name: "plain " + size.name}, fmt.Sprintf(inventory, size.machines, size.instances))
		}
		return all, err
	}
	try(clan{name: "small"}, "")
	for _, size := range fleets[1:] {
		try(clan{name: size.name}, byTag(size.machines, size.instances))
	}
	try(clan{name: "literal", about: "1000x100, each instance with 50 machines by name, written out in one file"},
		literal(1000, 100, 50))
	try(clan{name: "distinct", about: "300x20, each machine with settings of its own: 6,000 sets of layers"},
		distinct(300, 20))
	for _, machines := range []int{1500, 3000} {
		try(clan{name: fmt.Sprintf("%dx20", machines), about: fmt.Sprintf("%d machines by tag", machines)},
			byTag(machines, 20))
	}
	try(clan{name: "broken", about: "300x20, of which 5 instances have settings that do not evaluate"},
		broken(300, 20, 5))
	for _, files := range []int{10_000, 100_000} {
		c := clan{name: fmt.Sprintf("%d files", files),
			about: fmt.Sprintf("small, in a git repository with %d files", files), git: true}
		try(c, "")
		if err == nil {
			err = plant(all[len(all)-1].dir, files)
		}
	}
	return all, err
}

// write writes the clan below a directory; text is that of its inventory.nix or, of a real one, its clan.nix.
func (c *clan) write(below, text string) error {
	c.dir, c.instances = filepath.Join(below, strings.ReplaceAll(c.name, " ", "-")), ".#inventory.instances"
	real := os.Getenv(clanEnv)
	if real != "" {
		c.instances = ".#clan.inventory.instances"
	}
	dirs := []string{c.dir}
	if c.about == "" {
		c.before = c.dir + "-before"
		dirs = append(dirs, c.before)
	}
	for _, dir := range dirs {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		files := map[string]string{"flake.nix": flake, "inventory.nix": text}
		if real != "" {
			if err := os.CopyFS(dir, os.DirFS(real)); err != nil {
				return err
			}
			files = map[string]string{}
			if text != "" {
				files["clan.nix"] = text
			}
		}
		// clan reads it; a plain flake does not, and is another tree only.
		if dir == c.before {
			files["inventory.json"] = `{"meta": {"description": "as it was"}}`
		}
		if err := writeAll(dir, files); err != nil {
			return err
		}
	}
	return nil
}

func writeAll(dir string, files map[string]string) error {
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// plant makes a repository of a directory, with so many files more.
func plant(dir string, files int) error {
	for i := range files {
		below := filepath.Join(dir, "files", fmt.Sprint(i/1000))
		if i%1000 == 0 {
			if err := os.MkdirAll(below, 0o755); err != nil {
				return err
			}
		}
		if err := os.WriteFile(filepath.Join(below, fmt.Sprint(i)), fmt.Appendln(nil, i), 0o644); err != nil {
			return err
		}
	}
	for _, args := range [][]string{
		{"init", "-q", "-b", "main"}, {"add", "-A"},
		{"-c", "user.name=bench", "-c", "user.email=bench@example.org", "commit", "-q", "-m", "files"},
		{"status", "--porcelain"},
	} {
		cmd := exec.Command("git", append([]string{"-C", dir}, args...)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("git %s: %w\n%s", args[0], err, out)
		}
	}
	return nil
}

// byTag is a clan whose instances take all machines by tag.
func byTag(machines, instances int) string {
	return fmt.Sprintf(`{ lib, ... }:
{
  meta.name = "bench";
  meta.domain = "bench";
  inventory.machines = lib.genAttrs (builtins.genList (i: "m${toString i}") %d) (name: { tags = [ "t${toString (lib.mod (lib.toInt (lib.removePrefix "m" name)) 10)}" ]; });
  inventory.instances = lib.genAttrs (builtins.genList (i: "borg${toString i}") %d) (i: {
    module = { name = "borgbackup"; input = "clan-core"; };
    roles.client.tags.all = { };
    roles.client.machines.m1.settings.startAt = "*-*-* 02:00:00";
    roles.client.settings.exclude = [ "*.pyc" ];
    roles.server.machines.m0 = { };
  });
}
`, machines, instances)
}

// distinct is a clan in which each machine has settings of its own.
func distinct(machines, instances int) string {
	return fmt.Sprintf(`{ lib, ... }:
let
  names = builtins.genList (i: "m${toString i}") %d;
in
{
  meta.name = "bench";
  meta.domain = "bench";
  inventory.machines = lib.genAttrs names (_: { });
  inventory.instances = lib.genAttrs (builtins.genList (i: "borg${toString i}") %d) (i: {
    module = { name = "borgbackup"; input = "clan-core"; };
    roles.client.machines = lib.genAttrs names (name: { settings.exclude = [ name ]; });
    roles.server.machines.m0 = { };
  });
}
`, machines, instances)
}

// broken is a clan by tag in which some instances have a setting that there is not.
func broken(machines, instances, bad int) string {
	return strings.Replace(byTag(machines, instances), `roles.client.settings.exclude = [ "*.pyc" ];`,
		fmt.Sprintf(`roles.client.settings = if lib.toInt (lib.removePrefix "borg" i) < %d then { noSuchSetting = i; } else { };`,
			bad),
		1)
}

// literal is a clan that is written out by hand.
func literal(machines, instances, members int) string {
	var b strings.Builder
	b.WriteString("{\n  meta.name = \"bench\";\n  meta.domain = \"bench\";\n")
	for m := range machines {
		fmt.Fprintf(&b, "  inventory.machines.m%d.tags = [ \"t%d\" ];\n", m, m%10)
	}
	for i := range instances {
		fmt.Fprintf(&b,
			"  inventory.instances.borg%d = {\n    module = { name = \"borgbackup\"; input = \"clan-core\"; };\n", i)
		for m := range members {
			fmt.Fprintf(&b, "    roles.client.machines.m%d = { };\n", (i*7+m*13)%machines)
		}
		b.WriteString("    roles.server.machines.m0 = { };\n  };\n")
	}
	b.WriteString("}\n")
	return b.String()
}

const flake = `{
  outputs = _: {
    inventory = import ./inventory.nix;
    clan.modules.service.roles = { client = { }; server = { }; };
  };
}
`

// inventory is a plain one. Every instance takes all machines by tag and has settings on all three layers, so
// that it has few distinct sets of layers, however many machines there are.
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
