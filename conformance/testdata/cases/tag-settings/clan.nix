# needs: tagSettings
{ own, lib, ... }:
{
  inventory.machines = {
    none = { };
    first.tags = [ "a" ];
    second.tags = [ "b" ];
    both.tags = [ "b" "a" ];
    named.tags = [ "a" "c" ];
  };
  inventory.instances.layers = {
    module = own "wide";
    roles.server = {
      tags = {
        all = { };
        a.settings = {
          list = [ "a" ];
          table.a = "a";
        };
        b.settings = {
          list = [ "b" ];
          table.b = lib.mkDefault "b";
          word = "b";
        };
        c.settings.list = lib.mkBefore [ "c" ];
        unused.settings.list = [ "unused" ];
      };
      settings = {
        list = [ "role" ];
        table.b = "role";
      };
      machines.named.settings.list = [ "machine" ];
    };
    roles.client.tags.all.settings.number = 1.5;
  };
}
