# needs: removedServices isolation
{ own, inputs, ... }:
let
  names = inputs.clan-core.clan.deprecatedModules;
in
{
  inventory.machines.m = { };
  inventory.instances = {
    kept = {
      module = own "bare";
      roles.peer.machines.m = { };
    };
    removed = {
      module = { name = builtins.head names; input = "clan-core"; };
      roles.server.machines.m = { };
    };
  };
}
