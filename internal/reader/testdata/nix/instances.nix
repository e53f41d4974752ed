let
  of =
    args: names: instances:
    import ../../nix/instances.nix (import ../../nix/helpers.nix "" args) {
      inventory = { inherit instances; };
      directory = ../..;
      tagSettingsCount = true;
      checks = true;
      inherit names;
    };
  facts = instances: (of { } [ ] instances).facts.instances;
  wrapped = file: value: { _file = file; imports = [ value ]; };
in
{
  defaults = { got = facts { i = { }; }; want.i = { module = { name = "i"; input = null; }; roles = { }; }; };
  layers = {
    got = (facts { i.roles.r = { machines.m.settings.a = 1; machines.n = { }; tags = [ "t" ]; settings.b = 2; extraModules = [ (x: x) ]; }; }).i.roles.r;
    want = {
      machines = [ "m" "n" ];
      tags = [ "t" ];
      machinesAreSets = true;
      tagsAreSets = true;
      machineLayers.m = [ { file = null; value.a = 1; } ];
      tagLayers = { };
      layer = [ { file = null; value.b = 2; } ];
      extraModules = 1;
      missing = [ ];
    };
  };
  # Files in extraModules, also in what the module system wraps them in; strings are relative to the clan's directory.
  missing = {
    got = (facts { i.roles.r.extraModules = [ ./instances.nix ./nowhere.nix { imports = [ ./gone.nix ]; } "testdata/nix" "nowhere.nix" "${derivation { name = "built"; system = "any"; builder = "any"; }}/later.nix" ]; }).i.roles.r.missing;
    want = map toString [ ./nowhere.nix ./gone.nix ../../nowhere.nix ];
  };
  # clan wraps each definition in a module that names its file.
  wrapped = {
    got = (facts { i.roles.r.settings = { imports = [ (wrapped "a.nix" { a = 1; }) (wrapped "b.nix" { b = 2; }) ]; }; }).i.roles.r.layer;
    want = [ { file = "a.nix"; value.a = 1; } { file = "b.nix"; value.b = 2; } ];
  };
  layer-that-throws = {
    got = (facts { i.roles.r.machines.m.settings = throw "x"; }).i.roles.r.machineLayers.m;
    want = [ { file = null; value = { "$clanctl" = "throws"; path = [ "instances" "i" "roles" "r" "machineLayers" "m" "0" "value" ]; }; } ];
  };
  role-that-throws = {
    got = (facts { i.roles = { bad = throw "x"; good = { }; }; }).i.roles;
    want = {
      bad = { "$clanctl" = "throws"; path = [ "instances" "i" "roles" "bad" ]; };
      good = { machines = [ ]; tags = [ ]; machinesAreSets = true; tagsAreSets = true; machineLayers = { }; tagLayers = { }; layer = [ ]; extraModules = 0; missing = [ ]; };
    };
  };
  asked-for = { got = builtins.attrNames (of { } [ "b" ] { a = throw "x"; b = { }; }).facts.instances; want = [ "b" ]; };
  all-names = { got = (of { } [ "b" ] { a = { }; b = { }; }).facts.instanceNames; want = [ "a" "b" ]; };
  # A reference that fails has failed as a part already.
  readable = { got = builtins.attrNames (of { } [ ] { a.module.name = throw "x"; b = { }; }).readable; want = [ "b" ]; };
  left-out = {
    got = (of { omit = [ [ "instances" "a" ] ]; } [ ] { a = abort "looked at"; }).facts.instances.a;
    want = { "$clanctl" = "omitted"; path = [ "instances" "a" ]; at = 0; };
  };
}
