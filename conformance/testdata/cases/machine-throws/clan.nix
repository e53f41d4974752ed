{ own, ... }:
{
  inventory.machines = {
    bad.description = throw "no description";
    bad.tags = [ "x" ];
    good.description = "fine";
  };
  inventory.instances.all = {
    module = own "wide";
    roles.server.tags.all = { };
  };
}
