# needs: listTags
{ own, ... }:
{
  inventory.machines = {
    red.tags = [ "warm" ];
    blue = { };
  };
  inventory.instances.lists = {
    module = own "wide";
    roles.server.tags = [ "warm" ];
    roles.client.tags = [ "all" "warm" "all" ];
    roles.client.machines.red.settings.flag = true;
  };
}
