# needs: isolation
{ own, lib, ... }:
{
  inventory.machines.m = { };
  # What tryEval cannot catch: it kills the process that looks at it.
  inventory.instances =
    lib.genAttrs [ "bare" "absent" "recursive" "aborting" "mistyped" "syntax" ] (name: {
      module = own name;
      roles.peer.machines.m = { };
    })
    // {
      leaf = {
        module = own "deadly-leaf";
        roles.peer.machines.m = { };
        roles.other.machines.m = { };
      };
    };
}
