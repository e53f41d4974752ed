{ own, ... }:
{
  inventory.machines = {
    red.tags = [ "warm" "colour" ];
    blue.tags = [ "colour" ];
    grey = { };
  };
  inventory.tags = {
    listed = [ "grey" "red" ];
    empty = [ ];
  };
  inventory.instances = {
    some = {
      module = own "wide";
      roles.server.tags.warm = { };
      roles.client.tags = {
        colour = { };
        listed = { };
        empty = { };
      };
      roles.client.machines.grey.settings.word = "grey";
      roles.client.settings.list = [ "role" ];
    };
    nobody = {
      module = own "wide";
      roles.server.tags.empty = { };
      roles.server.settings.undeclared = "never checked";
    };
    everybody = {
      module = own "bare";
      roles.peer.tags = {
        all = { };
        nixos = { };
      };
    };
  };
}
