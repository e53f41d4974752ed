let
  inherit (import ../../nix/stand-in.nix) optionsOf;
  names = module: builtins.attrNames (optionsOf { } module);
in
{
  declared = { got = names { options.a = { _type = "option"; }; }; want = [ "a" ]; };
  imports = { got = names { imports = [ { options.a = { _type = "option"; }; } ]; options.b = { _type = "option"; }; }; want = [ "a" "b" ]; };
  function = { got = names ({ lib, ... }: { options.a = lib.mkEnableOption "a"; }); want = [ "a" ]; };
  arguments = { got = (optionsOf { meta.name = "n"; } ({ meta, lib, ... }: { options.a = lib.mkOption { default = meta.name; }; })).a.default; want = "n"; };
  later-hides-earlier = { got = (optionsOf { } { imports = [ { options.a = { _type = "option"; default = 1; }; } ]; options.a = { _type = "option"; default = 2; }; }).a.default; want = 2; };
  # Settings are not evaluated.
  config-throws = { got = (builtins.tryEval (optionsOf { } ({ config, ... }: { options.a = config.x; })).a).success; want = false; };
}
