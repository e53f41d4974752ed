{ own, ... }:
{
  # clan takes the settings of one layer from one place only; the other members stay.
  imports = [ { inventory.instances.twice.roles.server.machines.m.settings.number = 2; } ];
  inventory.machines = {
    m = { };
    n = { };
  };
  inventory.instances.twice = {
    module = own "wide";
    roles.server.tags.all = { };
    roles.server.machines.m.settings.number = 1;
  };
}
