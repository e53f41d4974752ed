# A role without any options.
{
  _class = "clan.service";
  manifest.name = "bare";
  roles.peer = { };
}
