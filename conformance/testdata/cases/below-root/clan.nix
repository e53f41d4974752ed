{ own, ... }:
{
  directory = ./fleet;
  inventory.instances.placed = {
    module = own "bare";
    roles.peer.tags.all = { };
    roles.peer.tags.kept = { };
  };
}
