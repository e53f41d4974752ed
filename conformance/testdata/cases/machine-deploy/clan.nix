# needs: deploy
{ ... }:
{
  inventory.machines.far.deploy.targetHost = "root@far.example.org";
}
