# What options are: their types, defaults, descriptions and places, as a tree. One description serves settings, `why`,
# schemas and generated code.
#
#   import ./options.nix helpers lib meta      lib is null where there is none
{
  asAttrs,
  isLib,
  isOption,
  named,
  part,
  peek,
  walk,
  whole,
  ...
}:
lib: meta:
let
  inherit (builtins)
    attrNames
    elem
    elemAt
    isAttrs
    isString
    length
    mapAttrs
    removeAttrs
    seq
    toJSON
    toString
    unsafeDiscardStringContext
    ;

  # Since 2025 an option that nobody sets takes its type's empty value.
  fillsEmpty =
    isLib lib
    && peek false (
      (lib.evalModules { modules = [ { options.probe = lib.mkOption { type = lib.types.listOf lib.types.raw; }; } ]; }).config.probe == [ ]
    );

  internalNames = [ "_module" "_freeformOptions" ];

  # A set of options, and what it takes besides: { options; freeform; }.
  describe =
    path: ancestors: options:
    let
      # Settings are sets: the options of a type `freeformType = attrsOf ...`.
      freeform = peek null (options._module.freeformType.value or null);
      all = below path ancestors options;
    in
    seq all { options = all; } // (if isAttrs freeform then { freeform = typeOf (path ++ [ "freeform" ]) ancestors freeform; } else { });

  below =
    path: ancestors: options:
    named (
      mapAttrs (
        n: o:
        let
          at = path ++ [ "options" n ];
        in
        part at (if isOption o then option at ancestors o else { options = below at ancestors (asAttrs o); })
      ) (removeAttrs options internalNames)
    );

  textOf = path: v: if isAttrs v && v ? text then walk path v.text else if isString v then unsafeDiscardStringContext v else walk path v;
  isText = v: isAttrs v && elem (v._type or null) [ "literalExpression" "literalExample" "literalMD" "literalDocBook" "mdDoc" ];

  # mkOptionDefault is how a default takes part in merging.
  defaultPriority = 1500;

  option =
    path: ancestors: o:
    let
      at = name: path ++ [ name ];
      type = o.type or null;
      written = peek false ((o.highestPrio or defaultPriority) < defaultPriority && o.isDefined);
      empty = fillsEmpty && peek false (type.emptyValue ? value);
      textOrValue =
        name: v: if isText (peek null v) then { "${name}Text" = part (at "${name}Text") (textOf (at "${name}Text") v); } else { ${name} = walk (at name) v; };
      text = name: v: { ${name} = part (at name) (textOf (at name) v); };
    in
    {
      type = part (at "type") (if type == null then null else typeOf (at "type") ancestors type);
      hasDefault = o ? default || o ? defaultText || written || empty;
      internal = peek false (o.internal or false);
      readOnly = peek false (o.readOnly or false);
      hidden = peek false ((o.visible or true) == false);
      declarations = whole (at "declarations") (map (p: { inherit (p) file line column; }) (o.declarationPositions or [ ]));
    }
    // (if o.description or null == null then { } else text "description" o.description)
    # Which fields there are does not depend on values, so that one that kills Nix can be left out.
    // (
      if o ? defaultText then
        text "defaultText" o.defaultText
      else if written then
        { default = walk (at "default") o.value; }
      else if o ? default then
        textOrValue "default" o.default
      else if empty then
        { default = walk (at "default") type.emptyValue.value; }
      else
        { }
    )
    // (if o ? example then textOrValue "example" o.example else { });

  # ---- types ----

  # Deeper than this nobody writes settings.
  maxDepth = 24;

  # Two types with one signature are one type, as far as this can be told. A description that somebody wrote over what the type
  # says of its contents is how recursive types keep theirs finite; submodules tell by their options.
  signatureOf =
    type: options:
    if options != null then
      toJSON (mapAttrs (_: signatureOfOption) (removeAttrs options internalNames))
    else if (type.getSubModules or null) != null then
      null
    else
      toJSON [ type.name (unsafeDiscardStringContext type.description) ];
  signatureOfOption =
    o:
    if isOption o then
      [
        (unsafeDiscardStringContext (peek "?" (o.type.description or "")))
        (map (p: "${p.file}:${toString p.line}:${toString p.column}") (peek [ ] (o.declarationPositions or [ ])))
      ]
    else
      attrNames (asAttrs o);

  indexOf =
    x: list:
    let
      go = i: if i >= length list then null else if elemAt list i == x then i else go (i + 1);
    in
    go 0;

  typeOf =
    path: ancestors: type:
    part path (
      let
        at = name: path ++ [ name ];
        name = peek "?" type.name;
        options = if name == "submodule" then type.getSubOptions [ ] else null;
        signature = peek null (signatureOf type options);
        again = if isString signature then indexOf signature ancestors else null;
        inner = ancestors ++ [ signature ];
        nested = type.nestedTypes or { };
        elemType = nested.elemType or type.functor.wrapped or null;
        payload = type.functor.payload or null;
        values = if isAttrs payload then payload.values or [ ] else payload;
        sub = name: typeOf (at name) inner;
      in
      {
        inherit name;
        description = part (at "description") (walk (at "description") (type.description or ""));
      }
      // (
        if again != null then
          { same = again; }
        else if length inner > maxDepth then
          { tooDeep = true; }
        else if options != null then
          { interface = part (at "interface") (describe (at "interface") inner options); }
        else if name == "attrTag" then
          { interface = part (at "interface") { options = below (at "interface") inner nested; }; }
        else if name == "enum" then
          { values = walk (at "values") values; }
        else if name == "either" then
          { alternatives = [ (sub "left" nested.left) (sub "right" nested.right) ]; }
        else if name == "coercedTo" then
          { alternatives = [ (sub "left" nested.coercedType) (sub "right" nested.finalType) ]; }
        else if elem name [ "listOf" "attrsOf" "lazyAttrsOf" "attrsWith" "loaOf" "attrListOf" "nullOr" "unique" "uniq" ] && isAttrs elemType then
          { elem = sub "elem" elemType; }
        else
          { }
      )
      # Of the stand-in: nixpkgs' types tell by their descriptions.
      // (type."$bounds" or { })
    );

  standIn = import ./stand-in.nix;
in
{
  inherit describe option;

  # What a role accepts as settings. Without nixpkgs' lib: the options that it declares, as it is written.
  interface =
    path: service: role: interface:
    if !isLib lib then
      describe path [ ] (standIn.optionsOf { inherit meta; } interface)
    else
      describe path [ ] (
        (lib.evalModules {
          class = peek null "${service.manifest.name}.${role}.settings";
          specialArgs = { inherit meta; };
          prefix = [ "settings" ];
          modules = [ (lib.setDefaultModuleLocation "Via clan.service module: roles.${role}.interface" interface) ];
        }).options
      );
}
