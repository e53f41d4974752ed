let
  of =
    args: target:
    import ../../nix/layout.nix (import ../../nix/helpers.nix "" args) ({ outPath = "/nowhere"; inputs = { }; } // target) args;
  layout = outputs: (of { } { inherit outputs; }).layout;
  config = { inventory.instances = { }; clanInternals = { }; };
  following = moved: (of { inherit moved; } { outputs = { }; outPath = toString ../circle; }).flake.following;
  core = { lib.clan = { }; inputs = { }; };
in
{
  configuration = { got = layout { clan = config; }; want = "clan"; };
  result-of-evalModules = { got = layout { clan = { inherit config; }; }; want = "clan"; };
  # A flake that does not export `clan` hands it to itself.
  handed = { got = layout { clanInternals.inventoryClass.flakeInputs.self.clan = config; }; want = "clan"; };
  class = { got = layout { clanInternals.inventoryClass.inventory.instances = { }; }; want = "clanInternals"; };
  internals = { got = layout { clanInternals.inventory.instances = { }; }; want = "clanInternals"; };
  before-instances = { got = layout { clanInternals.inventory.services = { }; }; want = "legacy"; };
  plain = { got = layout { inventory = { }; }; want = "inventory"; };
  # `clan` may be something else.
  clan-of-another-kind = { got = layout { clan = 1; inventory = { }; }; want = "inventory"; };
  nothing = { got = layout { packages = { }; }; want = "none"; };
  inventory-no-set = { got = layout { inventory = 1; }; want = "none"; };

  core-by-its-name = { got = (of { } { outputs.clan = config; inputs = { other = core; clan-core = core; }; }).coreInput; want = "clan-core"; };
  core-by-another-name = { got = (of { } { outputs.clan = config; inputs.c = core; }).coreInput; want = "c"; };
  no-core = { got = (of { } { outputs.clan = config; inputs.c = { }; }).coreInput; want = null; };
  null-is-clan-core = { got = (of { } { outputs.clan = config // { _services.allServices = { }; }; inputs.c = core; }).nullInput; want = "c"; };
  null-was-self = { got = (of { } { outputs.clan = config; inputs.c = core; }).nullInput; want = "self"; };

  key-of-input = { got = (of { } { outputs.clan = config; }).keyOf { input = "i"; name = "n"; }; want = "i-n"; };
  key-of-core = {
    got = (of { } { outputs.clan = config // { _services.allServices."<clan-core>-n" = { }; }; }).keyOf { input = null; name = "n"; };
    want = "<clan-core>-n";
  };
  key-once-spelled-self = {
    got = (of { } { outputs.clan = config // { _services.allServices."self-n" = { }; }; }).keyOf { input = null; name = "n"; };
    want = "self-n";
  };
  lib-of-nixpkgs = { got = (of { } { outputs.inventory = { }; inputs.nixpkgs.lib = { evalModules = 1; }; }).lib.evalModules; want = 1; };
  no-lib = { got = (of { } { outputs.inventory = { }; }).lib; want = null; };
  dropped-services = { got = (of { } { outputs.clan = { inherit config; }; }).flake.legacyServices; want = [ ]; };
  definitions-of-a-plain-flake = { got = (of { } { outputs.inventory.machines.m = { }; }).definitions "machines"; want = [ { file = null; value.m = { }; } ]; };

  # Of a lock file that leads in circles.
  following = { got = following [ "services" ]; want = [ "hub/again" "hub/below/services" "hub/services" ]; };
  following-nothing = { got = following [ ]; want = [ ]; };

  no-exports = { got = (of { } { outputs.clan = config; }).exports; want = null; };
  exports = { got = (of { } { outputs.clan = config // { exports."s:i::" = { }; }; }).exports; want."s:i::" = { }; };
  # Until 2025-11-26 there were exports of instances and of machines.
  exports-once = {
    got = (of { } {
      outputs.clan = config // {
        exports = {
          instances.i.networking = { priority = 10; peers.m = { name = "m"; host.plain = "h"; }; };
          instances.j.networking = null;
          machines.m.own = 1;
        };
      };
    }).exports;
    want = {
      ":i::".networking.priority = 10;
      ":i::m".peer = { name = "m"; host.plain = "h"; hosts = [ { plain = "h"; } ]; };
      ":j::".networking = null;
      ":::m".own = 1;
    };
  };
}
