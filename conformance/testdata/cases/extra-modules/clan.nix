# needs: extraModules
{ own, ... }:
{
  inventory.machines.m = { };
  inventory.instances.extra = {
    module = own "wide";
    roles.server.machines.m = { };
    roles.server.settings.word = "kept";
    roles.server.extraModules = [
      ./clan.nix
      { imports = [ ]; }
    ];
    roles.client.machines.m = { };
    roles.client.extraModules = [ ];
  };
}
