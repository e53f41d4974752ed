{
  outputs = _: {
    clan.modules.b-c = {
      _class = "clan.service";
      manifest.name = "b-c of a";
      roles.peer = { };
    };
  };
}
