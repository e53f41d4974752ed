let
  written = module: import ../../nix/written.nix (import ../../nix/helpers.nix "" { }) [ ] { config = module; };
in
{
  manifest = { got = (written { manifest = { name = "x"; categories = [ "Network" ]; }; }).manifest; want = [ "categories" "name" ]; };
  categories = { got = (written { manifest.categories = [ "Network" ]; }).categories; want = [ "Network" ]; };
  behaviour = { got = (written { roles.r.perInstance = x: x; roles.s = { }; }).roles; want = { r = { behaves = true; interface = false; }; s = { behaves = false; interface = false; }; }; };
  per-machine = { got = map (m: (written m).perMachine) [ { perMachine = x: x; } { } ]; want = [ true false ]; };
  limits = { got = (written { manifest.constraints.maxInstances = 1; }).limits; want = [ { maxInstances = 1; } ]; };
}
