# needs: coreServices
{ inputs, ... }:
let
  # Whatever its roles are called in this clan-core.
  service = import (inputs.clan-core + "/clanServices/hello-world") { packages = { }; };
in
{
  inventory.machines.m = { };
  inventory.instances.hello = {
    module = { name = "hello-world"; input = "clan-core"; };
    roles = builtins.mapAttrs (_: _: { tags.all = { }; }) service.roles;
  };
}
