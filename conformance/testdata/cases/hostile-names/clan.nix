{ own, lib, ... }:
let
  names = [
    "dot.in.name"
    "quote\"s"
    "dollar \${x}"
    "back\\slash"
    "üni 漢字 🦀"
    "line\nfeed"
    "tab\t"
    "'apostrophe'"
    "@at/slash"
    "-dash"
    "$clanctl"
    "0"
    " "
  ];
in
{
  inventory.instances = lib.genAttrs names (name: {
    module = own "wide";
    roles.server.tags.${name} = { };
    roles.server.machines.${name}.settings.table = lib.genAttrs names (n: "${n} of ${name}");
    roles.server.machines.plain.settings.list = names;
    roles.client.tags.plain = { };
  });
  inventory.tags = lib.genAttrs names (_: [ "plain" ]);
  inventory.machines.plain.tags = names;
  inventory.machines."also.real" = { };
}
