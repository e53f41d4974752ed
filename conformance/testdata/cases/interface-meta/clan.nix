# needs: interfaceMeta
{ own, ... }:
{
  inventory.machines.m = { };
  inventory.instances.curious = {
    module = own "curious";
    roles.peer.machines.m = { };
    roles.peer.settings.list = [ "set" ];
  };
}
