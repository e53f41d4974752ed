# needs: serviceFunctions
{ own, ... }:
{
  inventory.machines.m = { };
  inventory.instances.computed = {
    module = own "computed";
    roles.r1.machines.m.settings.x = 1;
    roles.r2.machines.m = { };
  };
}
