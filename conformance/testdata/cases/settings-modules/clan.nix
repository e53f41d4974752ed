# needs: settingsModules
{ own, ... }:
{
  # Once settings could be modules, and any number of them.
  imports = [
    { inventory.instances.modules.roles.server.settings.list = [ "more" ]; }
    { inventory.instances.modules.roles.server.machines.one.settings = ./one.nix; }
  ];
  inventory.machines = {
    one = { };
    two = { };
  };
  inventory.instances.modules = {
    module = own "wide";
    roles.server.tags.all = { };
    roles.server.settings =
      { lib, config, ... }:
      {
        word = lib.mkDefault "number ${toString config.number}";
        list = [ "role" ];
      };
    roles.server.machines.one.settings.number = 1;
    roles.server.machines.two.settings = { ... }: { imports = [ ./one.nix ]; };
  };
}
