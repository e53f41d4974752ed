{ own, lib, ... }:
{
  inventory.machines = lib.genAttrs (map (n: "m${toString n}") (lib.range 1 9)) (_: { tags = [ "many" ]; });
  # One service, many instances, each by itself.
  inventory.instances =
    lib.genAttrs [ "i1" "i2" "i3" ] (name: {
      module = own "wide";
      roles.server.tags.many = { };
      roles.server.settings.word = name;
      roles.server.machines.m3.settings.number = 3;
      roles.server.machines.m4 = { };
      roles.client.machines.m3 = { };
    })
    // {
      other = {
        module = own "bare";
        roles.peer.machines.m1 = { };
      };
    };
}
