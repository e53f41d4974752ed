# Options that throw unless they are set well, or whatever one does.
{
  _class = "clan.service";
  manifest.name = "strict";
  roles.peer.interface =
    { lib, ... }:
    let
      inherit (lib) mkOption types;
      needy.options = {
        here = mkOption { type = types.int; default = 1; };
        lacking = mkOption { type = types.str; };
      };
    in
    {
      options = {
        present = mkOption { type = types.str; default = "here"; };
        required = mkOption { type = types.str; };
        removed = mkOption { default = null; apply = _: throw "removed: use present"; };
        group = mkOption { type = types.submodule needy; default = { }; };
        groups = mkOption { type = types.attrsOf (types.submodule needy); default = { }; };
        rows = mkOption { type = types.listOf (types.submodule needy); default = [ ]; };
        broken = mkOption { default = [ 1 (throw "an element") 3 ]; };
        number = mkOption { type = types.int; default = 0; };
      };
    };
}
