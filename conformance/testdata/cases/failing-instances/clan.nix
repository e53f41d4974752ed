# needs: isolation
{ own, lib, ... }:
{
  inventory.machines.m = { };
  inventory.instances =
    lib.mapAttrs
      (_: module: {
        inherit module;
        roles.peer.machines.m = { };
        roles.peer.settings = { };
      })
      {
        good = own "bare";
        throwing = own "throwing";
        unknown = own "no-such-service";
        no-input = { name = "bare"; input = "no-such-input"; };
        no-services = { name = "bare"; input = "stub"; };
      };
}
