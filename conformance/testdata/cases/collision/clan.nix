{ ... }:
{
  inventory.machines.m = { };
  # Both are "a-b-c" to clan-core, and so one service.
  inventory.instances = {
    first = {
      module = { input = "a"; name = "b-c"; };
      roles.peer.machines.m = { };
    };
    second = {
      module = { input = "a-b"; name = "c"; };
      roles.peer.machines.m.settings.word = "set";
    };
  };
}
