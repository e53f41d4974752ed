# What clanctl asks of a clan: one lazy tree of facts, of which a query evaluates just the parts that it selects.
#
#   import ./reader.nix target args  →  { schema = 1; values = [ ... ]; }      one value for each path in args.select
#
#   target        the flake to read: its outputs, inputs and outPath
#   args.schema   must be this file's schema number; the Go side checks the answer's, too
#   args.select   [ [ "machines" ] [ "instances" "borgbackup" ] ... ]   paths into `facts` below
#   args.instances, args.inputs   for the part "inputs": look at the inputs of these instances only, or at these inputs
#   args.inputs   for the parts of services.nix, too: look at these inputs only
#   args.named    [ REF ... ] for the part "meant": modules, as NAME or INPUT#NAME
#   args.byInstance true: one of these that is an instance's name means the instance's module
#   args.distinct true: do not compare modules to find those with two names
#   args.dir      the flake's directory below the top of its source tree; without it, the top
#   args.setting  { instance, role, machine, path } for the part "setting"
#   args.origins  true: positions down to each setting, and the options that roles declare
#   args.outline  true: of each selected part only the names of its children, nothing below them (null for a list or leaf)
#   args.strict   true: a part that throws kills the query with Nix's own message, instead of being marked
#   args.blind    true: never look at machines and tags (in a clan where these do not evaluate)
#   args.raw      true: never look at an instance's module (when that does not evaluate), just at what is written
#
# A part that throws, and that tryEval can catch, is marked { "$clanctl" = "throws"; }. What tryEval cannot catch kills
# the process; the Go side then asks for smaller parts, each in a process of its own.
target: args:
let
  schema = 1;

  inherit (builtins)
    attrNames
    attrValues
    concatMap
    deepSeq
    elem
    elemAt
    filter
    foldl'
    fromJSON
    functionArgs
    genList
    groupBy
    head
    intersectAttrs
    isAttrs
    isFunction
    isList
    isString
    length
    listToAttrs
    mapAttrs
    match
    pathExists
    readFile
    removeAttrs
    seq
    sort
    substring
    tail
    toJSON
    toString
    tryEval
    typeOf
    unsafeDiscardStringContext
    unsafeGetAttrPos
    ;

  strict = args.strict or false;
  blind = args.blind or false;
  raw = args.raw or false;
  origins = args.origins or false;

  # ---- small helpers (there may be no nixpkgs lib here) ----

  # tryEval, to weak head normal form; in strict mode errors pass through.
  try =
    v:
    if strict then
      {
        success = true;
        value = v;
      }
    else
      tryEval v;

  # A look that must never fail, whatever the mode.
  peek =
    default: v:
    let
      r = tryEval v;
    in
    if r.success then r.value else default;

  nameValue = name: value: { inherit name value; };
  genAttrs = names: f: listToAttrs (map (n: nameValue n (f n)) names);
  filterAttrs =
    pred: set: listToAttrs (concatMap (n: if pred n set.${n} then [ (nameValue n set.${n}) ] else [ ]) (attrNames set));
  optional = cond: v: if cond then [ v ] else [ ];
  unique = names: attrNames (genAttrs names (_: null));
  # First element that satisfies pred, or default.
  findFirst =
    pred: default: list:
    if list == [ ] then
      default
    else if pred (head list) then
      head list
    else
      findFirst pred default (tail list);
  getPath = path: default: set: foldl' (acc: k: if isAttrs acc && acc ? ${k} then acc.${k} else default) set path;
  asAttrs = v: if isAttrs v then v else { };

  # ---- values as JSON ----

  mark = kind: { "$clanctl" = kind; };

  # Any value as something that toJSON accepts. `onThrow path` is what stands for a part that throws.
  walkWith =
    onThrow:
    let
      walkTry =
        path: v:
        let
          r = try v;
        in
        if r.success then walk path r.value else onThrow path;
      walk =
        path: v:
        let
          type = typeOf v;
        in
        if type == "string" then
          unsafeDiscardStringContext v
        else if type == "path" then
          toString v
        else if type == "lambda" then
          { "$function" = true; }
        else if type == "list" then
          genList (i: walkTry (path ++ [ (toString i) ]) (elemAt v i)) (length v)
        else if type == "set" then
          walkSet path v
        else
          v;
      # What no document could hold. Data may well have a `_type` of its own.
      isOpaque =
        v:
        v ? _type
        && (peek null v._type == "pkgs" && v ? callPackage || peek null v._type == "configuration" && v ? options && v ? config);
      walkSet =
        path: v:
        if v ? type && peek null v.type == "derivation" && (v ? drvPath || v ? outPath) then
          { "$derivation" = unsafeDiscardStringContext (peek "?" (toString (v.name or "?"))); }
        else if isOpaque v || length path > 100 then
          mark "opaque"
        else if v ? __toString then
          walkTry path (v.__toString v)
        else if v ? outPath then
          walkTry path v.outPath # as toJSON does
        else
          let
            attrs = mapAttrs (n: walkTry (path ++ [ n ])) v;
          in
          # A set of the user's own that looks like a mark.
          if v ? "$clanctl" then mark "set" // { value = attrs; } else attrs;
    in
    walkTry [ ];

  walk = walkWith (_: mark "throws");

  # A set whose keys are the user's names. toJSON takes a set with one of two names for something else; such a one goes as pairs.
  named =
    set:
    if set ? outPath || set ? __toString then
      mark "pairs" // { pairs = map (n: [ n set.${n} ]) (attrNames set); }
    else
      set;

  # The named fields of a set, as far as it has them.
  fields = names: set: mapAttrs (_: walk) (intersectAttrs (genAttrs names (_: null)) set);

  # A part that is computed as a whole: marked when it throws.
  part =
    v:
    let
      r = try v;
    in
    if r.success then r.value else mark "throws";

  # ---- where this flake keeps its clan ----

  outputs = target.outputs;

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
  # Flakes that do not export `clan` still hand it to themselves (clan-core since 2025-10-22).
  handed = asConfig (getPath [ "flakeInputs" "self" "clan" ] null inventoryClass);

  config =
    if exported != null then
      exported
    else if handed != null then
      handed
    else
      null;

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
      shape.inventory "inventory" outputs.inventory
    else
      { };

  # No module system has checked a plain flake's inventory. What is of another type than it must be throws when it is looked at,
  # as it would in clan, and with it goes just the part that it belongs to.
  shape = rec {
    ofType = wanted: ok: where: v: if ok v then v else throw "${where} is ${article.${typeOf v} or "a ${typeOf v}"}, where ${wanted} belongs";
    article = { int = "an integer"; null = "null"; bool = "a Boolean"; set = "a set"; lambda = "a function"; };
    aSet = ofType "a set" isAttrs;
    aList = ofType "a list" isList;
    aString = ofType "a string" isString;
    nullOr = other: where: v: if v == null then null else other where v;
    listOf = other: where: v: genList (i: other "${where}[${toString i}]" (elemAt (aList where v) i)) (length (aList where v));
    setOf = other: where: v: mapAttrs (n: other "${where}.${nameInPath n}") (aSet where v);
    namesOr = other: where: v: if isList v then listOf aString where v else setOf other where v;
    struct = types: where: v: aSet where v // mapAttrs (n: other: other "${where}.${n}" v.${n}) (intersectAttrs v types);
    nameInPath = n: if match "[a-zA-Z_][a-zA-Z0-9_'-]*" n != null then n else toJSON n;

    inventory = struct {
      meta = aSet;
      machines = namesOr (struct {
        tags = listOf aString;
        machineClass = ofType ''"nixos" or "darwin"'' (v: elem v [ "nixos" "darwin" ]);
        description = nullOr aString;
        icon = nullOr aString;
        deploy = aSet;
      });
      instances = setOf (struct {
        module = struct {
          name = aString;
          input = nullOr aString;
        };
        roles = setOf (struct {
          machines = namesOr aSet;
          tags = namesOr aSet;
          extraModules = aList;
        });
      });
    };
    tags = setOf (listOf aString);
  };

  # As clan's modules see them: `self` counts as an input.
  inputs = { self = target; } // target.inputs;
  # The clan-core that evaluates this clan; its input may have another name.
  coreInput =
    let
      isCore = n: peek false (inputs.${n} ? lib.clan || inputs.${n} ? lib.buildClan);
      candidates = [ "clan-core" "clan" ] ++ attrNames target.inputs;
    in
    if plain then null else findFirst (n: target.inputs ? ${n} && isCore n) null candidates;

  # In mid 2025 a clan could export a `clan` that holds no configuration, and whose modules kill Nix when looked at.
  looksSafe = n: inputs ? ${n} && !(n == "self" && layout != "inventory" && outputs ? clan && outputs ? clanInternals && exported == null);

  # The flake's direct inputs as its flake.lock has them. To ask the inputs themselves would fetch those that nobody needs.
  locked =
    let
      file = "${target.sourceInfo or target}/${args.dir or ""}/flake.lock";
      lock = fromJSON (readFile file);
      # An input is locked at a node, or follows another input, named by the way to it from the root.
      nodeOf = ref: if isString ref then ref else foldl' (node: name: nodeOf lock.nodes.${node}.inputs.${name}) lock.root ref;
      at = ref: lock.nodes.${nodeOf ref}.locked or { };
    in
    if pathExists file then
      named (mapAttrs (_: ref: intersectAttrs { lastModified = 0; narHash = ""; rev = ""; } (at ref)) (lock.nodes.${lock.root}.inputs or { }))
    else
      { };

  # ---- evaluated services, by clan's internal key ----

  distributed =
    inventoryClass.distributedServices or config.clanInternals.inventoryClass.distributedServices or internals.distributedServices
      or { };
  hasServices = config != null && config ? _services;
  rawServices =
    if hasServices then
      config._services.allServices or config._services.mappedServices
    else
      distributed.importedModulesEvaluated or distributed.allServices or { };
  serviceKey =
    spec:
    let
      keys =
        if spec.input != null then
          [ "${spec.input}-${spec.name}" ]
        else
          [
            "<clan-core>-${spec.name}"
            "self-${spec.name}"
          ];
    in
    findFirst (k: rawServices ? ${k}) (head keys) keys;

  # nixpkgs' lib, wherever this flake has one.
  lib =
    let
      from = i: peek null (i.lib or null);
      core = if coreInput == null then { } else inputs.${coreInput}.inputs or { };
      candidates = map from (
        optional (inputs ? nixpkgs) inputs.nixpkgs
        ++ optional (core ? nixpkgs) core.nixpkgs
        ++ optional (inputs ? nixpkgs-lib) inputs.nixpkgs-lib
        ++ optional (inputs ? lib) inputs.lib
      );
    in
    findFirst (l: isAttrs l && l ? evalModules) null candidates;

  # A service module evaluated without clan-core: just what a reader needs of it.
  evalServiceModule =
    module:
    lib.evalModules {
      class = "clan.service";
      specialArgs.clanLib = { };
      modules = [
        {
          freeformType = lib.types.lazyAttrsOf lib.types.raw;
          options.manifest = lib.mkOption {
            default = { };
            type = lib.types.submodule { freeformType = lib.types.lazyAttrsOf lib.types.raw; };
          };
          options.roles = lib.mkOption {
            default = { };
            type = lib.types.attrsOf (
              lib.types.submodule {
                freeformType = lib.types.lazyAttrsOf lib.types.raw;
                options.interface = lib.mkOption {
                  default = { };
                  type = lib.types.deferredModule;
                };
              }
            );
          };
        }
        module
      ];
    };

  # Without any lib a module is read as it is written, where it is a plain set (or a file that holds one).
  structuralModule =
    module:
    let
      v = if typeOf module == "path" || isString module then import module else module;
    in
    if isAttrs v then v else { };

  plainService =
    spec:
    let
      input = if spec.input == null then "self" else spec.input;
      # The Go side says better what is missing.
      module = inputs.${input}.clan.modules.${spec.name} or (throw "there is no module ${input}#${spec.name}");
    in
    if lib == null then structuralModule module else (evalServiceModule module).config;

  serviceOf =
    spec:
    if plain then
      plainService spec
    else
      let
        raw = rawServices.${serviceKey spec};
      in
      if raw ? extendModules && raw ? config then raw.config else raw;

  # Where a module is written, as far as it tells, or else where it is listed.
  filesOf =
    spec:
    let
      below =
        depth: m:
        if typeOf m == "path" then
          [ (toString m) ]
        else if depth > 0 && isAttrs m then
          (if isString (m._file or null) then [ (unsafeDiscardStringContext m._file) ] else [ ])
          ++ map (p: p.file) (filter (p: p != null) (map (part: unsafeGetAttrPos part m) [ "manifest" "roles" ]))
          ++ concatMap (below (depth - 1)) (if isList (m.imports or null) then m.imports else [ ])
        else
          [ ];
      modules = inputs.${spec.input}.clan.modules;
      listed = unsafeGetAttrPos spec.name modules;
      files = peek [ ] (let f = below 4 modules.${spec.name}; in deepSeq f f);
    in
    if spec.input == null || !(looksSafe spec.input) || !(inputs.${spec.input} ? clan.modules) || !(modules ? ${spec.name}) then
      [ ]
    else if files != [ ] || listed == null then
      files
    else
      [ listed.file ];

  # Up to mid 2025 a module without an input was the flake's own.
  nullIsSelf = plain && coreInput == null || !plain && !hasServices && !(distributed ? servicesEval);
  # Up to mid 2025 the settings of a tag could be written, but were not evaluated.
  tagSettingsCount = plain || hasServices;

  # ---- machines and tags ----

  rawMachines = if blind then { } else namesToSet (inventory.machines or { });

  # A plain flake's tags; as in clan they may be a function of the machines and of themselves.
  plainTags =
    let
      given = inventory.tags or { };
      defaults = {
        all = attrNames rawMachines;
        nixos = filter (n: peek null (classOf rawMachines.${n}) == "nixos") (attrNames rawMachines);
        darwin = filter (n: peek null (classOf rawMachines.${n}) == "darwin") (attrNames rawMachines);
      };
      all =
        defaults
        // shape.aSet "inventory.tags" (
          if isFunction given then
            given {
              config = all;
              machines = rawMachines;
            }
          else
            given
        );
    in
    shape.tags "inventory.tags" all;
  classOf = m: m.machineClass or "nixos";

  inventoryTags =
    if blind then
      { }
    else if plain then
      plainTags
    else
      asAttrs (inventory.tags or { });

  # In a clan a machine's `tags` already hold what inventory.tags gives it.
  effectiveTags =
    name: machine:
    let
      own = machine.tags or [ ];
      given = filter (t: elem name inventoryTags.${t}) (attrNames inventoryTags);
    in
    if plain then unique (own ++ given) else own;

  tagsOf = mapAttrs effectiveTags rawMachines;
  # { tag = { machine = null; }; }
  tagIndex = mapAttrs (_: pairs: genAttrs (map (p: p.machine) pairs) (_: null)) (
    groupBy (p: p.tag) (
      concatMap (machine: map (tag: { inherit tag machine; }) tagsOf.${machine}) (attrNames tagsOf)
    )
  );
  carriers = tag: tagIndex.${tag} or { };

  # To look up one member's finalSettings clan makes a submodule of every member of the role. In a fleet with very many
  # memberships that is most of the work; there the same layers are evaluated against the same interface without it.
  memberships =
    let
      counts = mapAttrs (_: ms: length (attrNames ms)) tagIndex;
      ofRole =
        role: length (attrNames (namesToSet (role.machines or { }))) + sum (map (t: counts.${t} or 0) (attrNames (namesToSet (role.tags or { }))));
      sum = foldl' (a: b: a + b) 0;
    in
    sum (map (i: sum (map ofRole (attrValues (i.roles or { })))) (attrValues rawInstances));
  isHuge = !blind && peek false (memberships > 20000);

  # ---- instances ----

  rawInstances = asAttrs (inventory.instances or { });

  specOf = name: instance: {
    input = instance.module.input or null;
    name = instance.module.name or name;
  };

  isWrapper = v: isAttrs v && v ? imports && isList v.imports && removeAttrs v [ "_file" "imports" ] == { };
  # A layer of settings as [ { file; value; } ]: clan wraps each definition in a module that names its file.
  definitionsOf =
    file: v:
    if isWrapper v then
      concatMap (definitionsOf (v._file or file)) v.imports
    else
      [ { inherit file; value = v; } ];
  layerOf = raw: definitionsOf null (raw.settings or { });
  # Nothing was set here. A layer that cannot be looked at counts as set.
  isEmpty = layer: peek false (filter (d: d.value != { }) layer == [ ]);
  # As a set by index, so that each definition can be asked for alone.
  showLayer =
    layer:
    let
      set = filter (d: peek true (d.value != { })) layer;
    in
    listToAttrs (
      genList (i: nameValue (toString i) { inherit (elemAt set i) file; value = walk (elemAt set i).value; }) (length set)
    );

  namesToSet = v: if isList v then genAttrs v (_: { }) else asAttrs v;

  instanceOf =
    name: instance:
    let
      spec = specOf name instance;
      key = serviceKey spec;
      service = serviceOf spec;
      # A module that does not evaluate takes the settings of its members with it.
      serviceOk = !raw && peek false (seq (service.manifest or null) (seq (attrNames (service.roles or { })) true));
      hasRoles = !raw && service ? roles;
      roles = if hasRoles then service.roles else { };
      unknownRoles = if serviceOk && hasRoles then filter (r: !(roles ? ${r})) (attrNames (instance.roles or { })) else [ ];

      roleOf =
        roleName: rawRole:
        let
          machines = namesToSet (rawRole.machines or { });
          tags = namesToSet (rawRole.tags or { });
          machineLayers = mapAttrs (_: layerOf) machines;
          tagLayers = mapAttrs (_: layerOf) tags;
          ownSettings = filterAttrs (_: l: !isEmpty l) machineLayers;
          tagSettings = if tagSettingsCount then filterAttrs (_: l: !isEmpty l) tagLayers else { };

          # Members whose layers are not just the role's. Everybody else shares one evaluation.
          special = genAttrs (attrNames ownSettings ++ concatMap (t: attrNames (carriers t)) (attrNames tagSettings)) (_: null);
          signature = machine: {
            machine = if ownSettings ? ${machine} then machine else null;
            tags = filter (t: carriers t ? ${machine}) (attrNames tagSettings);
          };
          ordinary =
            let
              among = names: filter (m: !(special ? ${m})) names;
              explicit = among (attrNames machines);
              firstTag = findFirst (names: names != [ ]) [ ] (map (t: among (attrNames (carriers t))) (attrNames tags));
            in
            if explicit != [ ] then [ (head explicit) ] else if firstTag != [ ] then [ (head firstTag) ] else [ ];
          members = attrNames special ++ ordinary;
          groups = mapAttrs (_: ms: {
            inherit (signature (head ms)) machine tags;
            member = head ms;
            settings = settingsOf ms;
            own = if origins then part (ownDefinitions (head ms)) else [ ];
          }) (groupBy (m: toJSON (signature m)) members);
          # What the module itself defines: no layer of the member's is in that file.
          ownDefinitions =
            member:
            let
              layers = [ rawRole machines.${member} or { } ] ++ map (t: tags.${t}) (filter (t: carriers t ? ${member}) (attrNames tags));
              files = concatMap (l: map (d: d.file) (layerOf l)) layers;
              isLayer = file: elem file files || substring 0 20 file == "inventory.instances.";
              # A default is a definition, too, of priority 1500.
              own =
                o:
                if peek 1500 (o.option.highestPrio or 1500) >= 1500 then
                  [ ]
                else
                  filter (d: !(isLayer (toString d.file))) (peek [ ] (o.option.definitionsWithLocations or [ ]));
            in
            concatMap (
              o:
              map (d: {
                inherit (o) path;
                file = toString d.file;
                priority = walk (o.option.highestPrio or null);
                value = walk d.value;
              }) (own o)
            ) (optionsBelow [ ] (evaluated member).options);
          declaredOptions =
            if !origins || raw || from == "layers" then
              [ ]
            else if members != [ ] then
              declaredBelow 3 [ ] (evaluated (head members)).options
            else if lib != null && roles ? ${roleName} then
              declaredBelow 3 [ ] (evalLayers [ ] [ ]).options
            else
              [ ];

          evaluated =
            member:
            let
              done = service.instances.${name}.roles.${roleName}.machines.${member}.finalSettings;
            in
            if from == "clan" then done else evalInterface member;
          evalInterface =
            member:
            evalLayers [ "machines" member ] (
              [ (moduleOf "inventory.instances.${name}.roles.${roleName}.machines.${member}.settings" (machines.${member}.settings or { })) ]
              ++ map tagModule (filter (t: carriers t ? ${member} && tags.${t} ? settings) (if tagSettingsCount then attrNames tags else [ ]))
            );
          tagModule = t: moduleOf "inventory.instances.${name}.roles.${roleName}.tags.${t}.settings" tags.${t}.settings;
          evalLayers =
            where: layers:
            lib.evalModules {
              prefix = [ key "instances" name "roles" roleName ] ++ where ++ [ "settings" ];
              class = peek null "${service.manifest.name}.${roleName}.settings";
              specialArgs.meta = asAttrs (inventory.meta or { });
              modules = [
                (lib.setDefaultModuleLocation "Via clan.service module: roles.${roleName}.interface" (
                  roles.${roleName}.interface or { }
                ))
                (moduleOf "inventory.instances.${name}.roles.${roleName}.settings" (rawRole.settings or { }))
                { imports = layers; }
              ];
            };
          # Settings that no member evaluates, held against the interface all the same: the role's, and each tag's with them.
          unchecked =
            let
              written = !isEmpty (layerOf rawRole) || tagSettings != { };
              result =
                where: layers:
                let
                  evaluated = evalLayers where layers;
                in
                walkWith (path: mark "throws" // { undefined = isUndefined evaluated path; }) evaluated.config;
            in
            if members != [ ] || !written || raw || blind || !serviceOk || unknownRoles != [ ] || lib == null then
              { }
            else
              {
                role = result [ ] [ ];
                tags = mapAttrs (t: _: result [ "tags" t ] [ (tagModule t) ]) tagSettings;
              };
          # clan's layers are modules already; a plain flake's are bare values.
          moduleOf = file: v: if isWrapper v then v else { _file = file; imports = [ v ]; };

          isUndefined =
            result: path:
            let
              option = foldl' (o: k: if isAttrs o && !(o ? _type) && o ? ${k} then o.${k} else { }) result.options path;
            in
            path != [ ] && peek false ((option._type or null) == "option" && !option.isDefined && !(option ? default));
          settingsOf =
            ms:
            let
              result = evaluated (head ms);
            in
            walkWith (path: mark "throws" // { undefined = isUndefined result path; }) result.config;

          from =
            if raw then
              "none"
            else if plain && !serviceOk then
              "layers"
            else if !plain && !(isHuge && lib != null) && peek false (hasFinal members) then
              "clan"
            else if lib != null then
              "interface"
            else
              "layers";
          # A layout has finalSettings or has not; one member tells.
          hasFinal =
            ms:
            ms == [ ]
            || service.instances.${name}.roles.${roleName}.machines.${head ms} ? finalSettings
            || unknownRoles != [ ];
        in
        {
          inherit evaluated;
          machines = part (named (mapAttrs (_: layer: part (showLayer layer)) machineLayers));
          tags = part (named (mapAttrs (_: layer: if tagSettingsCount then part (showLayer layer) else { }) tagLayers));
          settings = part (showLayer (layerOf rawRole));
          settingsFrom = part from;
          options = part declaredOptions;
          unchecked = part unchecked;
          # Functions may be among them: count, never show.
          extraModules = part (length (rawRole.extraModules or [ ]));
          groups = part (
            if blind && tags != { } then
              mark "blocked"
            else if unknownRoles != [ ] || !serviceOk && from != "layers" then
              mark "blocked"
            else if from == "layers" then
              mapAttrs (_: g: removeAttrs g [ "settings" ]) groups
            else
              groups
          );
        };
    in
    {
      module = {
        inherit (spec) input name;
        inherit key;
        files = part (let f = filesOf spec; in deepSeq f f);
      };
      service = if raw then mark "blocked" else part (
        seq service {
          manifest =
            if service ? manifest then part (fields [ "name" "description" "categories" "constraints" "exports" ] service.manifest) else null;
          roles =
            if hasRoles then mapAttrs (_: r: fields [ "description" ] (asAttrs (peek { } r))) roles else null;
        }
      );
      roles = named (mapAttrs (r: v: part (seq v (removeAttrs (roleOf r v) [ "evaluated" ]))) (instance.roles or { }));
      # evalModules' result for a member of a role.
      inherit roleOf;
    };

  instances = mapAttrs (name: instance: part (seq instance (removeAttrs (instanceOf name instance) [ "roleOf" ]))) rawInstances;

  # ---- options ----

  isOption = o: isAttrs o && (o._type or null) == "option";

  # All options of a set of options: [ { path; option; } ].
  optionsBelow =
    path: options:
    if isOption options then
      [ { inherit path; option = options; } ]
    else if isAttrs options then
      concatMap (n: optionsBelow (path ++ [ n ]) options.${n}) (filter (n: n != "_module" && n != "_freeformOptions") (attrNames options))
    else
      [ ];

  # Their declarations, those within submodules too, whose elements are called "<name>" and "*" as in nixpkgs' manuals. A type
  # may contain itself, so that there has to be a limit.
  declaredBelow =
    depth: path: options:
    concatMap (
      o:
      let
        within = o.option.type.getSubOptions o.path;
        sub = if depth == 0 then [ ] else peek [ ] (concatMap (s: declaredBelow (depth - 1) s.option.loc s.option) (optionsBelow [ ] within));
      in
      [ (describeOption o.option // { inherit (o) path; }) ] ++ sub
    ) (optionsBelow path options);

  describeOption = option: {
    type = part (walk option.type.description);
    description = part (walk (let d = option.description or null; in if isAttrs d then d.text or null else d));
    default = if option ? default && !(option ? defaultText) then walk option.default else null;
    defaultText = if option ? defaultText then walk (option.defaultText.text or option.defaultText) else null;
    hasDefault = option ? default || option ? defaultText;
    declarations = part (map (p: { inherit (p) file line column; }) (option.declarationPositions or [ ]));
  };

  # ---- one setting, and where it comes from ----

  # The options of one member's settings along args.setting.path, from the outside in: sets of options are passed through, and
  # inside a submodule, or a set of them, the way goes on where nixpkgs' lib tells the options in there (since 2025).
  settingOf =
    { instance, role, machine, path }:
    let
      rawRole = getPath [ instance "roles" role ] { } rawInstances;
      isMember =
        namesToSet (rawRole.machines or { }) ? ${machine}
        || filter (t: carriers t ? ${machine}) (attrNames (namesToSet (rawRole.tags or { }))) != [ ];
      theRole = (instanceOf instance rawInstances.${instance}).roleOf role rawRole;
      result = theRole.evaluated machine;
      inside =
        meta: rest:
        if meta ? configuration then
          follow meta.configuration.options rest
        else if rest != [ ] && meta ? attrs && meta.attrs ? ${head rest} then
          inside meta.attrs.${head rest} (tail rest)
        else
          [ ];
      follow =
        options: rest:
        if isOption options then
          [ (describe options (length path - length rest)) ] ++ (if rest == [ ] then [ ] else inside (options.valueMeta or { }) rest)
        else if rest == [ ] then
          [ { depth = length path; children = filter (n: n != "_module") (attrNames options); } ]
        else if isAttrs options && options ? ${head rest} then
          follow options.${head rest} (tail rest)
        else
          [ ];
      describe = option: depth: describeOption option // {
        inherit depth;
        isDefined = part option.isDefined;
        priority = walk (option.highestPrio or null);
        definitions = map (d: { file = toString d.file; value = walk d.value; }) (peek [ ] (option.definitionsWithLocations or [ ]));
      };
      value = foldl' (v: k: if isList v then elemAt v (fromJSON k) else v.${k}) result.config path;
      hasPath = set: rest: rest == [ ] || (if isList set then true else isAttrs set && set ? ${head rest} && hasPath set.${head rest} (tail rest));
    in
    if !isMember || theRole.settingsFrom == "layers" then
      mark "absent"
    else
      {
        options = part (follow result.options path);
        value = if peek true (hasPath result.config path) then walk value else mark "absent";
      };

  # ---- where things are written ----

  # Every definition of an inventory option, as the user wrote it: [ { file; value; } ].
  definitionsOfOption =
    name:
    let
      option = (inventory.options or { }).${name} or { };
    in
    if plain then
      [ { file = null; value = outputs.inventory.${name} or { }; } ]
    else
      peek [ ] (option.definitionsWithLocations or [ ]);

  # mkIf, mkMerge, mkForce, ... hold the user's sets inside.
  contents =
    v:
    let
      kind = v._type or null;
    in
    if !isAttrs v then
      [ ]
    else if kind == "if" || kind == "override" || kind == "order" then
      contents v.content
    else if kind == "merge" then
      concatMap contents v.contents
    else
      [ v ];
  contentsSafe = v: peek [ ] (let c = contents v; in seq (length c) c);

  # The attribute positions of a tree of definitions: { "": [ pos ], children } as deep as `depth`.
  positionsIn =
    depth: defs:
    let
      sets = concatMap (d: map (v: { inherit (d) file; value = v; }) (contentsSafe d.value)) defs;
      names = unique (concatMap (s: attrNames s.value) sets);
      at =
        name:
        let
          here = filter (s: s.value ? ${name}) sets;
          pos = concatMap (
            s:
            let
              p = unsafeGetAttrPos name s.value;
            in
            [
              (
                if p == null then
                  { inherit (s) file; }
                else
                  # Where a function of nixpkgs' lib made the name, the definition's file still is the user's.
                  { inherit (p) file line column; } // (if s.file == null then { } else { definedIn = s.file; })
              )
            ]
          ) here;
        in
        { at = pos; }
        // (
          if depth <= 1 then
            { }
          else
            let
              below = positionsIn (depth - 1) (map (s: { inherit (s) file; value = s.value.${name}; }) here);
            in
            if below == { } then { } else { inherit below; }
        );
    in
    if sets == [ ] then { } else named (genAttrs names at);

  # ---- modules, whoever uses them ----

  nullInput = if nullIsSelf then "self" else coreInput;
  core = if coreInput == null then { } else inputs.${coreInput};

  services = import ./services.nix {
    inherit
      asAttrs
      evalServiceModule
      fields
      filterAttrs
      inputs
      looksSafe
      named
      part
      peek
      positionsIn
      structuralModule
      walk
      ;
    twins = !(args.distinct or false);
    clanLib = peek { } (core.clanLib or { });
    # Interfaces are evaluated with clan-core's nixpkgs, where there is one.
    lib = findFirst (l: isAttrs l && l ? evalModules) lib [ (peek null (core.inputs.nixpkgs.lib or null)) ];
    meta = asAttrs (inventory.meta or { });
    directory = config.directory or inventoryClass.directory or target.outPath;
  };

  # The modules that INPUT#NAME, NAME or an instance's name may mean, by input.
  meantBy =
    ref:
    let
      spec = specOf ref rawInstances.${ref};
      parts = builtins.match "([^#]*)#(.*)" ref;
    in
    if args.byInstance or false && rawInstances ? ${ref} then
      let
        offered = services.offering (if spec.input == null then nullInput else spec.input) spec.name;
      in
      {
        inherit spec;
        # Up to mid 2025 a clan's own services were in no output that could be looked at; but this one is used.
        modules =
          if offered == { } && nullIsSelf && !plain && spec.input == null && rawServices ? ${serviceKey spec} then
            { self = part (services.describeEvaluated (serviceOf spec)); }
          else
            offered;
      }
    else if parts != null then
      { modules = services.offering (head parts) (elemAt parts 1); }
    else
      { modules = services.offering null ref; };

  # ---- who else defines what ----

  # Like contents, but only what counts here (a condition may not hold), each with the priority that mkForce or mkDefault gives it.
  # What does not evaluate counts as a plain value.
  weighed =
    v:
    let
      weigh =
        priority: v:
        let
          kind = if isAttrs v then v._type or null else null;
        in
        if kind == "if" then
          if v.condition then weigh priority v.content else [ ]
        else if kind == "override" then
          weigh v.priority v.content
        else if kind == "order" then
          weigh priority v.content
        else if kind == "merge" then
          concatMap (weigh priority) v.contents
        else
          [ { inherit priority; value = v; } ];
      result = weigh 100 v;
    in
    peek [ { priority = 100; value = null; } ] (seq (length result) result);

  # The tree of definitions: { name = { at = [ { file; line; column; priority; } ]; below; }; }. The names of a list count as those of
  # a set. entries: [ { file; value; at; } ], values without wrappers.
  ownersIn =
    depth: entries:
    let
      namesOf =
        v: if isAttrs v then attrNames v else if isList v then filter (n: peek false (isString n)) v else [ ];
      names = unique (concatMap (e: map unsafeDiscardStringContext (namesOf e.value)) entries);
      inside =
        name: e:
        if isAttrs e.value then
          if e.value ? ${name} then
            let
              pos = unsafeGetAttrPos name e.value;
              at =
                (if pos == null then { inherit (e) file; } else { inherit (pos) file line column; definedIn = e.file; });
            in
            map (w: { inherit (e) file; inherit (w) value; at = at // { inherit (w) priority; }; }) (weighed e.value.${name})
          else
            [ ]
        else if elem name (namesOf e.value) then
          [ { inherit (e) file; value = null; at = e.at // { priority = 100; }; } ]
        else
          [ ];
      node =
        name:
        let
          here = concatMap (inside name) entries;
          below = if depth <= 1 then { } else ownersIn (depth - 1) here;
        in
        { at = map (e: e.at) here; } // (if below == { } then { } else { inherit below; });
    in
    named (genAttrs names node);

  ownersOf =
    depth: name:
    let
      option = (inventory.options or { }).${name} or { };
      entries = concatMap (
        d:
        map (w: { inherit (d) file; inherit (w) value; at = { inherit (d) file; }; }) (weighed d.value)
      ) (definitionsOfOption name);
    in
    {
      # Below 100 something in Nix forces all of it, above it is all a default.
      priority = peek null (option.highestPrio or null);
      # A plain flake has no record of who defined what, only values.
      recorded = !plain && option ? definitionsWithLocations;
      below = ownersIn depth entries;
    };

  # ---- the tree ----

  facts = {
    flake = {
      inherit layout coreInput;
      source = unsafeDiscardStringContext (toString target.outPath);
      # Where clan looks for machines/ and inventory.json; need not be the flake's own directory.
      directory = part (toString (config.directory or inventoryClass.directory or target.outPath));
      outputs = attrNames outputs;
      inherit nullInput;
      # `inventory.services` was deprecated in 2025 and removed in August; since then clan drops what is in it without a word.
      legacyServices = part (
        let
          option = (inventory.options or { }).services or { };
          names = concatMap (d: if isAttrs d.value then attrNames d.value else [ ]) (option.definitionsWithLocations or [ ]);
          written =
            if plain || layout == "legacy" then
              attrNames (asAttrs (inventory.services or { }))
            else
              peek [ ] (deepSeq names names);
        in
        unique written
      );
      locked = part (deepSeq locked locked);
      servicesDropped = inventory ? services && !(tryEval (isAttrs inventory.services)).success;
    };

    meta = walk (asAttrs (inventory.meta or { }));

    machines = named (mapAttrs (
      name: machine:
      part (
        fields [ "name" "description" "icon" "machineClass" "installedAt" "deploy" ] machine
        // { tags = walk tagsOf.${name}; }
      )
    ) rawMachines);

    tags = named (mapAttrs (_: walk) inventoryTags);

    instanceNames = attrNames rawInstances;

    instances = named instances;

    # The inputs that instances name, and the services each offers: names only, no module is looked at.
    inputs =
      let
        among = filter (n: rawInstances ? ${n}) (args.instances or (attrNames rawInstances));
        named = args.inputs or (map (n: peek null (specOf n rawInstances.${n}).input) among);
        wanted = unique (filter (n: n != null) named ++ optional (coreInput != null) coreInput ++ optional nullIsSelf "self");
        describe =
          name:
          part {
            source = walk (inputs.${name}.outPath or null);
            services = if inputs.${name} ? clan.modules then part (attrNames inputs.${name}.clan.modules) else null;
            deprecated = part (inputs.${name}.clan.deprecatedModules or [ ]);
          };
      in
      {
        names = attrNames inputs;
        used = genAttrs (filter looksSafe wanted) describe;
      };

    setting = settingOf args.setting;

    # Modules, whoever uses them: see services.nix.
    inherit (services) catalogue described services placed written;
    # What references mean that a user wrote, see args.named.
    meant = named (genAttrs (args.named or [ ]) (ref: part (meantBy ref)));
    uses = named (mapAttrs (name: instance: part (specOf name instance // { roles = attrNames (instance.roles or { }); })) rawInstances);

    # Who defines what: the program that writes inventory.json must leave alone what is Nix's. Down to the names of settings.
    owners = {
      instances = ownersOf 7 "instances";
      machines = ownersOf 3 "machines";
    };

    positions = {
      instances = positionsIn (if origins then 12 else 5) (definitionsOfOption "instances");
      settings = positionsIn 12 (definitionsOfOption "instances");
      machines = positionsIn 1 (definitionsOfOption "machines");
      tags = positionsIn 1 (definitionsOfOption "tags");
      services = positionsIn 1 (definitionsOfOption "services");
    };
  };

  selectPath =
    path:
    foldl' (
      node: key:
      if isList node then
        elemAt node (fromJSON key)
      else if isAttrs node && node ? pairs && (node."$clanctl" or null) == "pairs" then
        elemAt (findFirst (p: head p == key) [ key (mark "absent") ] node.pairs) 1
      else if isAttrs node && node ? ${key} then
        node.${key}
      else
        mark "absent"
    ) facts path;

  # A list has no children: one that lacks an element is no longer the list that was meant.
  outline = node: if isAttrs node then attrNames node else null;
in
if args.schema != schema then
  throw "clanctl: this reader speaks schema ${toString schema}, the program asked for ${toString args.schema}"
else
  {
    inherit schema;
    values = map (path: if args.outline or false then outline (selectPath path) else selectPath path) args.select;
  }
