{ own, ... }:
{
  inventory.machines.written = { };
  inventory.instances.partly = {
    module = own "wide";
    roles.server.settings.list = [ "nix" ];
  };
}
