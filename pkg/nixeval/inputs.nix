# What pins the inputs of a flake, as data for the cache: the `inputs` of its flake.nix and its flake.lock, as Nix sees them.
#
# The same is told of an input only where Nix must have fetched it already, because no lock file pins it: to look at any other one would
# fetch it.
{
  flake,
  dir, # of the flake, below the top of its source tree
  overridden, # the inputs that --override-input replaces, such as "a" or "a/b"
  updated ? [ ], # those that --update-input has Nix look up anew
}:
let
  inherit (builtins)
    all attrNames concatStringsSep elem filter fromJSON functionArgs isAttrs isBool isInt isList isString listToAttrs mapAttrs pathExists
    readDir readFile stringLength substring typeOf unsafeDiscardStringContext;

  # Of anything but plain data only its type is told.
  plain = value:
    if isString value then unsafeDiscardStringContext value
    else if isBool value || isInt value then value
    else if isAttrs value then mapAttrs (_: plain) value
    else { "" = typeOf value; };

  attrsOf = f: names: listToAttrs (map (name: { inherit name; value = f name; }) names);

  describe = { path, value, dir, pins, overrides }:
    let
      here = (value.sourceInfo or value).outPath + (if dir == "" then "" else "/" + dir);
      source = import (here + "/flake.nix");
      inputs = source.inputs or { };
      formals = filter (name: name != "self") (attrNames (functionArgs source.outputs));
      kind = (readDir here)."flake.lock" or "";
      lock = if kind == "regular" then readFile (here + "/flake.lock") else "";
      own = if lock == "" then { } else fromJSON lock;
      # Nix takes an input's pins from its parent's lock file where that has some, else (and newer versions always) from its own.
      locks = pins ++ [ { nodes = own.nodes or { }; node = own.nodes.${own.root or ""} or { }; } ];

      at = name: concatStringsSep "/" (path ++ [ name ]);

      # Not the flake's own, nor another's, and not pinned: only now is it known what it is.
      isFetched = name:
        let
          input = inputs.${name} or { };
          # Of a pinned input Nix reads flake.nix again if its lock has a `follows` that this flake.nix does not account for.
          unpinned = { node, nodes }:
            let
              pin = node.inputs.${name} or null;
              below = nodes.${pin}.inputs or { };
            in
            !isString pin || filter (n: isList below.${n} && !(input.inputs or { }) ? ${n}) (attrNames below) != [ ];
        in
        name != "self" && !input ? follows && !overrides ? ${name} && (elem (at name) (overridden ++ updated) || all unpinned locks);
      fetched = filter isFetched (attrNames (inputs // attrsOf (_: { }) formals));

      child = name:
        let
          input = value.inputs.${name};
          top = unsafeDiscardStringContext input.sourceInfo.outPath;
          pinsOf = { node, nodes }: let pin = node.inputs.${name} or null; in
            if isString pin then [ { node = nodes.${pin}; inherit nodes; } ] else [ ];
        in
        # Nix 2.8 does not tell where in its tree an input is.
        if !pathExists (input.outPath + "/flake.nix") then null else describe {
          path = path ++ [ name ];
          value = input;
          dir = substring (stringLength top + 1) (-1) (unsafeDiscardStringContext input.outPath);
          pins = if elem (at name) updated then [ ] else builtins.concatMap pinsOf locks;
          overrides = inputs.${name}.inputs or { };
        };
    in
    {
      inherit dir formals kind lock;
      inputs = plain inputs;
      children = attrsOf child (filter (name: inputs.${name}.flake or true) fetched);
      stores = attrsOf (name: unsafeDiscardStringContext (toString value.inputs.${name}.outPath)) fetched;
    };
in
describe {
  path = [ ];
  value = flake;
  inherit dir;
  pins = [ ];
  overrides = { };
}
