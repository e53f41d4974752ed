{
  _class = "clan.service";
  manifest.name = "limited";
  manifest.constraints = {
    maxInstances = 1;
    roles.server = {
      minMachines = 1;
      maxMachines = 1;
    };
  };
  roles.server = { };
  roles.client = { };
}
