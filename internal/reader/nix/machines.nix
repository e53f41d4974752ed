# Machines and tags.
#
#   import ./machines.nix helpers { plain; inventory; definitions; shapeTags; }
#
# In three trees, in the order in which one can break another: what a machine says of itself; the inventory's tags, which may
# be computed from that; and the tags that each machine carries, to which clan adds the inventory's.
{
  fields,
  filterAttrs,
  genAttrs,
  isOmitted,
  named,
  namesToSet,
  omitsBelow,
  part,
  parts,
  peek,
  unique,
  walk,
  whole,
  ...
}:
{ plain, inventory, definitions, shapeTags }:
let
  inherit (builtins)
    attrNames
    concatMap
    deepSeq
    elem
    filter
    groupBy
    isAttrs
    isFunction
    isString
    mapAttrs
    seq
    ;

  raw = if isOmitted [ "machines" ] then { } else namesToSet (inventory.machines or { });
  usable = filterAttrs (n: _: !(isOmitted [ "machines" n ] || isOmitted [ "machines" n "machineClass" ])) raw;

  # A plain flake's tags; as in clan they may be a function of the machines and of themselves.
  plainTags =
    let
      given = inventory.tags or { };
      ofClass = class: filter (n: peek null (raw.${n}.machineClass or "nixos") == class) (attrNames raw);
      all = {
        all = attrNames raw;
        nixos = ofClass "nixos";
        darwin = ofClass "darwin";
      }
      // (if isFunction given then given { config = all; machines = raw; } else shapeTags given);
    in
    shapeTags all;
  tags =
    if isOmitted [ "tags" ] then
      { }
    else if plain then
      plainTags
    else
      let
        given = inventory.tags or { };
      in
      # clan computes two from all machines.
      builtins.removeAttrs (if isAttrs given then given else { }) (if omitsBelow [ "machines" ] then [ "nixos" "darwin" ] else [ ]);

  # In a clan a machine's `tags` hold what inventory.tags gives it, and so fail with any of these.
  carried =
    name: machine:
    let
      own = machine.tags or [ ];
      given = filter (t: elem name tags.${t}) (attrNames tags);
    in
    if plain then unique (own ++ given) else own;
  # A machine that does not evaluate breaks clan's own tags, and with them those of all others. Then they are put together from what is
  # written: plain lists of the machine's own, and the inventory's tags.
  classOf = n: peek null (usable.${n}.machineClass or "nixos");
  written =
    name:
    let
      isPlain = v: isAttrs v && !(v ? _type || v ? imports || v ? config);
      ofMachine = d: if !(isPlain d) then throw "not plain" else if !(d ? ${name}) then [ ] else if isPlain d.${name} then d.${name}.tags or [ ] else throw "not plain";
      gives = t: if t == "nixos" || t == "darwin" then classOf name == t else elem name tags.${t};
    in
    unique (concatMap (d: ofMachine d.value) (definitions "machines") ++ filter gives (unique (attrNames tags ++ [ "nixos" "darwin" ])));

  clans = mapAttrs carried usable;
  isWell = v: peek false (deepSeq v true);
  carriedBy = mapAttrs (
    n: ts:
    if plain || !(omitsBelow [ "tags" ] || isOmitted [ "carried" n ]) && !(omitsBelow [ "machines" ]) && isWell ts then
      ts
    else if omitsBelow [ "tags" ] then
      throw "the tags do not evaluate"
    else if isWell (written n) then
      written n
    else
      ts
  ) clans;
  known = filterAttrs (n: ts: !(isOmitted [ "carried" n ]) && isWell ts) carriedBy;
in
rec {
  inherit raw;
  # { tag = { machine = null; }; }, as far as it is known.
  carriers =
    let
      index = mapAttrs (_: pairs: genAttrs (map (p: p.machine) pairs) (_: null)) (
        groupBy (p: p.tag) (concatMap (machine: map (tag: { inherit tag machine; }) known.${machine}) (attrNames known))
      );
    in
    tag: index.${tag} or { };

  facts = {
    machines =
      let
        ofMachine = fields [ "name" "description" "icon" "machineClass" "installedAt" "deploy" ];
      in
      parts [ "machines" ] (path: _: ofMachine path) raw;
    tags = named (mapAttrs (n: walk [ "tags" n ]) tags);
    carried = named (mapAttrs (n: ts: whole [ "carried" n ] (filter isString ts)) carriedBy);
  };
}
