{ ... }:
{
  inventory.machines = {
    full = {
      description = "has everything";
      icon = "./full.png";
      tags = [ "b" "a" "b" ];
    };
    bare = { };
  };
}
