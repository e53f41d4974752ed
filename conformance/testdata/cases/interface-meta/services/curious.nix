{
  _class = "clan.service";
  manifest.name = "curious";
  roles.peer.interface =
    { lib, meta, ... }:
    {
      options.clan = lib.mkOption { type = lib.types.str; default = meta.name; };
      options.list = lib.mkOption { type = lib.types.listOf lib.types.str; default = [ meta.name ]; };
    };
}
