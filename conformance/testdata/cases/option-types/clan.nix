{ own, ... }:
{
  inventory.machines.m = { };
  inventory.machines.n = { };
  inventory.instances.option-types = {
    module = own "option-types";
    roles.all.machines.m.settings = {
      atLeastOne = [ "a" ];
      coerced = "one";
      tree.branches.left.branches.leaf.value = 3;
      json.deep = [ 1 2.5 null { a = true; } ];
      either.x = 1;
      tag.number = 4;
      open.other = 5;
      free = "text";
      renamed = "through the old name";
      "odd \"name\${x}" = null;
    };
    roles.all.machines.n.settings = {
      atLeastOne = [ "b" "c" ];
      coerced = [ "one" "two" ];
      either = "text";
    };
  };
}
