{ lib, config, ... }:
{
  _class = "clan.service";
  imports = [ { roles.r2 = { }; } ];
  manifest.name = "computed of ${toString (builtins.length (builtins.attrNames config.roles))}";
  roles = lib.genAttrs [ "r1" "r3" ] (role: {
    interface.options.x = lib.mkOption {
      default = role;
      type = lib.types.either lib.types.int lib.types.str;
    };
  });
}
