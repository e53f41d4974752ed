{ own, ... }:
{
  inventory.machines = {
    one = { };
    two = { };
  };
  inventory.instances = {
    theirs = {
      module = { input = "elsewhere"; name = "relay"; };
      roles.hub.machines.one.settings.hops = 2;
      roles.spoke.tags.all = { };
    };
    scoped = {
      module = { input = "elsewhere"; name = "@example/relay"; };
      roles.hub.machines.two = { };
    };
    ours = {
      module = own "bare";
      roles.peer.tags.all = { };
    };
  };
}
