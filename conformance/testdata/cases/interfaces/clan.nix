{ own, ... }:
{
  inventory.machines.m = { };
  inventory.instances.interfaces = {
    module = own "interfaces";
    roles.file.machines.m.settings.old = "through the alias";
    roles.inline.machines.m.settings.inner.x = 2;
    roles.none.machines.m = { };
  };
}
