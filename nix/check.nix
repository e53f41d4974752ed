# A check of a clan for `nix flake check`: a derivation that runs `clanctl check` in the sandbox, with a Nix of its own inside and no network.
#
#   src      the clan's flake, `self`
#   inputs   its inputs, as `outputs` is given them; all that flake.lock names is taken from there
#   dir      the directory of flake.nix below src
#   flags    more flags of clanctl check, such as [ "--strict" ]
{
  runCommand,
  clanctl,
}:
{
  src,
  inputs ? { },
  dir ? ".",
  flags ? [ ],
  name ? "clan-check",
}:
let
  inherit (builtins)
    foldl'
    fromJSON
    genericClosure
    isList
    listToAttrs
    mapAttrs
    pathExists
    readFile
    toJSON
    ;

  file = "${src}/${dir}/flake.lock";
  isLocked = pathExists file;
  lock = fromJSON (readFile file);

  # A reference in the lock is the name of a node, or the way to it from the root.
  resolve =
    ref:
    if isList ref then
      foldl' (node: input: resolve lock.nodes.${node}.inputs.${input}) lock.root ref
    else
      ref;

  # The nodes of the lock, each with the input that it stands for.
  nodes = genericClosure {
    startSet = [
      {
        key = lock.root;
        flake = { inherit inputs; };
      }
    ];
    operator =
      { key, flake }:
      map
        (input: {
          key = resolve lock.nodes.${key}.inputs.${input};
          flake = flake.inputs.${input};
        })
        (
          builtins.filter (input: flake.inputs or { } ? ${input}) (
            builtins.attrNames (lock.nodes.${key}.inputs or { })
          )
        );
  };
  sources = listToAttrs (
    map (n: {
      name = n.key;
      value = n.flake.sourceInfo.outPath or n.flake.outPath or null;
    }) nodes
  );

  # The same lock, but that every input is a path: what it was fetched to already.
  local =
    key: node:
    if node ? locked.narHash && (sources.${key} or null) != null then
      node
      // {
        locked = {
          type = "path";
          path = "${sources.${key}}";
          inherit (node.locked) narHash;
        }
        // builtins.intersectAttrs {
          lastModified = 0;
          dir = "";
        } node.locked;
      }
    else
      node;
in
runCommand name
  {
    nativeBuildInputs = [ clanctl ];
    # It can be longer than the environment may be.
    passAsFile = [ "lock" ];
    lock = if isLocked then toJSON (lock // { nodes = mapAttrs local lock.nodes; }) else "";
    inherit src dir flags;
  }
  ''
    export HOME=$TMPDIR/home NIX_REMOTE=$TMPDIR/nix-root
    mkdir -p "$HOME"
    cp -r "$src" clan
    chmod -R u+w clan
    if [ -s "$lockPath" ]; then
      cp "$lockPath" "clan/$dir/flake.lock"
    fi
    clanctl check --flake "path:$PWD/clan${if dir == "." then "" else "?dir=${dir}"}" --offline --no-cache $flags
    touch "$out"
  ''
