# needs: extraFunctions
{ own, ... }:
{
  inventory.machines.m = { };
  inventory.instances.extra = {
    module = own "wide";
    roles.server.machines.m = { };
    roles.server.settings.word = "kept";
    roles.server.extraModules = [
      ({ pkgs, ... }: { environment.systemPackages = [ pkgs.hello ]; })
      { services.openssh.enable = true; }
    ];
  };
}
