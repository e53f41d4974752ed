{
  _class = "clan.service";
  manifest.name = "free";
  roles.peer.interface =
    { lib, ... }:
    {
      freeformType = lib.types.attrsOf lib.types.anything;
      options.known = lib.mkOption { type = lib.types.int; default = 1; };
    };
}
