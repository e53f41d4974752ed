{ own, ... }:
{
  inventory.machines = {
    one = { };
    two = { };
  };
  inventory.instances.torn = {
    module = own "wide";
    roles.server = {
      tags.all = { };
      settings.word = "role";
      settings.one.inner.deep = "role";
      machines.one.settings.word = "machine";
      machines.two.settings.one.inner.deep = "machine";
    };
  };
}
