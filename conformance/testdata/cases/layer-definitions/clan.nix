{ own, lib, ... }:
{
  inventory.machines = {
    one = { };
    two = { };
  };
  # A layer as a whole under the module system's own words.
  inventory.instances.layers = {
    module = own "wide";
    roles.server = {
      tags.all = { };
      settings = lib.mkIf true { word = "role"; };
      machines.one.settings = lib.mkIf false { word = "never"; };
      machines.two.settings = lib.mkForce { list = [ "forced" ]; };
    };
    roles.client.machines.one.settings = { };
    roles.client.machines.two = lib.mkDefault { settings.flag = true; };
  };
}
