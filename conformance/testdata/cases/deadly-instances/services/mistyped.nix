{
  _class = "clan.service";
  manifest.name = 1 + { };
  roles.peer = { };
}
