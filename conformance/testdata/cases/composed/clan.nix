{ own, lib, ... }:
{
  # The inventory itself in several definitions, with all that the module system offers.
  imports = [
    {
      inventory.machines.one.tags = [ "x" ];
      inventory.instances.composed.roles.server.tags.x = { };
    }
    { inventory.machines = lib.mkIf true { two.tags = lib.mkForce [ "y" ]; }; }
    { inventory.machines.two.tags = [ "x" ]; }
    {
      inventory.instances = lib.mkMerge [
        { composed.roles.server.machines.two = { }; }
        (lib.mkIf false { never.module = own "wide"; })
      ];
    }
  ];
  inventory.instances.composed = {
    module = own "wide";
    roles.server.settings.word = "composed";
  };
}
