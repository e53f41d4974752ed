let
  plain = import ../../nix/plain.nix (import ../../nix/helpers.nix "" { }) null;
  fails = v: !(builtins.tryEval (builtins.deepSeq v v)).success;
in
{
  what-is-right = {
    got = plain.inventory { machines.m.tags = [ "a" ]; instances.i.roles.r.machines = [ "m" ]; other = 1; };
    want = { machines.m.tags = [ "a" ]; instances.i.roles.r.machines = [ "m" ]; other = 1; };
  };
  tags-no-list = { got = fails (plain.inventory { machines.m.tags = "a"; }); want = true; };
  member-no-set = { got = fails (plain.inventory { instances.i.roles.r.machines.m = "yes"; }); want = true; };
  class-unknown = { got = fails (plain.inventory { machines.m.machineClass = "windows"; }); want = true; };
  # Only the part that is wrong.
  others-stay = { got = (plain.inventory { machines.bad = 1; machines.m.description = "d"; }).machines.m; want.description = "d"; };
  tags = { got = plain.tags { a = [ "m" ]; }; want.a = [ "m" ]; };
  module-as-it-is-written = { got = (plain.evaluate { manifest.name = "x"; }).config; want.manifest.name = "x"; };
  module-that-is-a-function = { got = (plain.evaluate ({ lib, ... }: { })).config; want = { }; };
}
