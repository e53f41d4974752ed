{
  _class = "clan.service";
  manifest = {
    name = "sshd";
    description = "Logins over SSH, with host keys that the clan knows";
    categories = [
      "Network"
      "System"
    ];
  };

  roles.server = {
    description = "Lets people in";
    interface =
      { lib, ... }:
      {
        options.authorizedKeys = lib.mkOption {
          type = lib.types.attrsOf lib.types.str;
          default = { };
          description = "Public keys that may log in, by a name of your choice";
        };
      };
  };

  roles.client = {
    description = "Knows the host keys of the servers";
    interface = { };
  };
}
