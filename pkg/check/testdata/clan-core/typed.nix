{
  _class = "clan.service";
  manifest.name = "typed";
  manifest.constraints.maxInstances = 1; #! -
  roles.peer.interface =
    { lib, ... }:
    {
      options.port = lib.mkOption { type = lib.types.port; };
      options.user = lib.mkOption {
        type = lib.types.str;
        default = "root";
      };
    };
}
