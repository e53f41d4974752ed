# Where a flake keeps its clan. The only file that knows clan-core's versions; the dates are those of clan-core's main branch.
#
#   import ./layout.nix helpers target args
{
  asAttrs,
  findFirst,
  getPath,
  isLib,
  isPoisoned,
  named,
  optional,
  peek,
  unique,
  whole,
  ...
}:
target: args:
let
  inherit (builtins)
    attrNames
    concatMap
    concatStringsSep
    deepSeq
    elem
    elemAt
    filter
    foldl'
    fromJSON
    genList
    head
    intersectAttrs
    isAttrs
    isList
    isString
    length
    listToAttrs
    mapAttrs
    pathExists
    readFile
    removeAttrs
    tail
    toString
    tryEval
    typeOf
    unsafeDiscardStringContext
    ;

  inherit (target) outputs;

  # A clan's whole configuration: `clan = clan.config`, or the result of evalModules itself.
  asConfig =
    v:
    if !isAttrs v then
      null
    else if v ? inventory && v ? clanInternals then
      v
    else if v ? config && isAttrs v.config && v.config ? inventory then
      v.config
    else
      null;

  exported = if outputs ? clan then asConfig outputs.clan else null;
  internals = outputs.clanInternals or { };
  inventoryClass = internals.inventoryClass or { };
  # Flakes that do not export `clan` still hand it to themselves (since 2025-10-22).
  handed = asConfig (getPath [ "flakeInputs" "self" "clan" ] null inventoryClass);
  config = if exported != null then exported else handed;

  # Before 2025-03-29 an inventory had services and no instances.
  isLegacy = i: !(i ? instances) && i ? services;
  layout =
    if config != null then
      "clan"
    else if inventoryClass ? inventory && !isLegacy inventoryClass.inventory then
      "clanInternals"
    else if internals ? inventory then
      (if isLegacy internals.inventory then "legacy" else "clanInternals")
    else if outputs ? inventory && isAttrs outputs.inventory then
      "inventory"
    else
      "none";
  plain = layout == "inventory";

  inventory =
    if layout == "clan" then
      config.inventory
    else if layout == "clanInternals" then
      inventoryClass.inventory or internals.inventory
    else if layout == "legacy" then
      internals.inventory
    else if plain then
      outputs.inventory
    else
      { };

  # ---- inputs ----

  # As clan's modules see them: `self` counts as an input.
  inputs = { self = target; } // target.inputs;
  # The clan-core that evaluates this clan; its input may have another name.
  coreInput =
    let
      isCore = n: peek false (inputs.${n} ? lib.clan || inputs.${n} ? lib.buildClan);
    in
    if plain then null else findFirst (n: target.inputs ? ${n} && isCore n) null ([ "clan-core" "clan" ] ++ attrNames target.inputs);
  core = if coreInput == null then { } else inputs.${coreInput};

  # In mid 2025 a clan could export a `clan` that holds no configuration, and whose modules kill Nix when looked at.
  looksSafe = n: inputs ? ${n} && !(n == "self" && !plain && outputs ? clan && outputs ? clanInternals && exported == null);
  modulesOf = n: if looksSafe n && inputs.${n} ? clan.modules then asAttrs inputs.${n}.clan.modules else { };

  # nixpkgs' lib, wherever this flake has one. Interfaces are evaluated with clan-core's, where there is one.
  libOf = i: i.lib or null;
  libsHere = map (i: peek null (libOf i)) (
    [ (inputs.nixpkgs or { }) ] ++ [ ((core.inputs or { }).nixpkgs or { }) (inputs.nixpkgs-lib or { }) (inputs.lib or { }) ]
  );
  lib = findFirst isLib null libsHere;

  # The flake's direct inputs as its flake.lock has them. To ask the inputs themselves would fetch those that nobody needs. One that
  # does not come from there, for it is overridden or updated, is fetched already; what follows an input of it is locked in its own file.
  moved = args.moved or [ ];
  lockIn = dir: let file = "${dir}/flake.lock"; in if pathExists file then fromJSON (readFile file) else { nodes = { }; root = ""; };
  lock = lockIn "${target.sourceInfo or target}/${args.dir or ""}";
  lockedInputs = lock.nodes.${lock.root}.inputs or { };
  root = file: isOwn: { inherit isOwn; lock = file; node = file.root; info = { }; };
  # An input is locked at a node, or follows another input, named by the way to it from the root.
  at = ref: from: if isString ref then from // { node = ref; info = from.lock.nodes.${ref}.locked or { }; } else foldl' below (root from.lock from.isOwn) ref;
  below = from: name:
    if from.isOwn && from.node == lock.root && elem name moved then
      root (lockIn target.inputs.${name}) false // { info = target.inputs.${name}.sourceInfo or target.inputs.${name}; }
    else if from.lock.nodes ? ${from.node} && from.lock.nodes.${from.node} ? inputs.${name} then
      at from.lock.nodes.${from.node}.inputs.${name} from
    else
      from // { node = ""; info = { }; };
  locked = named (
    mapAttrs (name: _: intersectAttrs { lastModified = 0; narHash = ""; rev = ""; } (below (root lock true) name).info) (
      lockedInputs // listToAttrs (map (name: { inherit name; value = null; }) (filter (name: target.inputs ? ${name}) moved))
    )
  );
  # The inputs of inputs that follow one of those, by way of whatever they follow. A list leads from the root to what is followed.
  inputsIn = node: lock.nodes.${node}.inputs or { };
  follows = followsIn lock.root;
  followsIn = node: path:
    let
      name = head path;
      ref = (inputsIn node).${name} or null;
      rest = tail path;
    in
    path != [ ] && (node == lock.root && elem name moved || (if isList ref then follows (ref ++ rest) else ref != null && followsIn ref rest));
  following =
    if moved == [ ] then
      [ ]
    else
      concatMap (name: if elem name moved then [ ] else followingIn [ ] name lockedInputs.${name}) (attrNames lockedInputs);
  # A lock file may lead in circles: around are the nodes on the way.
  followingIn = around: path: ref:
    let
      within = n: let at = "${path}/${n}"; of = (inputsIn ref).${n}; in if isList of then optional (follows of) at else followingIn (around ++ [ ref ]) at of;
    in
    if isList ref || elem ref around then [ ] else concatMap within (attrNames (inputsIn ref));

  # The inputs of inputs that are overridden or updated, and that there are not: Nix takes no notice of them.
  unknown = filter (
    path:
    let
      name = elemAt path (length path - 1);
      around = foldl' below (root lock true) (genList (elemAt path) (length path - 1));
    in
    around.lock.nodes ? ${around.node} && !(around.lock.nodes.${around.node} ? inputs.${name})
  ) (args.movedBelow or [ ]);

  # ---- evaluated services, by clan's internal key ----

  distributed =
    inventoryClass.distributedServices or config.clanInternals.inventoryClass.distributedServices or internals.distributedServices
      or { };
  hasServices = config != null && config ? _services;
  services =
    if hasServices then
      config._services.allServices or config._services.mappedServices
    else
      distributed.importedModulesEvaluated or distributed.allServices or { };
  keyOf =
    spec:
    let
      keys = if spec.input != null then [ "${spec.input}-${spec.name}" ] else [ "<clan-core>-${spec.name}" "self-${spec.name}" ];
    in
    # Until 2025-10-18 null was spelled "self".
    if plain || isPoisoned then head keys else findFirst (k: peek false (services ? ${k})) (head keys) keys;

  # Until mid 2025 a module without an input was the flake's own.
  nullIsSelf = plain || !hasServices && !(distributed ? servicesEval);
in
{
  inherit
    config
    core
    coreInput
    inputs
    inventory
    keyOf
    layout
    lib
    looksSafe
    modulesOf
    nullIsSelf
    outputs
    plain
    services
    ;
  moduleLib = findFirst isLib lib [ (peek null (core.inputs.nixpkgs.lib or null)) ];
  clanLib = peek { } (core.clanLib or { });
  nullInput = if nullIsSelf then "self" else coreInput;
  # Until mid 2025 the settings of a tag could be written, but were not evaluated.
  tagSettingsCount = plain || hasServices;
  meta = asAttrs (inventory.meta or { });
  # Where clan looks for machines/ and inventory.json; need not be the flake's own directory.
  directory = config.directory or inventoryClass.directory or target.outPath;

  # What services export, by SERVICE:INSTANCE:ROLE:MACHINE; null in a clan-core from before 2025-07-02. Until 2025-11-26 there were exports
  # of instances and of machines, no others, a network held its peers, and a peer had one host.
  exports =
    let
      found = config.exports or distributed.exports or distributed.servicesEval.config.exports or null;
      isOld = isAttrs found && attrNames found == [ "instances" "machines" ];
      prefixed = prefix: f: set: map (n: { name = prefix + n; value = f set.${n}; }) (attrNames set);
      peersOf = i: if (found.instances.${i}.networking or null) == null then { } else found.instances.${i}.networking.peers;
      withoutPeers = e: if (e.networking or null) == null then e else e // { networking = removeAttrs e.networking [ "peers" ]; };
    in
    if !isOld then
      found
    else
      listToAttrs (
        map (i: { name = ":${i}::"; value = withoutPeers found.instances.${i}; }) (attrNames found.instances)
        ++ prefixed ":::" (e: e) found.machines
        ++ concatMap (i: prefixed ":${i}::" (p: { peer = p // { hosts = if p ? host then [ p.host ] else [ ]; }; }) (peersOf i)) (attrNames found.instances)
      );

  # The modules of what services export, by the same names: they tell where each value is written. Some clan-core has none.
  exportModules = if hasServices then asAttrs (peek { } (config._services.exports or { })) else { };

  # Every definition of an inventory option, as the user wrote it: [ { file; value; } ].
  definitions =
    name:
    let
      option = (inventory.options or { }).${name} or { };
    in
    if plain then
      [ { file = null; value = outputs.inventory.${name} or { }; } ]
    else
      peek [ ] (option.definitionsWithLocations or [ ]);

  flake = {
    inherit layout coreInput;
    nullInput = if nullIsSelf then "self" else coreInput;
    source = unsafeDiscardStringContext (toString target.outPath);
    directory = whole [ "flake" "directory" ] (toString (config.directory or inventoryClass.directory or target.outPath));
    outputs = attrNames outputs;
    clan = if outputs ? clan then peek "set" (typeOf outputs.clan) else "";
    # `inventory.services` was deprecated in 2025 and removed in August; since then clan drops what is in it without a word.
    legacyServices = whole [ "flake" "legacyServices" ] (
      let
        option = (inventory.options or { }).services or { };
        names = concatMap (d: if isAttrs d.value then attrNames d.value else [ ]) (option.definitionsWithLocations or [ ]);
      in
      unique (
        if plain || layout == "legacy" then attrNames (asAttrs (inventory.services or { })) else peek [ ] (deepSeq names names)
      )
    );
    servicesDropped = inventory ? services && !(tryEval (isAttrs inventory.services)).success;
    locked = whole [ "flake" "locked" ] locked;
    following = whole [ "flake" "following" ] following;
    unknownInputs = whole [ "flake" "unknownInputs" ] (map (concatStringsSep "/") unknown);
  };
}
