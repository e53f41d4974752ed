{
  outputs = _: {
    clan.modules.b-c = {
      _class = "clan.service";
      manifest.name = "b-c of a";
      roles.peer.interface =
        { lib, ... }:
        {
          options.word = lib.mkOption { type = lib.types.str; default = "from a"; };
        };
    };
  };
}
