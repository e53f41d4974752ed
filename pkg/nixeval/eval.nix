# The value at a path, as JSON text, just as `nix eval --json` prints it (a derivation is its output's path).
#
#   args.path    names of attributes, one below the other
#   args.names   true: only the names of what is there
#   args.each    [ { path; names; } ... ] instead: each is announced before it is evaluated, and told as soon as it is known
#   args.apply   true: ./function.nix is applied to the value, and to args.args where these are there
#   args.system  there: what is not at the path itself may be below packages.SYSTEM or legacyPackages.SYSTEM, which come first, as for Nix
#
# One result is { json; }, or { missing; names; } where the path ends: how far it leads, and the names there, or { kind; } for something
# that has none.
root: args:
let
  inherit (builtins)
    attrNames concatStringsSep elemAt filter foldl' genList head isAttrs isList length map seq stringLength toJSON trace typeOf
    unsafeDiscardStringContext;

  walk = from: foldl' (at: name:
    if at ? missing then at
    else if isAttrs at.value && at.value ? ${name} then { value = at.value.${name}; depth = at.depth + 1; }
    else { missing = at.depth; names = if isAttrs at.value then attrNames at.value else [ ]; }
  ) { value = from; depth = 0; };

  find = from: path: system:
    let known = filter (found: !(found ? missing)) (map (set: walk from ([ set system ] ++ path)) [ "packages" "legacyPackages" ]); in
    if system != "" && known != [ ] then head known else walk from path;

  look = from: { path, names ? false, system ? "" }:
    let found = find from path system; in
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
else if args.apply or false then
  let
    found = find root args.path (args.system or "");
    applied = import ./function.nix found.value;
  in
  if found ? missing then found else { json = encode (if args ? args then applied args.args else applied); }
else
  look root args
