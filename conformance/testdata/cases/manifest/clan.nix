# needs: description categories
{ own, ... }:
{
  inventory.machines.m = { };
  inventory.instances.described = {
    module = own "described";
    roles.peer.machines.m = { };
  };
}
