# What clanctl asks of a clan: one lazy tree of facts, of which a question evaluates just the parts that it selects.
#
#   import ./reader.nix target args  →  { schema; values = [ ... ]; }      one value for each path in args.select
#
#   target         the flake to read: its outputs, inputs and outPath
#   args.schema    must be this file's schema number; the Go side checks the answer's, too
#   args.select    [ [ "machines" ] [ "instances" "borgbackup" ] ... ]   paths into `facts` below
#   args.isolate, args.announce, args.omit, args.strict   see helpers.nix
#   args.dir       the flake's directory below the top of its source tree; without it, the top
#   args.instances look at these instances only
#   args.deferLines true: positions in large files have no lines, but `deferred`
#   args.origins   true: also where values come from: positions down to each setting, interfaces, what modules define
#   args.places    true: positions down to each setting
#   args.checks    true: also what only a check looks at: Macs that a service has nothing for, extra modules that are not there
#   args.exports   true: what services export, also where clan has a module evaluated for each of very many memberships
#   args.setting   { instance, role, machine, path } for the part "setting"
#   args.inputs, args.allInputs   which inputs the parts "inputs" and "modules" look at
#   args.interfaces   without args.modules: the options of the roles that settings are for
#   args.modules, args.interfaces, args.written   what they tell: of modules at all, their interfaces, how they are written
#   args.named     [ REF ... ] for the part "meant": modules, as NAME or INPUT#NAME
#   args.byInstance true: one of these that is an instance's name means the instance's module
target: args:
let
  schema = 2;

  inherit (builtins)
    deepSeq
    elemAt
    foldl'
    fromJSON
    genList
    head
    isAttrs
    isList
    length
    tail
    ;

  helpers = import ./helpers.nix (builtins.unsafeDiscardStringContext (toString (target.sourceInfo.outPath or target.outPath))) args;
  inherit (helpers) findFirst mark peek;

  layout = import ./layout.nix helpers target args;
  plain = import ./plain.nix helpers layout.lib;
  inventory = if layout.plain then plain.inventory layout.inventory else layout.inventory;
  machines = import ./machines.nix helpers { inherit inventory; inherit (layout) plain definitions; shapeTags = plain.tags; };
  instances = import ./instances.nix helpers { inherit inventory; inherit (layout) directory tagSettingsCount; names = args.instances or [ ]; checks = args.checks or false; };
  options = import ./options.nix helpers layout.moduleLib layout.meta;
  modules = import ./modules.nix helpers { inherit layout plain options instances args; inherit (settings) services; };
  settings = import ./settings.nix helpers {
    inherit layout modules options instances args;
    inherit (machines) carriers;
    machines = machines.raw;
  };
  # Clan evaluates a module for each membership to know what it exports: in a huge fleet a hundred times as much work as all else, which is
  # done for those who ask for exports, and not by the way.
  exports = import ./exports.nix helpers {
    inherit (layout) directory;
    exports = if (args.exports or false) || !settings.isHuge then layout.exports else null;
  };
  positions = import ./positions.nix (helpers // { libs = [ layout.lib layout.moduleLib ]; });

  origins = args.origins or false;

  # Where a part is written, as far as that tells where the error is: a layer stands below `machines`, `tags` or the role itself.
  placeOf =
    path:
    let
      kind = elemAt path 3;
      from = n: if length path > n then helpers.drop n path else [ ];
      member = [ (elemAt path 4) ] ++ (if length path > 5 then [ "settings" ] ++ from 7 else [ ]);
      places = {
        layer = [ "settings" ] ++ from 6;
        machineLayers = [ "machines" ] ++ member;
        tagLayers = [ "tags" ] ++ member;
        machinesAreSets = [ "machines" ];
        tagsAreSets = [ "tags" ];
      };
    in
    if length path > 3 && places ? ${kind} then genList (elemAt path) 3 ++ places.${kind} else [ (head path) ];

  # What not to look at among the definitions of an option: what kills the process, and what nobody asked for.
  limits = name: {
    skip = map (path: placeOf (tail path)) (builtins.filter (path: head path == name && length path > 1) helpers.omit);
    only = if name == "instances" then args.instances or [ ] else [ ];
  };

  # In the order in which one can break another: what comes first is to blame.
  facts = {
    inherit (layout) flake;
    meta = helpers.walk [ "meta" ] layout.meta;
    inherit (machines.facts) machines tags carried;
    inherit (instances.facts) instanceNames instances;
    inherit (modules.facts) inputNames inputs modules meant uses categories missing;
    inherit (settings.facts) services evaluated;
    inherit (exports.facts) exports vars;
    setting = settings.settingOf [ "setting" ] args.setting;

    positions =
      let
        # In some versions of Nix the line of an attribute costs as much as reading the file, and its column as much again.
        isLarge =
          file:
          builtins.match ".*\\.nix" file != null
          && builtins.pathExists file
          && (builtins.readDir (dirOf file)).${baseNameOf file} == "regular"
          && builtins.stringLength (builtins.readFile file) > 65536;
        # That of a definition, and what it imports.
        firstFile =
          value:
          let
            names = builtins.attrNames (if isAttrs value then value else { });
            place = if names == [ ] then null else builtins.unsafeGetAttrPos (head names) value;
          in
          peek null (if place == null then null else place.file);
        largeOf =
          name:
          builtins.listToAttrs (
            map (file: { name = file; value = null; }) (
              builtins.filter (file: peek false (isLarge file)) (
                helpers.unique (
                  # clan-core names inventory.json with the context of its directory, which no attribute's name can have.
                  map builtins.unsafeDiscardStringContext (builtins.concatMap (d: builtins.filter builtins.isString [ d.file (firstFile d.value) ]) (layout.definitions name))
                )
              )
            )
          );
        of = part: depth: name: below part depth name (limits name);
        below =
          part: depth: name: limits:
          helpers.part [ "positions" part ] (
            if name == "instances" && helpers.isOmitted [ "instanceNames" ] then
              { }
            else
              positions.places (limits // (if part == "settings" || !(args.deferLines or false) then { } else { large = largeOf name; })) depth (layout.definitions name)
          );
        # Instances with a part that does not evaluate, whose findings have places down to each setting.
        failing =
          if helpers.isOmitted [ "evaluated" ] then
            [ ]
          else
            builtins.filter (name: helpers.fails (facts.evaluated.${name} or null)) facts.instanceNames;
      in
      {
        instances = of "instances" (if origins || args.places or false then 12 else 5) "instances";
        failing = if failing == [ ] then { } else below "failing" 12 "instances" (limits "instances" // { only = failing; });
        settings = of "settings" 12 "instances";
        machines = of "machines" 1 "machines";
        tags = of "tags" 1 "tags";
        services = of "services" 1 "services";
        # Of each interface, and of what is in it.
        exports = helpers.part [ "positions" "exports" ] (
          if helpers.isPoisoned then
            { }
          else
            helpers.named (
              builtins.mapAttrs (
                name: module:
                let
                  omitted = map (helpers.drop 1) (builtins.filter (path: length path > 1 && genList (elemAt path) 2 == [ "exports" name ]) helpers.omit);
                in
                { at = [ ]; below = if builtins.elem [ name ] omitted then { } else positions.placesIn { skip = map tail omitted; } 2 module; }
              ) layout.exportModules
            )
        );
      };

    # What is written for what does not evaluate.
    shapes = {
      instances = positions.shapes (limits "instances") 7 (layout.definitions "instances");
      machines = positions.shapes (limits "machines") 3 (layout.definitions "machines");
      tags = positions.shapes (limits "tags") 1 (layout.definitions "tags");
    };

    # Who defines what: the program that writes inventory.json must leave alone what is Nix's. Down to the names of settings.
    owners =
      let
        of = depth: name: {
          # Below 100 something in Nix forces all of it, above it is all a default.
          priority = peek null ((layout.inventory.options or { }).${name}.highestPrio or null);
          # A plain flake has no record of who defined what, only values.
          recorded = !layout.plain && (layout.inventory.options or { }) ? ${name}.definitionsWithLocations;
          below = positions.owners (limits name // { only = [ ]; }) depth (layout.definitions name);
        };
      in
      {
        instances = of 7 "instances";
        machines = of 3 "machines";
      };
  };

  isPairs = node: isAttrs node && (node."$clanctl" or null) == "pairs";
  childOf =
    node: key:
    if isList node then
      elemAt node (fromJSON key)
    else if isPairs node then
      elemAt (findFirst (p: head p == key) [ key (mark "absent") ] node.pairs) 1
    else if isAttrs node && node ? ${key} then
      node.${key}
    else
      mark "absent";

  answer =
    path:
    let
      value = foldl' childOf facts path;
    in
    if helpers.isOmitted path then
      mark "omitted" // { inherit path; at = helpers.omitted.${builtins.toJSON path}; }
    else if helpers.isolate then
      helpers.traced path (deepSeq value value)
    else
      value;
in
if args.schema != schema then
  throw "clanctl: this reader speaks schema ${toString schema}, the program asked for ${toString args.schema}"
else
  {
    inherit schema;
    values = map answer args.select;
  }
