# A clan service as clan-core takes it. What it would configure (`perInstance`) is left out: clanctl reads the description.
{
  _class = "clan.service";
  manifest = {
    name = "status-page";
    description = "One page that says which machines are up";
    categories = [ "Monitoring" ];
  };

  roles.page = {
    description = "Shows the page";
    interface =
      { lib, ... }:
      {
        options.title = lib.mkOption {
          type = lib.types.str;
          description = "Heading of the page";
        };
      };
  };

  roles.probe = {
    description = "Reports to the page";
    interface =
      { lib, ... }:
      {
        options.every = lib.mkOption {
          type = lib.types.str;
          default = "1m";
          description = "Time between two reports";
        };
        options.checks = lib.mkOption {
          type = lib.types.listOf lib.types.str;
          default = [ ];
          description = "What to look at besides the machine being up";
        };
      };
  };
}
