# Where things are written, and by whom.
#
#   import ./positions.nix helpers
#   import ./positions.nix (helpers // { libs = [ lib ]; })      libs are those of nixpkgs
#
# A definition is { file; value; }: the value as the user wrote it, with mkIf and its like around the user's sets.
{
  genAttrs,
  named,
  namesToSet,
  peek,
  source ? "",
  unique,
  libs ? [ ],
  ...
}:
let
  inherit (builtins)
    any
    attrNames
    concatMap
    dirOf
    elem
    filter
    head
    isAttrs
    isList
    isString
    length
    removeAttrs
    seq
    stringLength
    substring
    tail
    typeOf
    unsafeDiscardStringContext
    unsafeGetAttrPos
    ;

  # A value without mkIf, mkMerge, mkForce and mkOrder, each part of it with its priority: [ { priority; value; } ]. With
  # `always`, also what stands under a condition that does not hold. What does not evaluate counts as a plain value, null.
  weighed =
    always: v:
    let
      weigh =
        priority: v:
        let
          kind = if isAttrs v then v._type or null else null;
        in
        if kind == "if" then
          if always || v.condition then weigh priority v.content else [ ]
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
    peek [ { priority = 100; value = null; fails = true; } ] (seq (length result) result);
  # A part stands where the whole does: the names in a list have no place of their own.
  unwrap = always: d: map (w: { inherit (d) file; at = d.at or { inherit (d) file; }; } // w) (weighed always d.value);

  beginsWith =
    beginning:
    let
      length = stringLength beginning;
    in
    text: substring 0 length text == beginning;
  inSource = beginsWith "${source}/";
  libDirs = concatMap (lib: let p = if isAttrs lib then peek null (unsafeGetAttrPos "genAttrs" lib) else null; in if p == null then [ ] else [ (beginsWith "${dirOf p.file}/") ]) libs;

  # The place of an attribute. Where a function of nixpkgs' lib made the name, the definition's file still is the user's; where in lib it
  # did nobody wants to know, and some versions of Nix read the whole file for each line and column.
  # Lines of a large file are left to who can read them from it. (NixOS/nix, from 2.20 on.)
  placeOf =
    large: name: d:
    let
      p = unsafeGetAttrPos name d.value;
      other = if d.file == null || d.file == p.file then { } else { definedIn = d.file; };
    in
    if p == null then
      { inherit (d) file; }
    else if large ? ${p.file} then
      { inherit (p) file; deferred = true; } // other
    else if source != "" && d.file != null && any (isBelow: isBelow p.file) libDirs && inSource (toString d.file) then
      { inherit (p) file; definedIn = d.file; }
    else
      { inherit (p) file line column; } // other;

  # The tree of names: { NAME = { at = [ PLACE ]; below; }; }, as deep as `depth`.
  tree =
    {
      always,
      # Names in a list count as those of a set.
      lists ? false,
      # More to say of a definition: { file; priority; value; fails ? false; } of the attribute's own value.
      about ? null,
      # Paths to values that are not looked at, because that kills the process.
      skip ? [ ],
      # The only names, unless it is empty.
      only ? [ ],
      # Files of which no lines are asked for.
      large ? { },
    }@how:
    depth: definitions:
    let
      sets = concatMap (unwrap always) definitions;
      namesIn = v: if isAttrs v then attrNames v else if lists && isList v then map unsafeDiscardStringContext (filter isString v) else [ ];
      all = unique (concatMap (s: peek [ ] (namesIn s.value)) sets);
      names = if only == [ ] then all else filter (n: elem n only) all;
      withMore = at: d: if about == null then at else at // about d;
      node =
        name:
        let
          isSkipped = elem [ name ] skip;
          skipBelow = map tail (filter (path: head path == name && length path > 1) skip);
          here = concatMap (
            s:
            if isAttrs s.value then
              if !(s.value ? ${name}) then
                [ ]
              # Nobody asks what the value is.
              else if isSkipped || depth <= 1 && about == null then
                [ { inherit (s) file; value = null; at = placeOf large name s; } ]
              else
                map (d: d // { at = withMore (placeOf large name s) d; }) (unwrap always { inherit (s) file; value = s.value.${name}; })
            else if elem name (namesIn s.value) then
              [ { inherit (s) file; value = null; at = withMore s.at s; } ]
            else
              [ ]
          ) sets;
          below = if depth <= 1 || isSkipped then { } else tree (how // { skip = skipBelow; only = [ ]; }) (depth - 1) here;
        in
        { at = map (d: d.at) here; } // (if below == { } then { } else { inherit below; });
    in
    named (genAttrs names node);

  # What is written in a module and in those that it imports, as definitions. What it takes a function for is not known.
  written =
    file: module:
    let
      here = module._file or file;
      value = module.config or (removeAttrs module [ "_class" "_file" "imports" "key" "options" ]);
    in
    if !isAttrs module then
      [ ]
    else
      (if value == { } then [ ] else [ { inherit value; file = here; } ]) ++ concatMap (written here) (module.imports or [ ]);
in
rec {
  # Where the names in some definitions stand.
  places = limits: tree (limits // { always = true; });
  # Where the names in a module stand.
  placesIn = limits: depth: module: places limits depth (peek [ ] (written null module));
  # Who defines what, of what counts: with priorities.
  owners = limits: tree (limits // {
    always = false;
    lists = true;
    about = d: { inherit (d) priority; };
  });
  # What is written, as types: to tell what does not belong there.
  shapes = limits: tree (limits // {
    always = true;
    about = d: { type = if d.fails or false then "?" else typeOf d.value; };
  });
}
