{ own, lib, ... }:
let
  roles = import ./roles.nix;
in
{
  inventory.machines.m = { };
  inventory.instances."role \${names}" = {
    module = own "odd";
    roles = lib.genAttrs roles (role: {
      machines.m.settings.${"the \"${role}\""} = role;
    });
  };
}
