# A clan that exports its whole configuration, as clan's templates do.
inputs:
let
  clan = import ./make.nix inputs (import ./modules.nix inputs);
in
{
  inherit (clan.config or clan) clanInternals;
  clan = clan.config or clan.clan;
}
