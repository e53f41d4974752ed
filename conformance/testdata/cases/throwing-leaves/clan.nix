{ own, ... }:
{
  inventory.machines = {
    one = { };
    two = { };
    three = { };
  };
  inventory.instances.leaves = {
    module = own "strict";
    roles.peer = {
      tags.all = { };
      machines.one.settings = {
        required = "given";
        group.lacking = "given";
        groups.full.lacking = "given";
        groups.half = { };
        rows = [ { lacking = "given"; } { here = 2; } ];
      };
      machines.two.settings = {
        number = "not a number";
        present = [ "nor a string" ];
      };
    };
  };
}
