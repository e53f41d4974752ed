# What service modules say of themselves, also of those that no instance uses: manifest, README, roles, and what each role
# accepts as settings. Imported by reader.nix, whose helpers and whose look at the clan it is given as `reader`.
#
# A module is evaluated with clan-core's own function where this clan has one, else with nixpkgs' lib, else, in a flake that has
# neither, read as it is written, with stand-in.nix for the lib that interfaces are written with.
reader:
let
  inherit (builtins)
    attrNames
    concatMap
    elem
    elemAt
    filter
    functionArgs
    head
    intersectAttrs
    isAttrs
    isList
    isString
    length
    listToAttrs
    mapAttrs
    removeAttrs
    seq
    toJSON
    toString
    typeOf
    unsafeDiscardStringContext
    unsafeGetAttrPos
    ;
  inherit (reader)
    part
    peek
    walk
    fields
    named
    inputs
    lib
    filterAttrs
    ;

  # ---- what the inputs offer ----

  modulesOf = input: inputs.${input}.clan.modules;
  deprecatedOf = input: peek [ ] (inputs.${input}.clan.deprecatedModules or [ ]);
  hasModules = input: reader.looksSafe input && inputs.${input} ? clan.modules && isAttrs (modulesOf input);

  # A module without what the module system wraps it in.
  essence = module: if isAttrs module && isList (module.imports or null) && removeAttrs module [ "_file" "_class" "imports" "key" ] == { } then concatMap essence module.imports else [ module ];

  # Names "@owner/x" of modules that the same input has as "x", too: { "@owner/x" = "x"; }.
  twinsOf =
    input:
    let
      modules = modulesOf input;
      plainName =
        name:
        let
          match = builtins.match "@[^/]+/(.+)" name;
        in
        if match == null then null else head match;
      isTwin =
        name:
        let
          twin = plainName name;
        in
        twin != null && modules ? ${twin} && !(elem name (deprecatedOf input)) && peek false (essence modules.${name} == essence modules.${twin});
    in
    if !reader.twins then
      { }
    else
      listToAttrs (
        map (name: {
          inherit name;
          value = plainName name;
        }) (filter isTwin (attrNames modules))
      );

  catalogueOf =
    input:
    part (
      {
        source = walk (inputs.${input}.outPath or null);
      }
      // (
        if hasModules input then
          {
            services = attrNames (modulesOf input);
            deprecated = walk (deprecatedOf input);
            twins = twinsOf input;
          }
        else
          { services = null; }
      )
    );

  # Those that are worth a look.
  shownOf =
    input:
    let
      hidden = deprecatedOf input ++ attrNames (twinsOf input);
    in
    if hasModules input then filterAttrs (name: _: !(elem name hidden)) (modulesOf input) else { };

  # ---- one module ----

  clanLib = reader.clanLib;
  evalService = clanLib.evalService or clanLib.inventory.evalClanService or null;

  # What clan gives a service besides its instances.
  context = {
    _module.args = {
      inherit (reader) meta directory;
      exports = { };
    };
  };

  evaluatedOf =
    input: name: module:
    if evalService != null then
      evalService (
        # Older ones want other things.
        intersectAttrs (functionArgs evalService) {
          modules = [
            module
            context
          ];
          prefix = [
            input
            "clan"
            "modules"
            name
          ];
          key = name;
        }
      )
    else if lib != null then
      reader.evalServiceModule module
    else
      { config = reader.structuralModule module; };
  serviceOf = input: name: module: (evaluatedOf input name module).config;

  isService = service: isAttrs (service.roles or null) || isAttrs (service.manifest or null);

  aboutOf = service: {
    manifest =
      if service ? manifest then
        part (fields [ "name" "description" "categories" "constraints" "exports" ] service.manifest)
      else
        null;
    # A role that throws is still a role.
    roles = if service ? roles then part (named (mapAttrs (_: role: part (seq role (fields [ "description" ] role))) service.roles)) else null;
  };

  readmeOf = service: part (walk (service.manifest.readme or ""));

  interfacesOf = service: if service ? roles then named (mapAttrs (role: r: part (interfaceOf service role (r.interface or { }))) service.roles) else { };

  describe =
    input: name: module:
    {
      source = part (walk (inputs.${input}.outPath or null));
      deprecated = elem name (deprecatedOf input);
    }
    // describeEvaluated (serviceOf input name module);
  describeEvaluated = service: {
    about = part (seq service (aboutOf service));
    readme = readmeOf service;
    interfaces = part (seq service (interfacesOf service));
  };

  # For its author.
  writtenOf = input: name: module: import ./written.nix reader (evaluatedOf input name module);

  # Where a module is, whether it evaluates or not: its file, or where it is listed.
  placeOf =
    input: name: module:
    map (path: { file = toString (if builtins.pathExists (path + "/default.nix") then path + "/default.nix" else path); }) (
      filter (m: typeOf m == "path") (peek [ ] (essence module))
    )
    ++ filter (position: position != null) [ (unsafeGetAttrPos name (modulesOf input)) ];

  # ---- what a role accepts ----

  interfaceOf =
    service: role: interface:
    if lib == null then
      structuralInterface [ ] interface
    else
      let
        result = lib.evalModules {
          class = peek null "${service.manifest.name}.${role}.settings";
          specialArgs.meta = reader.meta;
          prefix = [ "settings" ];
          modules = [ (lib.setDefaultModuleLocation "Via clan.service module: roles.${role}.interface" interface) ];
        };
      in
      optionsAndFreeform [ ] result.options;

  # Since 2025 an option that nobody sets takes its type's empty value.
  fillsEmpty =
    lib != null
    && peek false (
      (lib.evalModules {
        modules = [ { options.probe = lib.mkOption { type = lib.types.listOf lib.types.raw; }; } ];
      }).config.probe == [ ]
    );

  isOption = o: isAttrs o && (o._type or null) == "option";

  optionsAndFreeform =
    ancestors: options:
    let
      # Settings are sets: the options of a type `freeformType = attrsOf ...`.
      freeform = peek null (options._module.freeformType.value or null);
      all = optionsOf ancestors options;
    in
    seq all {
      options = all;
    }
    // (if isAttrs freeform then { freeform = typeFacts ancestors freeform; } else { });

  optionsOf =
    ancestors: options:
    named (
      mapAttrs (_: o: part (if isOption o then optionFacts ancestors o else { options = optionsOf ancestors (reader.asAttrs o); })) (
        removeAttrs options [
          "_module"
          "_freeformOptions"
        ]
      )
    );

  textOf =
    v:
    if isAttrs v && v ? text then
      walk v.text
    else if isString v then
      unsafeDiscardStringContext v
    else
      walk v;
  isText = v: isAttrs v && elem (v._type or null) [ "literalExpression" "literalExample" "literalMD" "literalDocBook" "mdDoc" ];

  textOrValue = v: if isText (peek null v) then { text = part (textOf v); } else { value = walk v; };

  # mkOptionDefault is how a default takes part in merging.
  defaultPriority = 1500;

  optionFacts =
    ancestors: o:
    let
      type = o.type or null;
      written = peek false ((o.highestPrio or defaultPriority) < defaultPriority && o.isDefined);
      empty = fillsEmpty && peek false (type.emptyValue ? value);
    in
    {
      type = if type == null then null else part (typeFacts ancestors type);
      hasDefault = o ? default || o ? defaultText || written || empty;
      internal = peek false (o.internal or false);
      readOnly = peek false (o.readOnly or false);
      hidden = peek false ((o.visible or true) == false);
    }
    // (if o.description or null == null then { } else { description = part (textOf o.description); })
    # Which fields there are does not depend on values, so that one that kills Nix can be asked for alone.
    // (
      if o ? defaultText then
        { default.text = part (textOf o.defaultText); }
      else if written then
        { default.value = part (walk o.value); }
      else if o ? default then
        { default = textOrValue o.default; }
      else if empty then
        { default.value = walk type.emptyValue.value; }
      else
        { }
    )
    // (if o ? example then { example = textOrValue o.example; } else { })
    // {
      declarations = part (map (p: { inherit (p) file line column; }) (o.declarationPositions or [ ]));
    };

  # ---- types ----

  # Deeper than this nobody writes settings.
  maxDepth = 24;

  # Two types with one signature are one type, as far as this can be told. A description that somebody wrote over what the type
  # says of its contents is how recursive types keep theirs finite; submodules tell by their options.
  signatureOf =
    type: options:
    if options != null then
      toJSON (mapAttrs (_: signatureOfOption) (removeAttrs options [ "_module" "_freeformOptions" ]))
    else if (type.getSubModules or null) != null then
      null
    else
      toJSON [
        type.name
        (unsafeDiscardStringContext type.description)
      ];
  signatureOfOption =
    o:
    if isOption o then
      [
        (unsafeDiscardStringContext (peek "?" (o.type.description or "")))
        (map (p: "${p.file}:${toString p.line}:${toString p.column}") (peek [ ] (o.declarationPositions or [ ])))
      ]
    else
      attrNames (reader.asAttrs o);

  indexOf =
    x: list:
    let
      go = i: if i >= length list then null else if elemAt list i == x then i else go (i + 1);
    in
    go 0;

  typeFacts =
    ancestors: type:
    let
      name = peek "?" type.name;
      isSubmodule = name == "submodule";
      options = if isSubmodule then type.getSubOptions [ ] else null;
      signature = part (signatureOf type options);
      again = if isString signature then indexOf signature ancestors else null;
      inner = ancestors ++ [ signature ];
      nested = type.nestedTypes or { };
      elemType = nested.elemType or type.functor.wrapped or null;
      payload = type.functor.payload or null;
      values = if isAttrs payload then payload.values or [ ] else payload;
      sub = t: part (typeFacts inner t);
    in
    {
      inherit name;
      description = part (walk (type.description or ""));
    }
    // (
      if again != null then
        { same = again; }
      else if length inner > maxDepth then
        { tooDeep = true; }
      else if isSubmodule then
        { interface = part (optionsAndFreeform inner options); }
      else if name == "enum" then
        { values = part (map walk values); }
      else if name == "either" then
        { alternatives = [ (sub nested.left) (sub nested.right) ]; }
      else if name == "coercedTo" then
        { alternatives = [ (sub nested.coercedType) (sub nested.finalType) ]; }
      else if name == "attrTag" then
        { interface = part { options = optionsOf inner nested; }; }
      else if elem name [ "listOf" "attrsOf" "lazyAttrsOf" "attrsWith" "loaOf" "attrListOf" "nullOr" "unique" "uniq" ] && isAttrs elemType then
        { elem = sub elemType; }
      else
        { }
    )
    # Of the stand-in: nixpkgs' types tell by their descriptions.
    // (if type ? "$bounds" then { bounds = type."$bounds"; } else { });

  # ---- without nixpkgs' lib ----

  standIn = import ./stand-in.nix;

  # The options that a module declares, as it is written.
  structuralInterface =
    ancestors: module: optionsAndFreeform ancestors (standIn.optionsOf { inherit (reader) meta; } module);

  offers = input: name: peek false (hasModules input && modulesOf input ? ${name});
in
{
  inherit describeEvaluated;

  # By input.
  catalogue = named (mapAttrs (input: _: catalogueOf input) inputs);
  services = named (mapAttrs (input: _: part (named (mapAttrs (name: module: (describe input name module).about) (shownOf input)))) inputs);
  described = named (mapAttrs (input: _: part (named (mapAttrs (describe input) (shownOf input)))) inputs);
  written = named (mapAttrs (input: _: part (named (mapAttrs (name: module: part (writtenOf input name module)) (shownOf input)))) inputs);
  placed = named (mapAttrs (input: _: part (named (mapAttrs (name: module: part (placeOf input name module)) (shownOf input)))) inputs);

  # The modules of a name that an input offers, or with null that any does; also one that is kept only to throw.
  offering =
    input: name:
    let
      among = if input == null then inputs else filterAttrs (i: _: i == input) inputs;
    in
    named (mapAttrs (i: _: part (describe i name (modulesOf i).${name})) (filterAttrs (i: _: offers i name) among));
}
