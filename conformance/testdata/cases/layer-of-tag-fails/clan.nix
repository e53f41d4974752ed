# needs: tagSettings
{ own, ... }:
{
  inventory.machines = {
    m = { };
    n.tags = [ "t" ];
  };
  inventory.instances.tagged = {
    module = own "wide";
    roles.server.tags = {
      all = { };
      t.settings = throw "this layer";
    };
  };
}
