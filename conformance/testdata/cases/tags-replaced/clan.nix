{ own, ... }:
{
  inventory.machines = {
    red = { };
    blue = { };
  };
  inventory.tags.all = [ "red" ];
  inventory.instances.all = {
    module = own "bare";
    roles.peer.tags.all = { };
  };
}
