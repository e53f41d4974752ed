{ ... }:
{
  inventory.machines.alone.tags = [ "x" ];
}
