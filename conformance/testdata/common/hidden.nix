# A clan that exports no more than clan's command line needs.
inputs:
let
  clan = import ./make.nix inputs (import ./modules.nix inputs);
in
{
  inherit (clan.config or clan) clanInternals;
}
