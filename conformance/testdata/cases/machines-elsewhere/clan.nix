{ own, ... }:
{
  # Machines that no inventory mentions: as a NixOS configuration, as a directory.
  machines.configured = { };
  inventory.machines.listed = { };
  inventory.instances.all = {
    module = own "bare";
    roles.peer.tags.all = { };
  };
}
