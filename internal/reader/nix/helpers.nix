# What every other file here is written with: small functions, parts, and values as JSON. There may be no nixpkgs lib.
#
#   import ./helpers.nix source args      source is the flake's source tree in the store; "" without one
#
# A part is a place in the answer that can fail by itself. One that throws, and that tryEval can catch, is marked
# { "$clanctl" = "throws"; path; }. What tryEval cannot catch kills the process. The question is then asked again with
# `isolate`: each part puts its path into the trace of an error, so that the one to blame names itself; and once more with
# that one in `omit`, which marks it { "$clanctl" = "omitted"; at; } without looking at it. What kills Nix without a trace (a stack
# overflow) is asked again with `announce`, too: each part then tells when it begins and when it is done.
source: args:
let
  inherit (builtins)
    addErrorContext
    any
    attrNames
    attrValues
    baseNameOf
    concatMap
    concatStringsSep
    deepSeq
    dirOf
    elem
    elemAt
    filter
    foldl'
    genList
    hashFile
    hashString
    head
    intersectAttrs
    isAttrs
    isFunction
    isList
    length
    listToAttrs
    mapAttrs
    match
    pathExists
    readDir
    removeAttrs
    replaceStrings
    seq
    split
    stringLength
    substring
    tail
    toJSON
    toString
    trace
    tryEval
    typeOf
    unsafeDiscardStringContext
    ;
in
rec {
  inherit source;

  # ---- sets and lists ----

  nameValue = name: value: { inherit name value; };
  genAttrs = names: f: listToAttrs (map (name: { inherit name; value = f name; }) names);
  filterAttrs = pred: set: removeAttrs set (filter (n: !(pred n set.${n})) (attrNames set));
  optional = cond: v: if cond then [ v ] else [ ];
  unique = names: attrNames (genAttrs names (_: null));
  drop = n: list: genList (i: elemAt list (n + i)) (length list - n);
  # The first element that satisfies pred, or default.
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
  # A set of names to values, or a list of names.
  namesToSet = v: if isList v then genAttrs v (_: { }) else asAttrs v;

  # A look that never fails where tryEval can help.
  peek =
    default: v:
    let
      r = tryEval v;
    in
    if r.success then r.value else default;

  # ---- parts ----

  isolate = args.isolate or false;
  omit = args.omit or [ ];
  isOmitted = if omit == [ ] then _: false else path: omitted ? ${toJSON path};
  # Whether a path that begins like this is omitted.
  omitsBelow = beginning: filter (path: length path >= length beginning && genList (elemAt path) (length beginning) == beginning) omit != [ ];

  # Some instance or machine is such that clan's own services must not be looked at. Of settings clan looks at what is asked for, and at
  # extra modules not at all; of a machine at its class.
  isPoisoned =
    filter (
      path:
      elem (head path) [ "instances" "machines" "tags" "carried" ]
      && !(length path > 4 && elem (elemAt path 4) [ "layer" "machineLayers" "tagLayers" "extraModules" "missing" ])
      && !(head path == "machines" && length path > 2 && elemAt path 2 != "machineClass")
    ) omit != [ ];

  omitted = listToAttrs (genList (i: nameValue (toJSON (elemAt omit i)) i) (length omit));
  isPlain = omit == [ ] && !isolate;
  announce = args.announce or false;

  mark = kind: { "$clanctl" = kind; };
  # Package nixeval reads these marks.
  traced =
    path: value:
    if announce then
      # Text that is no UTF-8 kills Nix 2.26 when it is printed, which nothing in the evaluation shows.
      trace "nixeval-begin ${toJSON path}" (seq (toJSON value) (trace "nixeval-end " value))
    else
      addErrorContext "nixeval-part ${toJSON path}" value;
  # With `strict` errors pass through: for Nix's own message, which tryEval drops.
  try = if args.strict or false then v: { success = true; value = v; } else tryEval;

  # This and what is below is called for each value in the answer, and written so that few functions are.
  partWith =
    extra: path: v:
    let
      r = try v;
      thrown = mark "throws" // { inherit path; } // extra path;
      value = if r.success then r.value else deepSeq thrown thrown;
    in
    if isPlain then
      value
    else if isOmitted path || extra path ? at then
      mark "omitted" // { inherit path; at = omitted.${toJSON path}; } // extra path
    else if isolate then
      traced path (seq value value)
    else
      value;
  # Whether something in a value with parts does not evaluate.
  fails = v: if isList v then any fails v else isAttrs v && (elem (v."$clanctl" or null) [ "throws" "omitted" "missing" "opaque" ] || any fails (attrValues v));
  # A part that has parts inside, or nothing that could fail.
  part = partWith (_: { });
  # A part that fails as a whole.
  whole = path: v: part path (deepSeq v v);

  # A set whose keys are the user's names. toJSON takes a set with one of two names for something else; such a one goes as pairs.
  named =
    set:
    if set ? outPath || set ? __toString || set ? "$clanctl" then
      mark "pairs" // { pairs = map (n: [ n set.${n} ]) (attrNames set); }
    else
      set;
  # The same of parts: f is given the path and the value of each.
  parts = path: f: set: named (mapAttrs (n: v: let at = path ++ [ n ]; in part at (f at n v)) set);

  # ---- values as JSON ----

  # Any value as something that toJSON accepts, each leaf a part; extra (of the path) goes into the mark of one that fails. One with
  # an `at` in it is the same as the part at that place in `omit`, and not looked at either.
  walkWith =
    extra:
    let
      partOf = partWith extra;
      walk = path: v: partOf path (valueOf walk path v);
    in
    walk;
  walk = walkWith (_: { });
  valueOf =
    walk: path: v:
    let
      type = typeOf v;
    in
    if type == "string" then
      inFlake (unsafeDiscardStringContext v)
    else if type == "path" then
      inFlake (toString v)
    else if type == "lambda" then
      { "$function" = true; }
    else if type == "list" then
      genList (i: walk (path ++ [ (toString i) ]) (elemAt v i)) (length v)
    else if type != "set" then
      v
    else if isDerivation v then
      { "$derivation" = unsafeDiscardStringContext (peek "?" (toString (v.name or "?"))); }
    else if isFlake v then
      inFlake (unsafeDiscardStringContext (toString v.outPath))
    else if isOpaque v || length path > 100 then
      mark "opaque"
    else
      named (mapAttrs (n: walk (path ++ [ n ])) v);

  # Paths into the flake are relative to the top of its tree, with a hash of what they lead to: their store path changes with every edit of
  # any file. Nearly always the text is one path and no more.
  inFlake = v: if stringLength v < sourceLength || source == "" || replaceStrings [ source ] [ "" ] v == v then v else textInFlake v;
  sourceLength = stringLength source;
  textInFlake =
    v:
    let
      relative = substring (sourceLength + 1) (stringLength v) v;
      file = file: hash: mark "file" // { inherit file hash; };
      pieces = split "${escaped source}(/[${pathCharacters}]*)?" v;
      paths = genList (i: { path = head (elemAt pieces (2 * i + 1)); next = elemAt pieces (2 * i + 2); }) (length pieces / 2);
    in
    if substring 0 (sourceLength + 1) v == source + "/" && pathExists v then
      file (if relative == "" then "." else relative) (hashOf v)
    else
      file (concatStringsSep "" (map (p: if isList p then relativeOf (head p) else p) pieces)) (
        hashString "sha256" (toJSON (map ({ path, next }: hashOfText path next) paths))
      );
  pathCharacters = "A-Za-z0-9/+._?=-";
  escaped = replaceStrings [ "." "+" "?" "*" "(" ")" "[" "]" "{" "}" "^" "$" "|" "\\" ] [ "\\." "\\+" "\\?" "\\*" "\\(" "\\)" "\\[" "\\]" "\\{" "\\}" "\\^" "\\$" "\\|" "\\\\" ];
  relativeOf = path: if path == null || path == "/" then "." else substring 1 (stringLength path) path;
  # A path in a text, and what stands behind it. What may go on behind it, as a pattern does, can lead to anything beside it.
  hashOfText =
    path: next:
    let
      file = source + path;
      sentence = match "(.*[^.?=])[.?=]+" file;
    in
    if path == null then
      hashOf source
    else if pathExists file then
      hashOf file
    else if sentence != null && pathExists (head sentence) then
      hashOf (head sentence)
    else if next == "" && sentence == null then
      "missing"
    else
      hashOf (nearest (dirOf file));
  nearest = dir: if pathExists dir then dir else nearest (dirOf dir);
  # The tree as a whole is in the store under its own hash. Where a link leads cannot be told: to anything in the tree.
  hashOf =
    file:
    let
      type = (readDir (dirOf file)).${baseNameOf file} or "unknown";
    in
    if stringLength file <= stringLength source + 1 then
      hashString "sha256" source
    else if type == "directory" then
      hashString "sha256" (toJSON (mapAttrs (n: _: hashOf "${file}/${n}") (readDir file)))
    else if type == "regular" then
      hashFile "sha256" file
    else
      hashString "sha256" source;

  # Data may well have a `type` or `_type` of its own; these have what only the real thing has.
  isDerivation = v: v ? type && v ? drvPath && peek null v.type == "derivation";
  isOpaque =
    v:
    v ? _type
    && (
      peek null v._type == "pkgs" && v ? callPackage
      || peek null v._type == "configuration" && v ? options && v ? config
    );
  isFlake = v: v ? outPath && v ? sourceInfo && v ? inputs;

  # The named fields of a set, as far as it has them.
  fields =
    names:
    let
      wanted = genAttrs names (_: null);
    in
    path: set: mapAttrs (n: walk (path ++ [ n ])) (intersectAttrs wanted set);

  # ---- nixpkgs' modules ----

  # A module without what the module system wraps it in.
  essence = m: if isAttrs m && isList (m.imports or null) && removeAttrs m [ "_file" "_class" "imports" "key" ] == { } then concatMap essence m.imports else [ m ];
  # A file that is not there kills the process; but that it is not there can be told.
  missingFiles = module: filter (m: typeOf m == "path" && !(pathExists m)) (peek [ ] (essence module));

  isOption = o: isAttrs o && (o._type or null) == "option";
  isLib = l: isAttrs l && l ? evalModules;
  # The fields of a set that are called as a function is.
  callWith = available: f: if isFunction f then f (intersectAttrs (builtins.functionArgs f) available) else f;
}
