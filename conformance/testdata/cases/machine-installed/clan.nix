# needs: installedAt
{ ... }:
{
  inventory.machines.old.installedAt = 1700000000;
}
