# needs: roleDescription
{ own, ... }:
{
  inventory.machines.m = { };
  inventory.instances.described = {
    module = own "described";
    roles.peer.machines.m = { };
  };
}
