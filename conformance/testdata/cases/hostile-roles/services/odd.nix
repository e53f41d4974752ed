{
  _class = "clan.service";
  manifest.name = "odd";
  roles = builtins.listToAttrs (
    map (name: {
      inherit name;
      value.interface =
        { lib, ... }:
        {
          options.${"the \"${name}\""} = lib.mkOption { type = lib.types.str; };
          options.${"lacks ${name}"} = lib.mkOption { type = lib.types.str; };
        };
    }) (import ../roles.nix)
  );
}
