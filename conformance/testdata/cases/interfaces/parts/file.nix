{ lib, config, options, ... }:
let
  inherit (lib) mkOption types;
in
{
  imports = [ (lib.mkAliasOptionModule [ "old" ] [ "new" ]) ];
  options = {
    new = mkOption { type = types.str; default = "unset"; };
    hidden = mkOption { type = types.int; default = 1; visible = false; internal = true; };
    computed = mkOption { type = types.str; default = "${config.new} of ${toString (builtins.length (builtins.attrNames options))}"; };
    applied = mkOption { type = types.str; default = "x"; apply = v: { was = v; }; };
    coerced = mkOption { type = types.coercedTo types.int toString types.str; default = 5; };
    maybe = mkOption { type = types.nullOr (types.submodule { options.y = mkOption { default = 1; }; }); default = { }; };
    port = mkOption { type = types.port; default = 80; };
    strings = mkOption { type = types.separatedString ","; };
    unset = mkOption { type = types.attrsOf types.int; };
    empty = mkOption { type = types.listOf types.int; };
    lazy = mkOption { type = types.lazyAttrsOf types.str; default = { fine = "x"; broken = throw "lazily"; }; };
  };
  config.strings = lib.mkMerge [ "a" "b" ];
  config.hidden = lib.mkForce 2;
}
