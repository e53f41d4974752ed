# Defaults that JSON has no word for.
{
  _class = "clan.service";
  manifest.name = "values";
  roles.peer.interface =
    { lib, ... }:
    let
      value = default: lib.mkOption { type = lib.types.raw; inherit default; };
    in
    {
      options = {
        any = lib.mkOption { type = lib.types.anything; default = { }; };
        function = value (x: x);
        functor = value { __functor = _: x: x; kept = 1; };
        path = value ./values.nix;
        context = value "${./values.nix}";
        interpolated = value "${builtins.toFile "conformance" "x"}";
        derivation = value { type = "derivation"; name = "made-up-1.0"; drvPath = throw "never instantiated"; outPath = throw "never built"; };
        unnamed = value { type = "derivation"; drvPath = throw "never instantiated"; name = "unnamed"; };
        source = value { outPath = "/nowhere"; rev = "1"; };
        printable = value { __toString = self: "printed ${self.what}"; what = "set"; };
        list = value [ (x: x) ./values.nix null 1.5 ];
        type = value { type = "ordinary"; };
        thrown = value { type = throw "the type itself"; kept = 1; };
        mark."$clanctl" = value "throws";
        function-mark."$function" = value false;
      };
    };
}
