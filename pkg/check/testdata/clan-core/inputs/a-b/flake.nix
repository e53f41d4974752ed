{
  outputs = _: {
    clan.modules.c = {
      _class = "clan.service";
      manifest.name = "c of a-b";
      roles.peer = { };
    };
  };
}
