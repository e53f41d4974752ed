# Options of many types, all with defaults, the same in both roles.
let
  interface =
    { lib, ... }:
    let
      inherit (lib) mkOption types;
      item.options = {
        size = mkOption { type = types.int; default = 1; };
        labels = mkOption { type = types.listOf types.str; default = [ "plain" ]; };
        inner = mkOption {
          default = { };
          type = types.submodule { options.deep = mkOption { type = types.str; default = "unset"; }; };
        };
      };
    in
    {
      options = {
        word = mkOption { type = types.str; default = "default"; };
        text = mkOption { type = types.lines; default = ""; };
        number = mkOption { type = types.either types.int types.float; default = 0; };
        flag = mkOption { type = types.bool; default = false; };
        choice = mkOption { type = types.enum [ "low" "high" ]; default = "low"; };
        maybe = mkOption { type = types.nullOr types.int; default = null; };
        list = mkOption { type = types.listOf types.str; default = [ "default" ]; };
        table = mkOption { type = types.attrsOf types.str; default = { }; };
        one = mkOption { type = types.submodule item; default = { }; };
        many = mkOption { type = types.attrsOf (types.submodule item); default = { }; };
        items = mkOption { type = types.listOf (types.submodule item); default = [ ]; };
        any = mkOption { type = types.anything; default = null; };
      };
    };
in
{
  _class = "clan.service";
  manifest.name = "wide";
  roles.server.interface = interface;
  roles.client.interface = interface;
}
