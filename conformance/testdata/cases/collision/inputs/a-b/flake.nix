{
  outputs = _: {
    clan.modules.c = {
      _class = "clan.service";
      manifest.name = "c of a-b";
      roles.peer.interface =
        { lib, ... }:
        {
          options.word = lib.mkOption { type = lib.types.str; default = "from a-b"; };
        };
    };
  };
}
