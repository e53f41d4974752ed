# needs: settingsModules
{ own, ... }:
{
  inventory.machines = {
    one = { };
    two = { };
  };
  inventory.instances.modules = {
    module = own "wide";
    roles.server.tags.all = { };
    roles.server.settings = { lib, config, ... }: { word = lib.mkDefault "number ${toString config.number}"; };
    roles.server.machines.one.settings.number = 1;
    roles.server.machines.two.settings = { ... }: { word = "two"; };
  };
}
