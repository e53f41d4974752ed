# clan-core's function that makes a clan, by its present name or the one before.
inputs: modules:
let
  make = inputs.clan-core.lib.clan or inputs.clan-core.lib.buildClan;
in
make {
  inherit (inputs) self;
  imports = modules;
}
