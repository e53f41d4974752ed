# needs: constraints
{ own, ... }:
{
  inventory.machines = {
    one = { };
    two = { };
  };
  inventory.instances = {
    kept = {
      module = own "limited";
      roles.server.machines.one = { };
      roles.client.tags.all = { };
    };
    broken = {
      module = own "limited";
      roles.server.tags.all = { };
    };
  };
}
