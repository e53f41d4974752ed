{
  _class = "clan.service";
  manifest.name = "described";
  roles.peer.description = "One of many";
  roles.silent = { };
}
