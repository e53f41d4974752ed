# Over a literal flake, through the reader as a whole: which settings a role's members have, and from where.
let
  ask = args: outputs: path:
    let
      answer = import ../../nix/reader.nix { outPath = "/nowhere"; inputs = { }; inherit outputs; } ({ schema = 2; select = [ path ]; } // args);
    in
    builtins.head answer.values;
  clan = members: {
    clan = {
      clanInternals = { };
      inventory = {
        machines = { m = { }; n = { }; o = { }; };
        tags = { };
        instances.i = { module = { name = "svc"; input = "self"; }; roles.r = { machines = { m.settings.a = 1; n = { }; o = { }; }; tags = { }; settings = { }; }; };
      };
      _services.allServices.self-svc = {
        manifest.name = "svc";
        roles.r = { };
        instances.i.roles.r.machines = builtins.mapAttrs (_: config: { finalSettings = { inherit config; options = { }; }; }) members;
      };
    };
  };
  role = args: outputs: ask args outputs [ "evaluated" "i" "roles" "r" ];
  groups = r: map (g: { inherit (g) machine member settings; }) (builtins.attrValues r.groups);
in
{
  from-clan = { got = (role { } (clan { m.a = 1; n.a = 0; o.a = 0; })).settingsFrom; want = "clan"; };
  # Members with the same layers share one evaluation: o is not looked at.
  shared = {
    got = groups (role { } (clan { m.a = 1; n.a = 0; o = abort "looked at"; }));
    want = [ { machine = "m"; member = "m"; settings.a = 1; } { machine = null; member = "n"; settings.a = 0; } ];
  };
  one-that-throws = {
    got = map (g: g.settings."$clanctl" or "well") (builtins.attrValues (role { } (clan { m = throw "x"; n.a = 0; o = { }; })).groups);
    want = [ "throws" "well" ];
  };
  role-unknown-to-the-module = {
    got = (ask { } (let c = clan { }; in { clan = c.clan // { _services.allServices.self-svc = c.clan._services.allServices.self-svc // { roles = { }; }; }; }) [ "evaluated" "i" "roles" "r" ]).settingsFrom;
    want = "none";
  };
  # What a module asserts and what never holds; what hangs on the machine, or fails to be looked at, is not known.
  refused = {
    got =
      (role { checks = true; } (
        let
          c = clan { m.a = 1; n = { }; o = { }; };
          service = c.clan._services.allServices.self-svc;
          module.imports = [
            { imports = [ ({ config, lib, ... }: { assertions = [ { assertion = false; message = "a"; } { assertion = config.x; message = "b"; } { assertion = true; message = "c"; } ]; }) ]; }
            (args: { config.assertions = [ { assertion = false; message = "d"; } { assertion = false; message = args.config.x; } ]; })
            (throw "x")
            { assertions = throw "x"; }
            ./default.nix
          ];
        in
        { clan = c.clan // { _services.allServices.self-svc = service // { result.allRoles.r.allInstances.i.allMachines = builtins.mapAttrs (_: nixosModule: { inherit nixosModule; }) { m = module; n = module; o.imports = [ { assertions = [ { assertion = false; message = "e"; } ]; } module ]; }; }; }; }
      )).refused;
    want = [ "a" "d" ];
  };
  # Without nixpkgs' lib there are the layers only.
  plain = {
    got = (role { } { inventory = { machines.m = { }; instances.i = { module.name = "svc"; roles.r.machines.m.settings.a = 1; }; }; clan.modules.svc = { manifest.name = "svc"; roles.r = { }; }; }).settingsFrom;
    want = "layers";
  };
}
