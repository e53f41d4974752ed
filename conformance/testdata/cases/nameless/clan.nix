# needs: nameless
{ own, ... }:
{
  inventory.machines.m = { };
  inventory.instances.bare = {
    module = { inherit (own "bare") input; };
    roles.peer.machines.m = { };
  };
}
