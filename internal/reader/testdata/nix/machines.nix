let
  of =
    args: inventory:
    import ../../nix/machines.nix (import ../../nix/helpers.nix "" args) {
      inherit inventory;
      plain = true;
      definitions = _: [ ];
      shapeTags = tags: tags;
    };
  facts = args: inventory: (of args inventory).facts;
  clan =
    args: inventory:
    (import ../../nix/machines.nix (import ../../nix/helpers.nix "" args) {
      inherit inventory;
      plain = false;
      definitions = name: [ { file = "clan.nix"; value = inventory.written.${name} or { }; } ];
      shapeTags = tags: tags;
    });
in
{
  fields = { got = (facts { } { machines.m = { description = "d"; other = 1; }; }).machines; want.m.description = "d"; };
  names = { got = (facts { } { machines = [ "m" ]; }).machines; want.m = { }; };
  own-and-given-tags = { got = (facts { } { machines.m.tags = [ "b" ]; tags.a = [ "m" ]; }).carried; want.m = [ "a" "all" "b" "nixos" ]; };
  class = { got = (facts { } { machines.m.machineClass = "darwin"; }).carried; want.m = [ "all" "darwin" ]; };
  computed-tags = {
    got = (facts { } { machines = { a = { }; b = { }; }; tags = { config, machines }: { rest = builtins.filter (n: n != "a") config.all; }; }).tags.rest;
    want = [ "b" ];
  };
  tag-that-throws = {
    got = (facts { } { machines.m = { }; tags.a = throw "x"; }).tags.a;
    want = { "$clanctl" = "throws"; path = [ "tags" "a" ]; };
  };
  carriers = { got = (of { } { machines.m.tags = [ "a" ]; machines.n = { }; }).carriers "a"; want.m = null; };
  carriers-of-no-tag = { got = (of { } { machines.m = { }; }).carriers "a"; want = { }; };
  # A machine that ends the process takes the tags that clan computes with it; what is written still tells.
  machine-left-out = {
    got = (clan { omit = [ [ "machines" "bad" ] ]; } {
      machines.bad = abort "looked at";
      machines.m.tags = abort "computed from all machines";
      written.machines.m.tags = [ "own" ];
      tags.given = [ "m" ];
    }).facts.carried;
    want.m = [ "given" "nixos" "own" ];
  };
}
