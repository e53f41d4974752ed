# What each file of nix/ gives for literal values: { FILE = { CASE = { got; want; }; }; }. One process evaluates them all.
{
  exports = import ./exports.nix;
  helpers = import ./helpers.nix;
  instances = import ./instances.nix;
  layout = import ./layout.nix;
  machines = import ./machines.nix;
  modules = import ./modules.nix;
  options = import ./options.nix;
  plain = import ./plain.nix;
  positions = import ./positions.nix;
  reader = import ./reader.nix;
  settings = import ./settings.nix;
  stand-in = import ./stand-in.nix;
  written = import ./written.nix;
}
