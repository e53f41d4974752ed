# The document that clanctl should print, made of clan-core's own answers: naively, with every member evaluated by itself.
#
#   import ./oracle.nix target args
#
#   target         the clan's flake
#   args.only      names of the instances wanted; without it, all
#   args.shallow   true: no settings
#   args.at        [ INSTANCE ROLE MACHINE SETTING... ]: not the document, but this part of a member's settings
#   args.names     true: of that part the names only
#   args.exports   true: not the document, but what services export; null where clan-core has none
#
# A part that throws is { "<throws>" = true; }.
target: args:
let
  inherit (builtins)
    attrNames
    concatMap
    deepSeq
    elem
    elemAt
    filter
    foldl'
    genList
    intersectAttrs
    isAttrs
    isList
    length
    listToAttrs
    mapAttrs
    sort
    stringLength
    substring
    toString
    tryEval
    typeOf
    unsafeDiscardStringContext
    ;

  clan = import ./layout.nix target.outputs;
  inherit (clan) inventory services;

  set = names: f: listToAttrs (map (name: { inherit name; value = f name; }) names);
  without = unwanted: attrs: removeAttrs attrs (filter (n: unwanted attrs.${n}) (attrNames attrs));
  isEmpty = v: v == null || v == "" || v == [ ] || v == { };
  sorted = names: attrNames (set names (_: null));
  namesIn = v: if isList v then v else attrNames v;
  evaluates = v: (tryEval (deepSeq v true)).success;

  # ---- any value as JSON, what throws marked ----

  show =
    v:
    let
      r = tryEval v;
    in
    if r.success then shown r.value else { "<throws>" = true; };
  shown =
    v:
    {
      lambda = { "$function" = true; };
      path = inFlake (toString v);
      string = inFlake (unsafeDiscardStringContext v);
      list = map show v;
      set = shownSet v;
    }
    .${typeOf v} or v;
  shownSet =
    v:
    if v ? drvPath && evaluates (v.type or null) && v.type or null == "derivation" then
      { "$derivation" = unsafeDiscardStringContext v.name; }
    else
      # toJSON takes a set with one of these names for something else.
      listToAttrs (map (name: { name = if elem name [ "outPath" "__toString" ] then "<${name}>" else name; value = show v.${name}; }) (attrNames v));
  # A path into the flake is relative to it.
  inFlake =
    s:
    let
      source = target.outPath + "/";
      n = stringLength source;
    in
    if substring 0 n s == source then substring n (stringLength s) s else s;

  # ---- machines and tags ----

  machines = mapAttrs (
    _: m:
    without isEmpty {
      description = show (m.description or null);
      icon = show (m.icon or null);
      installedAt = show (m.installedAt or null);
      deploy = without (v: v == null) (show (m.deploy or { }));
    }
    // {
      class = show (m.machineClass or "nixos");
      tags = sorted m.tags;
    }
  ) inventory.machines;

  tags =
    set (attrNames (inventory.tags or { }) ++ concatMap (m: machines.${m}.tags) (attrNames machines))
      (tag: filter (m: elem tag machines.${m}.tags) (attrNames machines));

  # ---- instances ----

  endsWith =
    suffix: s:
    let
      n = stringLength s - stringLength suffix;
    in
    n >= 0 && substring n (stringLength suffix) s == suffix;

  # The service that clan-core put the instance into: whichever has it, of those that may.
  holders =
    name: module:
    filter (
      key: endsWith "-${module.name}" key && evaluates (services.${key}.instances ? ${name}) && services.${key}.instances ? ${name}
    ) (attrNames services);

  moduleOf = name: raw: {
    name = raw.module.name or name;
    input = raw.module.input or null;
  };
  keyOf = name: raw: builtins.head (holders name (moduleOf name raw));
  settingsOf = name: raw: clan.settings (keyOf name raw) name;

  instanceOf =
    name: raw:
    let
      module = moduleOf name raw;
      key = keyOf name raw;
      service = services.${key};
      evaluated = service.instances.${name};
      roleOf =
        role: members:
        let
          written = raw.roles.${role};
          named = namesIn (written.machines or { });
          byTag = namesIn (written.tags or { });
          extraModules = show (length (written.extraModules or [ ]));
        in
        {
          tags = sorted byTag;
          settingsFrom =
            if builtins.all clan.hasFinal (builtins.attrValues members) then "clan" else "interface";
          machines = mapAttrs (machine: _: {
            explicit = elem machine named;
            tags = filter (t: elem t (machines.${machine}.tags or [ ])) (sorted byTag);
            settings = if args.shallow or false then { } else show (settingsOf name raw role machine);
          }) members;
        }
        // (if extraModules == 0 then { } else { inherit extraModules; });
    in
    if holders name module == [ ] || !evaluates (mapAttrs (_: r: attrNames r.machines) evaluated.roles) then
      { inherit module; fails = true; }
    else
      {
        module = module // {
          manifest = manifestOf service.manifest;
          roles = mapAttrs (_: r: without isEmpty { description = show (r.description or null); }) service.roles;
        };
        roles = mapAttrs (role: r: roleOf role r.machines) evaluated.roles;
      };

  manifestOf =
    manifest:
    without isEmpty (
      mapAttrs (_: show) (
        intersectAttrs {
          name = null;
          description = null;
          categories = null;
          constraints = null;
        } manifest
      )
    )
    // without (v: v == null) { exports = show (manifest.exports or null); };

  part =
    path:
    let
      name = elemAt path 0;
      settings = settingsOf name inventory.instances.${name} (elemAt path 1) (elemAt path 2);
      value = foldl' (v: key: v.${key}) settings (genList (i: elemAt path (i + 3)) (length path - 3));
    in
    if args.names or false then attrNames value else show value;
in
if args ? at then
  part args.at
else if args.exports or false then
  show clan.exports
else
  {
    schemaVersion = 1;
    meta = show inventory.meta;
    inherit machines tags;
    instances =
      mapAttrs instanceOf (
        if args ? only then set args.only (name: inventory.instances.${name}) else inventory.instances
      );
  }
