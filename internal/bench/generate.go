package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// generate writes a clan of so many machines and instances. Every instance takes all machines by tag and has settings on all
// three layers, so that it has four distinct sets of layers however many machines there are.
func generate(dir string, machines, instances int) (clan, error) {
	core, lib := os.Getenv("CLANCTL_CLAN_CORE"), os.Getenv("CLANCTL_NIXPKGS_LIB")
	c := clan{name: fmt.Sprintf("%d machines x %d instances", machines, instances), dir: dir, real: core != "", members: machines * instances}
	files := map[string]string{"inventory.nix": fmt.Sprintf(inventory, machines, instances)}
	if c.real {
		inputs, err := coreInputs(core, lib)
		if err != nil {
			return c, err
		}
		c.name += ", clan-core"
		files["flake.nix"], files["service.nix"] = fmt.Sprintf(realFlake, inputs), service
		files["stub/flake.nix"] = "{ outputs = _: { }; }\n"
	} else {
		files["flake.nix"] = plainFlake
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return c, err
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return c, err
		}
	}
	return c, nil
}

// coreInputs writes the inputs of a clan: clan-core, nixpkgs' lib, and a stub for what only matters to building machines.
func coreInputs(core, lib string) (string, error) {
	text, err := os.ReadFile(filepath.Join(core, "flake.lock"))
	if err != nil {
		return "", err
	}
	var lock struct {
		Nodes map[string]struct{ Inputs map[string]any }
		Root  string
	}
	if err := json.Unmarshal(text, &lock); err != nil {
		return "", err
	}
	parts := os.Getenv("CLANCTL_FLAKE_PARTS")
	var b strings.Builder
	fmt.Fprintf(&b, "inputs.stub.url = \"path:./stub\";\n  inputs.clan-core.url = \"path:%s\";\n", core)
	if lib != "" {
		fmt.Fprintf(&b, "  inputs.nixpkgs.url = \"path:%s\";\n", lib)
	}
	if parts != "" {
		fmt.Fprintf(&b, "  inputs.flake-parts.url = \"path:%s\";\n  inputs.flake-parts.inputs.nixpkgs-lib.follows = \"nixpkgs\";\n", parts)
	}
	for input := range lock.Nodes[lock.Root].Inputs {
		follows := "stub"
		switch {
		case input == "nixpkgs" && lib != "", input == "flake-parts" && parts != "":
			follows = input
		case input == "nixpkgs", input == "flake-parts":
			continue
		}
		fmt.Fprintf(&b, "  inputs.clan-core.inputs.%s.follows = \"%s\";\n", input, follows)
	}
	return b.String(), nil
}

const realFlake = `{
  %s
  outputs = { self, clan-core, ... }: {
    clan = (clan-core.lib.clan {
      inherit self;
      meta.name = "bench";
      meta.domain = "bench.example.org";
      modules.service = ./service.nix;
      inventory = import ./inventory.nix "self";
    }).config;
  };
}
`

const plainFlake = `{
  outputs = _: {
    inventory = import ./inventory.nix "self";
    clan.modules.service.roles = { client = { }; server = { }; };
  };
}
`

const inventory = `input:
let
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
      module = { name = "service"; inherit input; };
      roles.client.tags.all = { };
      roles.client.tags.rack1.settings.list = [ "rack" ];
      roles.client.machines.m1.settings.name = "special";
      roles.client.settings.list = [ "role" ];
      roles.server.machines.m0 = { };
    };
  });
}
`

const service = `{ lib, ... }:
let
  inherit (lib) mkOption types;
in
{
  _class = "clan.service";
  manifest.name = "service";
  manifest.readme = "A service to measure with.";
  roles.client.description = "Every machine.";
  roles.client.interface.options = {
    name = mkOption { type = types.str; default = "x"; };
    list = mkOption { type = types.listOf types.str; default = [ ]; };
    port = mkOption { type = types.port; default = 22; };
    peers = mkOption {
      type = types.attrsOf (types.submodule { options.weight = mkOption { type = types.int; default = 1; }; });
      default = { };
    };
  };
  roles.client.perInstance = { ... }: { };
  roles.server.description = "One machine.";
  roles.server.interface.options.directory = mkOption { type = types.str; default = "/var"; };
  roles.server.perInstance = { ... }: { };
}
`
