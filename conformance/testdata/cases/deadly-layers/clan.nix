# needs: isolation tagSettings
{ own, ... }:
{
  inventory.machines = {
    m = { };
    n.tags = [ "t" ];
    o = { };
  };
  # A layer that kills the process is its members' alone.
  inventory.instances.one = {
    module = own "wide";
    roles.server.tags.all = { };
    roles.server.machines.m.settings.word = { }.there;
    roles.client.machines.m.settings.word = "well";
  };
  inventory.instances.tagged = {
    module = own "wide";
    roles.server.tags.all = { };
    roles.server.tags.t.settings.word = { }.there;
  };
  inventory.instances.all = {
    module = own "wide";
    roles.server.tags.all = { };
    roles.server.settings.word = { }.there;
    roles.client.tags.all = { };
  };
}
