# The value at a path, as JSON text, just as `nix eval --json` prints it (a derivation is its output's path).
#
#   args.path    names of attributes, one below the other
#   args.names   true: only the names of what is there
#   args.each    [ { path; names; } ... ] instead: each is announced before it is evaluated, and told as soon as it is known
#   args.args    there: ./function.nix is applied to the value and to these
#
# One result is { json; }, or { missing; names; } where the path ends: how far it leads, and the names there, or { kind; } for something
# that has none.
root: args:
let
  inherit (builtins)
    attrNames concatStringsSep elemAt foldl' genList isAttrs isList length map seq stringLength toJSON trace typeOf
    unsafeDiscardStringContext;

  find = from: foldl' (at: name:
    if at ? missing then at
    else if isAttrs at.value && at.value ? ${name} then { value = at.value.${name}; depth = at.depth + 1; }
    else { missing = at.depth; names = if isAttrs at.value then attrNames at.value else [ ]; }
  ) { value = from; depth = 0; };

  look = from: { path, names ? false }:
    let found = find from path; in
    if found ? missing then found
    else if !names then { json = toJSON found.value; }
    else if isAttrs found.value then { json = toJSON (attrNames found.value); }
    else { kind = typeOf found.value; };

  # What a function makes may be a set with an outPath that is no derivation, { inherit (x) drvPath outPath; } say, of which toJSON leaves
  # nothing but the path.
  isPath = set: set ? outPath && (set ? type || set ? _type || set ? sourceInfo);
  encode = value:
    if isAttrs value && !(isPath value || value ? __toString) then
      "{${concatStringsSep "," (map (name: "${toJSON name}:${encode value.${name}}") (attrNames value))}}"
    else if isList value then
      "[${concatStringsSep "," (map encode value)}]"
    else
      toJSON value;

  # A long result waits for the end: Nix's log is no place for it.
  told = result:
    let text = toJSON result; in
    seq text (trace "nixeval-end ${if stringLength text > 65536 then "" else unsafeDiscardStringContext text}" result);
  announced = i:
    let one = elemAt args.each i; in
    trace "nixeval-begin ${toJSON [ (toString i) ]}" (told (look root one));
  inOrder = foldl' (done: i: let result = announced i; in seq result (done ++ [ result ])) [ ] (genList (i: i) (length args.each));

in
if args ? each then
  seq root { all = inOrder; }
else if args ? args then
  let found = find root args.path; in
  if found ? missing then found else { json = encode (import ./function.nix found.value args.args); }
else
  look root args
