{
  _class = "clan.service";
  manifest = {
    name = "borg";
    description = "Backups of folders to another machine";
    categories = [ "Backup" ];
    constraints.roles.server.minMachines = 1;
  };

  roles.client = {
    description = "Sends its folders to every server of the instance";
    interface =
      { lib, ... }:
      {
        options = {
          folders = lib.mkOption {
            type = lib.types.listOf lib.types.str;
            default = [ ];
            description = "Folders to back up";
          };
          exclude = lib.mkOption {
            type = lib.types.listOf lib.types.str;
            default = [ ];
            description = "Patterns to leave out";
          };
          schedule = lib.mkOption {
            type = lib.types.str;
            default = "daily";
            description = "When to run: a calendar event of systemd";
          };
          keep = lib.mkOption {
            type = lib.types.attrsOf lib.types.ints.positive;
            default = { };
            description = "How many archives to keep of each age";
          };
        };
      };
  };

  roles.server = {
    description = "Keeps the archives";
    interface =
      { lib, ... }:
      {
        options.directory = lib.mkOption {
          type = lib.types.str;
          default = "/var/lib/borg";
          description = "Where the archives are";
        };
      };
  };
}
