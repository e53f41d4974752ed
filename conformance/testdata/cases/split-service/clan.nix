# needs: coreServices nullIsCore
{ ... }:
{
  inventory.machines.m = { };
  # One service to a reader, two to clan-core.
  inventory.instances = {
    implicit = {
      module.name = "hello-world";
      roles = { };
    };
    explicit = {
      module = { name = "hello-world"; input = "clan-core"; };
      roles = { };
    };
  };
}
