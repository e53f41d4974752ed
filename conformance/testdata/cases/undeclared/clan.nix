{ own, ... }:
{
  inventory.machines = {
    one = { };
    two = { };
  };
  inventory.instances.typo = {
    module = own "wide";
    roles.server.tags.all = { };
    roles.server.machines.two.settings.wrod = "typo";
    roles.client.tags.all = { };
    roles.client.settings.one.szie = 2;
  };
}
