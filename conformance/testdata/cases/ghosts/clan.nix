{ own, ... }:
{
  inventory.machines.real = { };
  inventory.tags.listed = [ "real" "imagined" ];
  inventory.instances = {
    named = {
      module = own "wide";
      # A tag's name among the machines, a machine that left.
      roles.server.machines.all = { };
      roles.server.machines.gone.settings.list = [ "gone" ];
      roles.server.settings.list = [ "role" ];
      roles.client.machines.real = { };
    };
    tagged = {
      module = own "bare";
      roles.peer.tags.listed = { };
      roles.peer.tags.nowhere = { };
    };
  };
}
