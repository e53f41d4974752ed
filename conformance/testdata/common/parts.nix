# A clan in flake-parts.
inputs:
inputs.flake-parts.lib.mkFlake { inherit inputs; } {
  systems = [ "x86_64-linux" ];
  imports = [ inputs.clan-core.flakeModules.default ];
  clan.imports = import ./modules.nix inputs;
}
