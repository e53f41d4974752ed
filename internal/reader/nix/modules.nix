# Service modules: what the flake's inputs offer, used or not, and what a module says of itself.
#
#   import ./modules.nix helpers { layout; plain; options; instances; args; }
#
# A module is evaluated with clan-core's own function where this clan has one, else with nixpkgs' lib, else, in a flake that
# has neither, read as it is written.
{
  essence,
  fields,
  filterAttrs,
  isLib,
  isOmitted,
  mark,
  missingFiles,
  named,
  optional,
  part,
  parts,
  peek,
  traced,
  unique,
  walk,
  whole,
  ...
}@helpers:
{
  layout,
  plain,
  options,
  instances,
  services,
  args,
}:
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
    match
    pathExists
    removeAttrs
    seq
    toString
    typeOf
    unsafeDiscardStringContext
    unsafeGetAttrPos
    ;
  inherit (layout) inputs modulesOf;

  # ---- what an input offers ----

  # In the store, also where it is a part of the flake's own tree.
  sourceOf = input: if inputs.${input} ? outPath then unsafeDiscardStringContext (toString inputs.${input}.outPath) else null;
  deprecatedOf = input: peek [ ] (inputs.${input}.clan.deprecatedModules or [ ]);
  offers = input: layout.looksSafe input && inputs.${input} ? clan.modules && isAttrs inputs.${input}.clan.modules;

  # Names "@owner/x" of modules that the same input has as "x", too: { "@owner/x" = "x"; }.
  twinsOf =
    input:
    let
      all = modulesOf input;
      plainName = name: let m = match "@[^/]+/(.+)" name; in if m == null then null else head m;
      isTwin = name: plainName name != null && all ? ${plainName name} && !(elem name (deprecatedOf input)) && peek false (essence all.${name} == essence all.${plainName name});
    in
    # To compare modules is to look at them: not where one may kill the process.
    if helpers.isPlain then listToAttrs (map (name: helpers.nameValue name (plainName name)) (filter isTwin (attrNames all))) else { };

  # Those that are worth a look.
  shownOf = input: removeAttrs (modulesOf input) (deprecatedOf input ++ attrNames (twinsOf input));

  inputFact = path: input: _: {
    source = whole (path ++ [ "source" ]) (sourceOf input);
    services = whole (path ++ [ "services" ]) (if offers input then attrNames (modulesOf input) else null);
    deprecated = whole (path ++ [ "deprecated" ]) (if offers input then deprecatedOf input else [ ]);
    twins = whole (path ++ [ "twins" ]) (if args.modules or false && offers input then twinsOf input else { });
  };

  # ---- one module ----

  evalService = layout.clanLib.evalService or layout.clanLib.inventory.evalClanService or null;
  evaluated =
    input: name: module:
    if evalService == null then
      plain.evaluate module
    else
      evalService (
        # Older ones want other things.
        intersectAttrs (functionArgs evalService) {
          modules = [
            module
            # What clan gives a service besides its instances.
            { _module.args = { inherit (layout) meta directory; exports = { }; }; }
          ];
          prefix = [ input "clan" "modules" name ];
          key = name;
        }
      );

  manifestFields = [ "name" "description" "categories" "constraints" "exports" ];
  manifestOf = path: service: if service ? manifest then fields manifestFields path service.manifest else null;
  interfacesOf = path: service: roles: part path (parts path (path: role: r: options.interface path service role (r.interface or { })) roles);
  rolesOf = path: service: if service ? roles then parts path (path: _: r: seq r (fields [ "description" ] path r)) service.roles else null;

  describe =
    path: input: name: service:
    let
      at = key: path ++ [ key ];
    in
    {
      source = whole (at "source") (sourceOf input);
      deprecated = elem name (deprecatedOf input);
      manifest = part (at "manifest") (manifestOf (at "manifest") service);
      # A role that throws is still a role.
      roles = part (at "roles") (rolesOf (at "roles") service);
    }
    // (
      if args.interfaces or false then
        {
          readme = part (at "readme") (walk (at "readme") (service.manifest.readme or ""));
          interfaces = interfacesOf (at "interfaces") service (service.roles or { });
        }
      else
        { }
    );

  moduleFact =
    path: input: name: module:
    let
      result = evaluated input name module;
    in
    if missingFiles module != [ ] then
      mark "missing" // { inherit path; file = toString (head (missingFiles module)); }
    else
      describe path input name result.config
      // (
        # For its author.
        if args.written or false then
          {
            written = part (path ++ [ "written" ]) (import ./written.nix helpers (path ++ [ "written" ]) result);
            placed = whole (path ++ [ "placed" ]) (placeOf input name module);
          }
        else
          { }
      );

  # Where a module is, whether it evaluates or not: its file, or where it is listed.
  placeOf =
    input: name: module:
    map (path: { file = toString (if pathExists (path + "/default.nix") then path + "/default.nix" else path); }) (
      filter (m: typeOf m == "path") (peek [ ] (essence module))
    )
    ++ filter (position: position != null) [ (unsafeGetAttrPos name (modulesOf input)) ];

  # ---- references ----

  # The modules of a name that an input offers, or with null that any does; also one that is kept only to throw.
  offering =
    path: input: name:
    parts path (path: i: _: moduleFact path i name (modulesOf i).${name}) (
      filterAttrs (
        i: _:
        (input == null || i == input)
        && !(isOmitted (path ++ [ i "offers" ]))
        && peek false (traced (path ++ [ i "offers" ]) (offers i && modulesOf i ? ${name}))
      ) inputs
    );

  # The modules that INPUT#NAME, NAME or an instance's name may mean, by input.
  meantBy =
    path: ref:
    let
      at = path ++ [ "modules" ];
      spec = instances.specOf ref;
      reference = match "([^#]*)#(.*)" ref;
      input = if spec.input == null then layout.nullInput else spec.input;
      key = layout.keyOf spec;
    in
    if args.byInstance or false && instances.raw ? ${ref} then
      {
        inherit spec;
        modules =
          # Until mid 2025 a clan's own services were in no output that could be looked at; but this one is used.
          if layout.nullIsSelf && !layout.plain && spec.input == null && !(modulesOf input ? ${spec.name}) && services ? ${key} then
            { self = part (at ++ [ "self" ]) (describe (at ++ [ "self" ]) "self" spec.name services.${key}.service); }
          else
            offering at input spec.name;
      }
    else if reference != null then
      { modules = offering at (head reference) (elemAt reference 1); }
    else
      { modules = offering at null ref; };
in
{
  inherit evaluated interfacesOf manifestOf rolesOf;

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
      all = modulesOf spec.input;
      files = peek [ ] (let f = below 4 all.${spec.name}; in builtins.deepSeq f f);
      listed = unsafeGetAttrPos spec.name all;
    in
    if spec.input == null || !(inputs ? ${spec.input}) || !(all ? ${spec.name}) then
      [ ]
    else if files != [ ] || listed == null then
      files
    else
      [ listed.file ];

  facts = {
    inputNames = attrNames inputs;

    # What a manifest may say, as far as clan-core tells.
    categories = whole [ "categories" ] (
      let
        options = (evaluated "self" "probe" { }).options.manifest.type.getSubOptions [ ];
      in
      if evalService == null then [ ] else options.categories.type.nestedTypes.elemType.functor.payload.values or [ ]
    );

    # The inputs that are asked for, or else those that instances name, and what each offers: names only, no module is looked at.
    inputs =
      let
        given = map (n: peek null (instances.specOf n).input) (attrNames instances.readable);
        used = filter (n: n != null) given ++ optional (layout.coreInput != null) layout.coreInput ++ optional layout.nullIsSelf "self";
        wanted =
          if args.allInputs or false then
            attrNames inputs
          else if args.inputs or [ ] != [ ] then
            args.inputs
          else
            unique used;
      in
      parts [ "inputs" ] inputFact (filterAttrs (n: _: elem n wanted && layout.looksSafe n) inputs);

    # All modules of the inputs that are asked for.
    modules = parts [ "modules" ] (path: input: _: parts path (path: moduleFact path input) (shownOf input)) (
      filterAttrs (n: _: args.inputs or [ ] == [ ] || elem n args.inputs) inputs
    );

    # The flake's own modules that are files which are not there.
    missing = named (mapAttrs (n: m: whole [ "missing" n ] (map toString (missingFiles m))) (modulesOf "self"));

    # What references mean that a user wrote.
    meant = parts [ "meant" ] (path: ref: _: meantBy path ref) (helpers.genAttrs (args.named or [ ]) (_: null));
    uses = parts [ "uses" ] (_: name: instance: instances.specOf name // { roles = attrNames (instance.roles or { }); }) instances.raw;
  };
}
