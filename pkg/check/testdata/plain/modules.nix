rec {
  web.roles = {
    server = { };
    client = { };
  };
  limited = {
    roles.boss = { };
    roles.crew = { };
    roles.spare = { };
    roles.guest = { };
    roles.night = { };
    manifest.constraints.roles = {
      boss.maxMachines = 1;
      crew.minMachines = 2;
      spare.maxMachines = 1;
    };
  };
  spare = ./spare.nix; #!? missing-module
  broken = throw "broken"; #! module-failed
  broken = web; #+
  described = web // {
    manifest.description = assert false; ""; #! manifest-failed
  };
}
