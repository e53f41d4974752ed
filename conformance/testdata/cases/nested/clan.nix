{ own, ... }:
{
  inventory.machines.m = { };
  inventory.instances.nested = {
    module = own "wide";
    roles.server.machines.m.settings = {
      one.labels = [ ];
      many = {
        a.inner.deep = "a";
        b.labels = [ "b" ];
      };
      items = [
        { }
        { inner.deep = "second"; }
      ];
      any = {
        list = [ [ ] [ { } ] [ [ 1 ] ] ];
        set.of.sets = { };
      };
    };
  };
}
