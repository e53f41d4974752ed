# The modules that instances mean, and the final settings of the members of their roles.
#
#   import ./settings.nix helpers { layout; modules; options; instances; carriers; machineClass; args; }
#
# Members with the same layers have the same settings: one evaluation for each distinct set of layers is enough. It is clan's
# own (`finalSettings`), or else one of the same layers against the same interface: where this clan-core has no finalSettings
# yet, without clan-core, and where something else in the clan is so wrong that its services cannot be reached at all.
{
  drop,
  filterAttrs,
  findFirst,
  genAttrs,
  isLib,
  isOmitted,
  isOption,
  isPoisoned,
  mark,
  named,
  namesToSet,
  nameValue,
  omit,
  omitsBelow,
  part,
  parts,
  peek,
  walk,
  walkWith,
  whole,
  ...
}:
{
  layout,
  modules,
  options,
  instances,
  carriers,
  machines,
  args,
}:
let
  inherit (builtins)
    attrNames
    attrValues
    concatMap
    elem
    elemAt
    filter
    foldl'
    fromJSON
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
    removeAttrs
    seq
    substring
    tail
    toJSON
    toString
    unsafeDiscardStringContext
    ;
  inherit (instances) isWrapper raw roleOf specOf;
  inherit (layout) lib meta plain tagSettingsCount;
  hasLib = isLib lib;
  origins = args.origins or false;

  # ---- services ----

  looksWell = service: seq (service.manifest or null) (seq (attrNames (service.roles or { })) true);
  serviceOf =
    key: spec:
    let
      evaluated = layout.services.${key};
      clan = if evaluated ? extendModules && evaluated ? config then evaluated.config else evaluated;
      input = if spec.input == null then layout.nullInput else spec.input;
      alone = (modules.evaluated input spec.name (
        (layout.modulesOf input).${spec.name} or (throw "there is no module ${toString input}#${spec.name}")
      )).config;
      isClans = !plain && !isPoisoned && peek false (looksWell clan);
    in
    {
      inherit isClans;
      # Where neither evaluates, clan's own message is the better one.
      service = if isClans || !plain && !isPoisoned && !(peek false (looksWell alone)) then clan else alone;
      clan = part [ "services" key "clan" ] (if plain || isPoisoned then mark "blocked" else looksWell clan);
    };

  keyOf = name: layout.keyOf (specOf name);
  wanted = filterAttrs (n: _: peek false (seq (keyOf n) true)) instances.readable;
  services = listToAttrs (
    map (name: nameValue (keyOf name) (serviceOf (keyOf name) (specOf name))) (attrNames wanted)
  );
  usedRoles = foldl' (all: n: all // { ${keyOf n} = (all.${keyOf n} or { }) // (wanted.${n}.roles or { }); }) { } (attrNames wanted);
  # What kills the process is not asked again.
  isDead = key: isOmitted [ "services" key ];

  # ---- how many members there are ----

  # To look up one member's finalSettings clan makes a submodule of every member of the role. In a fleet with very many
  # memberships that is most of the work; there the same layers are evaluated against the same interface without it. clan's own is the truth,
  # whatever clan-core will make of it, and stays where it costs next to nothing: measured, none at 20 members, a sixth of the time at 6,000,
  # and as much again at 100,000.
  memberships =
    let
      sum = foldl' (a: b: a + b) 0;
      count = names: length (attrNames names);
      ofRole = role: count (namesToSet (role.machines or { })) + sum (map (t: count (carriers t)) (attrNames (namesToSet (role.tags or { }))));
    in
    sum (map (i: sum (map ofRole (attrValues (i.roles or { })))) (attrValues (filterAttrs (n: _: !(omitsBelow [ "instances" n ])) wanted)));
  isHuge = hasLib && peek false (memberships > 5000);

  # ---- one role ----

  evaluatedRole =
    name: roleName:
    let
      key = keyOf name;
      inherit (services.${key}) service isClans;
      isUsable = !(isDead key) && peek false (looksWell service);
      roles = service.roles or { };
      role = roleOf name roleName;
      inherit (role) layers tags;
      isUnknown = isUsable && service ? roles && !(roles ? ${roleName});

      # Members whose layers are not just the role's. Everybody else shares one evaluation.
      special = genAttrs (attrNames layers.machines ++ concatMap (t: attrNames (carriers t)) (attrNames layers.tags)) (_: null);
      signature = machine: {
        machine = if layers.machines ? ${machine} then machine else null;
        tags = filter (t: carriers t ? ${machine}) (attrNames layers.tags);
      };
      ordinary =
        let
          among = set: attrNames (removeAttrs set (attrNames special));
        in
        findFirst (names: names != [ ]) [ ] (map among ([ role.machines ] ++ map carriers (attrNames tags)));
      members = attrNames special ++ (if ordinary == [ ] then [ ] else [ (head ordinary) ]);
      groups = groupBy (m: toJSON (signature m)) members;

      # A layout has finalSettings or has not; one member tells.
      hasFinal = members == [ ] || service.instances.${name}.roles.${roleName}.machines.${head members} ? finalSettings;
      from =
        if !isUsable || isUnknown then
          (if plain && !isUnknown then "layers" else "none")
        else if isClans && !isHuge && peek false hasFinal then
          "clan"
        else if hasLib then
          "interface"
        else
          "layers";

      # clan's layers are modules already; a plain flake's are bare values.
      moduleOf = where: v: if isWrapper v then v else { _file = "inventory.instances.${name}.roles.${roleName}${where}.settings"; imports = [ v ]; };
      tagModule = t: moduleOf ".tags.${t}" tags.${t}.settings;
      againstInterface =
        where: more:
        lib.evalModules {
          prefix = [ key "instances" name "roles" roleName ] ++ where ++ [ "settings" ];
          class = peek null "${service.manifest.name}.${roleName}.settings";
          specialArgs = { inherit meta; };
          modules = [
            (lib.setDefaultModuleLocation "Via clan.service module: roles.${roleName}.interface" (roles.${roleName}.interface or { }))
            (moduleOf "" (role.given.settings or { }))
            { imports = more; }
          ];
        };
      # What the role declares, nothing written.
      declared =
        (lib.evalModules {
          specialArgs = { inherit meta; };
          modules = [ (roles.${roleName}.interface or { }) ];
        }).options;
      evaluated =
        member:
        if from == "clan" then
          service.instances.${name}.roles.${roleName}.machines.${member}.finalSettings
        else
          againstInterface [ "machines" member ] (
            [ (moduleOf ".machines.${member}" (role.machines.${member}.settings or { })) ]
            ++ map tagModule (filter (t: carriers t ? ${member} && tags.${t} ? settings) (if tagSettingsCount then attrNames tags else [ ]))
          );

      # What of the layers kills the process does so in the settings, too: { PATH = its place in `omit`; }.
      written = [ "instances" name "roles" roleName ];
      isBelowRole = o: length o >= 4 && genList (elemAt o) 4 == written;
      # The place in the settings of a part of a layer; null where it is no setting.
      lostSetting =
        group: o:
        let
          kind = elemAt o 4;
          start = if kind == "layer" then 5 else 6; # the layer, then "0" "value" PATH...
          counts =
            kind == "layer"
            || kind == "machineLayers" && (group == null || elemAt o 5 == group.machine)
            || kind == "tagLayers" && (group == null || elem (elemAt o 5) group.tags);
        in
        if length o < start || !counts then
          null
        else if length o > start + 2 then
          drop (start + 2) o
        else
          [ ];
      lostIn =
        group:
        listToAttrs (
          filter (e: e.name != "null") (
            genList (i: nameValue (toJSON (if isBelowRole (elemAt omit i) then lostSetting group (elemAt omit i) else null)) i) (length omit)
          )
        );
      isBlocked = filter (o: isBelowRole o && lostSetting null o == null) omit != [ ];

      # A value that fails, by the option that it is.
      failed =
        lost: result: depth: path:
        let
          place = toJSON (drop depth path);
          option = optionAt result.options (drop depth path);
          # What killed the process is not looked at again.
          isLost = isOmitted path || lost ? ${place};
          isOne = length path > depth && !isLost && isOption option;
        in
        {
          # A role without options: nothing can read its settings, and clan drops them. Nothing else may be wrong with it.
          bare =
            length path == depth
            && hasLib
            && !isLost
            && peek false (removeAttrs declared [ "_module" ] == { })
            && peek false (isAttrs (result.extendModules { modules = [ { _module.check = false; } ]; }).config);
          undefined = isOne && peek false (!option.isDefined) && !(option ? default);
          # What throws is the option's own default.
          unset = isOne && peek false (option.highestPrio >= 1500);
          # A removed option is hidden, and throws when it is looked at.
          hidden = isOne && peek false (option.visible or true == false);
        }
        // (if lost ? ${place} then { at = lost.${place}; } else { });
      valueOf = lost: path: result: walkWith (failed lost result (length path)) path result.config;

      # What the module itself defines: no layer of the member's is in that file.
      ownDefinitions =
        member: result:
        let
          all = [ role.given (role.machines.${member} or { }) ] ++ map (t: tags.${t}) (filter (t: carriers t ? ${member}) (attrNames tags));
          files = concatMap (l: map (d: toString d.file) (instances.definitionsOf null (l.settings or { }))) all;
          isLayer = file: elem file files || substring 0 20 file == "inventory.instances.";
          # A default is a definition, too, of priority 1500.
          own =
            o:
            if peek 1500 (o.option.highestPrio or 1500) >= 1500 then
              [ ]
            else
              map (d: d // { inherit (o) path option; }) (filter (d: !(isLayer (toString d.file))) (peek [ ] (o.option.definitionsWithLocations or [ ])));
        in
        concatMap own (optionsBelow [ ] result.options);
      fact =
        path:
        let
          at = key: path ++ [ key ];
          group = key: ms: groupOf key (head ms) (evaluated (head ms));
          groupOf = key: member: result: {
            inherit (signature member) machine tags;
            inherit member;
          } // (if from == "layers" then { } else {
            settings = valueOf (lostIn (signature member)) (path ++ [ "groups" key "settings" ]) result;
          }) // (if from == "layers" || !origins then { } else {
            own = part (path ++ [ "groups" key "own" ]) (map (d: {
              inherit (d) path;
              file = toString d.file;
              priority = peek 100 d.option.highestPrio;
              value = walk (path ++ [ "groups" key "own" ] ++ d.path) d.value;
            }) (ownDefinitions member result));
          });
          # Settings that no member evaluates, held against the interface all the same: the role's, and each tag's with them.
          isUnchecked = members == [ ] && (layers.role != [ ] || layers.tags != { }) && hasLib && (from == "clan" || from == "interface");
          everybody = attrNames (foldl' (all: t: all // carriers t) role.machines (attrNames tags));
        in
        {
          settingsFrom = whole (at "settingsFrom") from;
          groups = part (at "groups") (if from == "none" then mark "blocked" else parts (at "groups") (_: group) groups);
          unchecked = part (at "unchecked") (
            if !isUnchecked then
              [ ]
            else
              [ (valueOf (lostIn null) (at "unchecked" ++ [ "0" ]) (againstInterface [ ] [ ])) ]
              ++ map (t: valueOf (lostIn null) (at "unchecked" ++ [ t ]) (againstInterface [ "tags" t ] [ (tagModule t) ])) (attrNames layers.tags)
          );
          # Macs that the service has nothing for: clan deploys nothing of it there, in silence.
          # What a module asserts and what holds on no member. Most refuse nothing, and one member tells.
          refused = whole (at "refused") (if args.checks or false && from == "clan" then refusedTo (filter (m: !isMac m) members) else [ ]);
          idle = whole (at "idle") (if args.checks or false && from == "clan" then filter (m: isMac m && peek false (isIdle m)) everybody else [ ]);
        };
      isMac = m: peek "nixos" (machines.${m}.machineClass or "nixos") == "darwin";
      refusedTo = members: if members == [ ] then [ ] else foldl' (said: m: if said == [ ] then [ ] else filter (s: elem s (refusalsOf m)) said) (refusalsOf (head members)) (tail members);
      refusalsOf =
        m:
        if service ? result.allRoles.${roleName}.allInstances.${name}.allMachines.${m}.nixosModule then
          peek [ ] (refusals 8 service.result.allRoles.${roleName}.allInstances.${name}.allMachines.${m}.nixosModule)
        else
          [ ];
      isIdle =
        m:
        isNothing service.result.allRoles.${roleName}.allInstances.${name}.allMachines.${m}.darwinModule
        && isNothing service.result.allMachines.${m}.darwinModule;
    in
    {
      inherit evaluated fact from isBlocked;
      isMember = m: role.machines ? ${m} || filter (t: carriers t ? ${m}) (attrNames tags) != [ ];
    };

  # A module that only says where it is from.
  isNothing = m: isAttrs m && removeAttrs m [ "_file" "imports" "key" "_class" ] == { } && filter (i: !(isNothing i)) (m.imports or [ ]) == [ ];

  # What a module asserts and what never holds, whatever the configuration of a machine is: to look at that throws here.
  refusals =
    depth: module:
    let
      args = module.__functionArgs or (if isFunction module then builtins.functionArgs module else { });
      unknown = throw "not known here";
      m =
        if !(isFunction module || module ? __functor) then
          module
        else if args == { } then
          module { inherit lib; config = unknown; options = unknown; pkgs = unknown; }
        else
          module (mapAttrs (n: _: if n == "lib" then lib else unknown) args);
      never = a: isAttrs a && a ? assertion && a ? message && a.assertion == false && isString a.message;
      listOf = v: if isList v then v else [ ];
    in
    if depth == 0 || !isAttrs m then
      [ ]
    else
      concatMap (a: if peek false (never a) then [ (unsafeDiscardStringContext a.message) ] else [ ]) (listOf (peek [ ] (m.assertions or m.config.assertions or [ ])))
      ++ concatMap (i: peek [ ] (refusals (depth - 1) i)) (listOf (peek [ ] (m.imports or [ ])));

  # The option at a path, also inside a submodule, where nixpkgs' lib tells (since 2025); { } if there is none.
  optionAt =
    set: path:
    let
      inside =
        meta: rest:
        if meta ? configuration then
          optionAt meta.configuration.options rest
        else if rest != [ ] && meta ? attrs && meta.attrs ? ${head rest} then
          inside meta.attrs.${head rest} (tail rest)
        else if rest != [ ] && meta ? list then
          inside (elemAt meta.list (fromJSON (head rest))) (tail rest)
        else
          { };
    in
    if isOption set then
      (if path == [ ] then set else peek { } (inside (set.valueMeta or { }) path))
    else if path != [ ] && isAttrs set && !(set ? _type) && set ? ${head path} then
      optionAt set.${head path} (tail path)
    else
      { };

  optionsBelow =
    path: options:
    if isOption options then
      [ { inherit path; option = options; } ]
    else if isAttrs options then
      concatMap (n: optionsBelow (path ++ [ n ]) options.${n}) (attrNames (removeAttrs options [ "_module" "_freeformOptions" ]))
    else
      [ ];
in
{
  inherit isHuge services;

  facts = {
    # By clan's internal key: instances of one module share it.
    services = named (
      mapAttrs (
        key: s:
        part [ "services" key ] (
          seq (looksWell s.service) {
            inherit (s) clan;
            manifest = part [ "services" key "manifest" ] (modules.manifestOf [ "services" key "manifest" ] s.service);
            roles = part [ "services" key "roles" ] (modules.rolesOf [ "services" key "roles" ] s.service);
          }
          // (
            if origins || args.interfaces or false && !(args.modules or false) then
              {
                # What the roles that settings are for declare, nothing written. Instances of one module share it.
                interfaces = modules.interfacesOf [ "services" key "interfaces" ] s.service (intersectAttrs (usedRoles.${key} or { }) (s.service.roles or { }));
              }
            else
              { }
          )
        )
      ) services
    );

    evaluated = parts [ "evaluated" ] (path: name: instance: {
      key = keyOf name;
      files = whole (path ++ [ "files" ]) (if isDead (keyOf name) then [ ] else modules.filesOf (specOf name));
      # Whether clan reaches the instance.
      clan = part (path ++ [ "clan" ]) (
        let
          inherit (services.${keyOf name}) isClans service;
        in
        if isDead (keyOf name) || !isClans then mark "blocked" else seq (attrNames (((service.instances or { }).${name} or { }).roles or { })) true
      );
      roles = parts (path ++ [ "roles" ]) (
        path: role: _:
        let
          theRole = evaluatedRole name role;
        in
        if theRole.isBlocked then mark "blocked" else theRole.fact path
      ) (instance.roles or { });
    }) wanted;
  };

  # The options of one member's settings along a path, from the outside in: sets of options are passed through, and inside a
  # submodule, or a set of them, the way goes on where nixpkgs' lib tells the options in there (since 2025).
  settingOf =
    at:
    { instance, role, machine, path }:
    let
      theRole = evaluatedRole instance role;
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
        set: rest:
        if isOption set then
          [ (describe set (length path - length rest)) ] ++ (if rest == [ ] then [ ] else inside (set.valueMeta or { }) rest)
        else if rest == [ ] then
          [ { depth = length path; children = filter (n: n != "_module") (attrNames set); } ]
        else if isAttrs set && set ? ${head rest} then
          follow set.${head rest} (tail rest)
        else
          [ ];
      describe =
        option: depth:
        let
          here = at ++ [ "options" (toString depth) ];
        in
        {
          inherit depth;
          # What layers write is no default.
          option = part (here ++ [ "option" ]) (options.option (here ++ [ "option" ]) [ ] (option // { isDefined = false; }));
          priority = peek null (option.highestPrio or null);
          definitions = part (here ++ [ "definitions" ]) (map (d: {
            file = toString d.file;
            value = walk (here ++ [ "definitions" ]) d.value;
          }) (peek [ ] (option.definitionsWithLocations or [ ])));
        };
      value = foldl' (v: k: if isList v then elemAt v (fromJSON k) else v.${k}) result.config path;
      hasPath = set: rest: rest == [ ] || (if isList set then true else isAttrs set && set ? ${head rest} && hasPath set.${head rest} (tail rest));
    in
    if !(wanted ? ${instance}) || !(raw.${instance}.roles ? ${role}) || !(theRole.isMember machine) || elem theRole.from [ "layers" "none" ] then
      mark "absent"
    else
      {
        options = part (at ++ [ "options" ]) (follow result.options path);
        value = if peek true (hasPath result.config path) then walk (at ++ [ "value" ]) value else mark "absent";
      };
}
