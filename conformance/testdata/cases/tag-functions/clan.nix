# needs: dynamicTags
{ own, lib, ... }:
{
  inventory.machines = {
    red.description = "warm";
    blue.description = "cold";
  };
  inventory.tags =
    { config, machines, ... }:
    {
      warm = lib.attrNames (lib.filterAttrs (_: m: m.description == "warm") machines);
      again = config.warm ++ [ "blue" ];
    };
  inventory.instances.computed = {
    module = own "wide";
    roles.server.tags.warm = { };
    roles.client.tags.again = { };
  };
}
