{ own, ... }:
{
  inventory.machines.m = { };
  inventory.instances.free = {
    module = own "free";
    roles.peer.machines.m.settings = {
      known = 2;
      unknown.deep = [ 1 "x" null ];
    };
    roles.peer.settings.unknown.other = true;
  };
}
