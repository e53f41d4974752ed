{
  _class = "clan.service";
  manifest.name = "deadly-leaf";
  roles.peer.interface =
    { lib, ... }:
    {
      options.fine = lib.mkOption { default = 1; };
      options.deadly = lib.mkOption { default = { }.there; };
    };
  roles.other.interface =
    { lib, ... }:
    {
      options.fine = lib.mkOption { default = 1; };
    };
}
