# Over a literal flake, through the reader as a whole: what inputs offer, and what a module says of itself.
let
  ask = args: target: path:
    builtins.head (import ../../nix/reader.nix ({ outPath = "/nowhere"; inputs = { }; } // target) ({ schema = 2; select = [ path ]; modules = true; allInputs = true; } // args)).values;
  target = modules: let outputs = { inventory = { }; clan = { inherit modules; }; }; in outputs // { inherit outputs; };
in
{
  offered = { got = (ask { } (target { svc = { }; }) [ "inputs" ]).self.services; want = [ "svc" ]; };
  said = {
    got = (ask { } (target { svc = { manifest.name = "svc"; roles.r.description = "d"; }; }) [ "modules" "self" "svc" ]);
    want = { source = "/nowhere"; deprecated = false; manifest.name = "svc"; roles.r.description = "d"; };
  };
  # A module that throws hides no other.
  throws = {
    got = builtins.mapAttrs (_: m: m.manifest."$clanctl" or "well") (ask { } (target { bad = throw "x"; svc = { manifest.name = "svc"; }; }) [ "modules" "self" ]);
    want = { bad = "throws"; svc = "well"; };
  };
  role-that-throws = { got = (ask { } (target { svc = { manifest = { }; roles.r = throw "x"; }; }) [ "modules" "self" "svc" ]).roles.r."$clanctl"; want = "throws"; };
  # A file that is not there would end the process.
  missing-file = { got = (ask { } (target { svc = ./nothing-here.nix; }) [ "modules" "self" "svc" ])."$clanctl"; want = "missing"; };
  twins = { got = (ask { } (target { svc = { }; "@me/svc" = { }; }) [ "inputs" ]).self.twins; want."@me/svc" = "svc"; };
  meant = { got = builtins.attrNames (ask { named = [ "svc" ]; } (target { svc = { }; }) [ "meant" "svc" "modules" ]); want = [ "self" ]; };
  meant-of-an-input = { got = builtins.attrNames (ask { named = [ "other#svc" ]; } (target { svc = { }; }) [ "meant" "other#svc" "modules" ]); want = [ ]; };
}
