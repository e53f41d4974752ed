# needs: noRoles
{ own, ... }:
{
  inventory.machines.m = { };
  inventory.instances = {
    idle.module = own "wide";
    busy = {
      module = own "wide";
      roles.server.machines.m = { };
      roles.client = { };
    };
  };
}
