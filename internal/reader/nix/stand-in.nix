# Just enough of a lib to read which options an interface declares, for flakes that have no nixpkgs' lib. It evaluates no
# settings and merges nothing: types here have names and parts, and cannot check. An interface that needs more of the lib than is
# here dies with "attribute ... missing", and Go says that it needs nixpkgs' lib.
let
  inherit (builtins)
    foldl'
    functionArgs
    head
    intersectAttrs
    isAttrs
    isFunction
    isString
    mapAttrs
    tail
    toString
    typeOf
    ;

  option = declared: declared // { _type = "option"; };

  type = name: description: more: {
    _type = "option-type";
    inherit name description;
    getSubModules = null;
  } // more;
  simple = name: description: type name description { };
  bounded = name: description: bounds: type name description { "$bounds" = bounds; };
  of = name: before: elemType: type name "${before} ${elemType.description}" {
    nestedTypes = { inherit elemType; };
    inherit (elemType) getSubModules;
  };
  two = name: left: right: nestedTypes: type name "${left.description} or ${right.description}" { inherit nestedTypes; };
  either = left: right: two "either" left right { inherit left right; };
  between = minimum: maximum: bounded "intBetween" "integer from ${toString minimum} to ${toString maximum}" { inherit minimum maximum; };

  submoduleWith =
    { modules, ... }:
    type "submodule" "submodule" {
      getSubModules = modules;
      getSubOptions = _: optionsOf { name = "‹name›"; } { imports = modules; };
    };

  types = {
    bool = simple "bool" "boolean";
    boolByOr = simple "boolByOr" "boolean";
    int = simple "int" "integer";
    float = simple "float" "number";
    number = either types.int types.float;
    ints = {
      inherit between;
      unsigned = bounded "unsignedInt" "integer, at least 0" { minimum = 0; };
      positive = bounded "positiveInt" "integer above 0" { exclusiveMinimum = 0; };
      u8 = between 0 255;
      u16 = between 0 65535;
      u32 = between 0 4294967295;
      s8 = between (-128) 127;
      s16 = between (-32768) 32767;
      s32 = between (-2147483648) 2147483647;
    };
    numbers = {
      between = minimum: maximum: bounded "numberBetween" "number from ${toString minimum} to ${toString maximum}" { inherit minimum maximum; };
      nonnegative = bounded "numberNonnegative" "number, at least 0" { minimum = 0; };
      positive = bounded "numberPositive" "number above 0" { exclusiveMinimum = 0; };
    };
    port = types.ints.u16;
    str = simple "str" "string";
    nonEmptyStr = simple "nonEmptyStr" "non-empty string";
    singleLineStr = simple "singleLineStr" "string of one line";
    strMatching = pattern: simple "strMatching ${builtins.toJSON pattern}" "string that matches ${pattern}";
    separatedString = _: simple "separatedString" "string";
    lines = types.separatedString "\n";
    commas = types.separatedString ",";
    envVar = types.separatedString ":";
    path = simple "path" "absolute path";
    package = simple "package" "package";
    anything = simple "anything" "anything";
    raw = simple "raw" "raw value";
    unspecified = simple "unspecified" "unspecified value";
    attrs = simple "attrs" "attribute set";
    deferredModule = simple "deferredModule" "module";
    functionTo = _: simple "functionTo" "function";
    enum = values: type "enum" "one of ${builtins.toJSON values}" { functor.payload = { inherit values; }; };
    nullOr = of "nullOr" "null or";
    listOf = of "listOf" "list of";
    nonEmptyListOf = elemType: of "listOf" "list, not empty, of" elemType // { "$bounds".nonEmpty = true; };
    attrsOf = of "attrsOf" "set of";
    lazyAttrsOf = of "lazyAttrsOf" "set of";
    uniq = elemType: elemType;
    unique = _: elemType: elemType;
    inherit either submoduleWith;
    oneOf = list: foldl' either (head list) (tail list);
    coercedTo = coercedType: _: finalType: two "coercedTo" coercedType finalType { inherit coercedType finalType; };
    addCheck = elemType: _: elemType;
    attrTag = tags: type "attrTag" "one of some tags" { nestedTypes = mapAttrs (_: o: option o) tags; };
    submodule = module: submoduleWith { modules = [ module ]; };
  };

  literalExpression = text: {
    _type = "literalExpression";
    inherit text;
  };

  lib = {
    inherit types literalExpression;
    inherit (builtins)
      attrNames
      attrValues
      concatLists
      concatMap
      concatStringsSep
      elem
      filter
      genList
      head
      length
      listToAttrs
      map
      mapAttrs
      removeAttrs
      tail
      ;
    mkOption = option;
    mkEnableOption = name: option {
      type = types.bool;
      default = false;
      example = true;
      description = "Whether to enable ${name}.";
    };
    literalMD = literalExpression;
    mdDoc = text: text;
    mkDefault = value: value;
    genAttrs = names: f: builtins.listToAttrs (map (name: { inherit name; value = f name; }) names);
    optionalAttrs = cond: set: if cond then set else { };
    optionals = cond: list: if cond then list else [ ];
    optionalString = cond: text: if cond then text else "";
    optional = cond: value: if cond then [ value ] else [ ];
  };

  # A module as a set: called if it is a function, with what of its arguments is to be had.
  open =
    args: module:
    let
      value = if typeOf module == "path" || isString module then import module else module;
      wants = functionArgs value;
    in
    if isFunction value then open args (value (if wants == { } then args else intersectAttrs wants args)) else value;

  # Options with the places where they are declared.
  located =
    set:
    mapAttrs (
      name: o:
      if !(isAttrs o) then
        o
      else if o ? _type then
        o // { declarationPositions = builtins.filter (p: p != null) [ (builtins.unsafeGetAttrPos name set) ]; }
      else
        located o
    ) set;

  # The options that a module and its imports declare, as evalModules gives them; a later declaration hides an earlier one.
  optionsOf =
    arguments: module:
    let
      args = {
        inherit lib;
        config = throw "settings are not evaluated without nixpkgs' lib";
        options = throw "settings are not evaluated without nixpkgs' lib";
      }
      // arguments;
      set = open args module;
      imported = map (optionsOf arguments) (set.imports or [ ]);
      own =
        located (set.options or { })
        // (if set ? freeformType then { _module.freeformType.value = set.freeformType; } else { });
    in
    foldl' overlay { } (imported ++ [ own ]);

  overlay =
    a: b:
    if isAttrs a && isAttrs b && !(a ? _type) && !(b ? _type) then
      a // mapAttrs (n: v: if a ? ${n} then overlay a.${n} v else v) b
    else
      b;
in
{
  inherit optionsOf;
}
