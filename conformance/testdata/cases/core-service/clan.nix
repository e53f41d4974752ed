# needs: coreServices
{ inputs, ... }:
let
  # Whatever its roles are called in this clan-core.
  module = import (inputs.clan-core + "/clanServices/hello-world") { packages = { }; };
  service = if builtins.isFunction module then module { } else module;
in
{
  inventory.machines.m = { };
  inventory.instances.hello = {
    module = { name = "hello-world"; input = "clan-core"; };
    roles = builtins.mapAttrs (_: _: { tags.all = { }; }) service.roles;
  };
}
