{ own, ... }:
{
  inventory.machines = {
    one.tags = [ "odd" ];
    two = { };
  };
  inventory.instances.layers = {
    module = own "wide";
    roles.server = {
      tags.all = { };
      settings = {
        word = "role";
        text = "role";
        list = [ "r1" "r2" ];
        table.a = "role";
        many.x.labels = [ "r" ];
        items = [ { size = 2; } ];
        one.inner.deep = "role";
        any.left = 1;
      };
      machines.one.settings = {
        text = "machine";
        list = [ "m1" ];
        table.b = "machine";
        many.x.size = 7;
        many.y = { };
        items = [ { labels = [ "m" ]; } { } ];
        any.right = [ 2 ];
      };
    };
    roles.client.machines.two.settings.list = [ ];
  };
}
