{ own, lib, ... }:
{
  inventory.machines = {
    one = { };
    two = { };
    three = { };
  };
  inventory.instances.layers = {
    module = own "wide";
    roles.server = {
      tags.all = { };
      settings = {
        word = lib.mkDefault "role";
        number = lib.mkOverride 10 3;
        list = lib.mkAfter [ "last" ];
        text = lib.mkOrder 2000 "end";
        choice = lib.mkForce "high";
        table = lib.mkMerge [ { a = "1"; } { b = lib.mkDefault "2"; } ];
        flag = lib.mkIf true true;
        maybe = lib.mkIf false 4;
      };
      machines.one.settings = {
        word = "machine";
        number = 4;
        list = lib.mkBefore [ "first" ];
        text = "begin";
        choice = "low";
        table.b = "machine";
      };
      machines.two.settings = {
        word = lib.mkForce "forced";
        list = lib.mkForce [ "alone" ];
        one = lib.mkForce { size = 3; };
      };
    };
  };
}
