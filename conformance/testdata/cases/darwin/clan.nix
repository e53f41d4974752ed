# needs: darwin
{ own, ... }:
{
  inventory.machines = {
    apple.machineClass = "darwin";
    penguin.machineClass = "nixos";
  };
  inventory.instances.classes = {
    module = own "wide";
    roles.server.tags.nixos = { };
    roles.client.tags.darwin = { };
  };
}
