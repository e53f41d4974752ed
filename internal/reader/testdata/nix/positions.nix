let
  positions = import ../../nix/positions.nix (import ../../nix/helpers.nix "" { });
  defined = value: [ { file = "clan.nix"; inherit value; } ];
  none = { };
  override = priority: content: { _type = "override"; inherit priority content; };
  names = tree: builtins.mapAttrs (_: n: names (n.below or { })) tree;
  literal = { a.b = 1; };
  line = builtins.unsafeGetAttrPos "a" literal;
in
{
  names = { got = names (positions.places none 2 (defined literal)); want.a.b = { }; };
  as-deep-as-asked = { got = names (positions.places none 1 (defined literal)); want.a = { }; };
  place = {
    got = removeAttrs (builtins.head (positions.places none 1 (defined literal)).a.at) [ "file" ];
    want = { inherit (line) line column; definedIn = "clan.nix"; };
  };
  # Written under a condition that does not hold.
  unmet-is-written = { got = names (positions.places none 1 (defined { _type = "if"; condition = false; content.x = 1; })); want.x = { }; };
  unmet-counts-for-nobody = { got = names (positions.owners none 1 (defined { _type = "if"; condition = false; content.x = 1; })); want = { }; };
  priorities = {
    got = map (at: at.priority) (positions.owners none 1 (defined { x = { _type = "merge"; contents = [ (override 50 1) 2 ]; }; })).x.at;
    want = [ 50 100 ];
  };
  names-in-a-list = { got = names (positions.owners none 1 (defined [ "m" ])); want.m = { }; };
  skipped = { got = names (positions.places { skip = [ [ "bad" ] ]; } 2 (defined { bad = abort "looked at"; good.x = 1; })); want = { bad = { }; good.x = { }; }; };
  skipped-inside = { got = names (positions.places { skip = [ [ "a" "bad" ] ]; } 3 (defined { a = { bad = abort "looked at"; good.x = 1; }; })); want.a = { bad = { }; good.x = { }; }; };
  only = { got = names (positions.places { only = [ "b" ]; } 1 (defined { a = 1; b = 2; })); want.b = { }; };
  # In modules, down to what a function or a file has.
  modules = {
    got = names (positions.placesIn none 2 { imports = [ { options.a = 1; } { _file = "f"; imports = [ { config.a.b = 1; } ./x.nix (_: { }) { imports = [ { c = _: { }; } ]; } ]; } ]; });
    want = { a.b = { }; c = { }; };
  };
  file-of-a-module = { got = (builtins.head (positions.placesIn none 1 { _file = "f"; imports = [ { a = 1; } ]; }).a.at).definedIn; want = "f"; };
  module-throws = { got = positions.placesIn none 1 (throw "x"); want = { }; };
  shapes = { got = map (at: at.type) (positions.shapes none 1 (defined { a = "x"; })).a.at; want = [ "string" ]; };
  throws = { got = map (at: at.type) (positions.shapes none 1 (defined { a = throw "x"; })).a.at; want = [ "?" ]; };
}
