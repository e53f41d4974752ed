# needs: self coreServices nullIsCore
{ ... }:
{
  # Our own service, called like one of clan-core's: some clan-cores take one for the other.
  modules.hello-world = {
    _class = "clan.service";
    manifest.name = "not the one of clan-core";
    roles.peer = { };
  };
  inventory.machines.m = { };
  inventory.instances = {
    a-theirs = {
      module.name = "hello-world";
      roles = { };
    };
    b-ours = {
      module = { name = "hello-world"; input = "self"; };
      roles = { };
    };
  };
}
