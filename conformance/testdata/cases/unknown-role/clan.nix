# needs: isolation
{ own, ... }:
{
  inventory.machines.m = { };
  inventory.instances = {
    good = {
      module = own "bare";
      roles.peer.machines.m = { };
    };
    bad = {
      module = own "wide";
      roles.server.machines.m = { };
      roles.sever.machines.m = { };
    };
  };
}
