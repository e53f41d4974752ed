# Instances as they are written: module reference, roles, who is named, and the layers of settings. Only this looks at
# `inventory.instances` itself; one that is wrong fails here, at the part that is to blame.
#
#   import ./instances.nix helpers { inventory; directory; tagSettingsCount; names; checks; }      names: all, if it is empty
{
  asAttrs,
  filterAttrs,
  isOmitted,
  missingFiles,
  named,
  namesToSet,
  part,
  parts,
  peek,
  traced,
  walk,
  whole,
  ...
}:
{ inventory, directory, tagSettingsCount, names, checks }:
let
  inherit (builtins)
    attrNames
    attrValues
    concatMap
    elem
    elemAt
    filter
    genList
    getContext
    isAttrs
    isList
    isString
    length
    mapAttrs
    pathExists
    removeAttrs
    substring
    toString
    unsafeDiscardStringContext
    ;

  raw = if isOmitted [ "instanceNames" ] then { } else asAttrs (inventory.instances or { });
  # Those that are asked for.
  wanted = if names == [ ] then raw else filterAttrs (n: _: elem n names) raw;

  isWrapper = v: isAttrs v && v ? imports && isList v.imports && removeAttrs v [ "_file" "imports" ] == { };
  # A layer of settings as [ { file; value; } ]: clan wraps each definition in a module that names its file.
  definitionsOf = file: v: if peek false (isWrapper v) then concatMap (definitionsOf (v._file or file)) v.imports else [ { inherit file; value = v; } ];
  # A layer that cannot be looked at counts as set.
  isSet = d: peek true (d.value != { });

  # True, if the members evaluate.
  areSets = members: builtins.foldl' (value: member: builtins.seq member value) true (attrValues members);

  # The files that an extra module names and that are not there. A string is relative to the clan's directory; one into something that has
  # to be built first is left alone.
  missingIn =
    module:
    let
      file = if substring 0 1 module == "/" then module else "${toString directory}/${module}";
    in
    if isString module then (if isBuilt module || pathExists file then [ ] else [ (unsafeDiscardStringContext file) ]) else map toString (missingFiles module);

  isBuilt = s: filter (c: c ? outputs) (attrValues (getContext s)) != [ ];

  show = path: layer: genList (i: part (path ++ [ (toString i) ]) {
    inherit (elemAt layer i) file;
    value = walk (path ++ [ (toString i) "value" ]) (elemAt layer i).value;
  }) (length layer);
in
rec {
  inherit definitionsOf isWrapper raw;

  # Those that are asked for and whose reference evaluates; the others have failed as instances.
  readable = filterAttrs (
    n: _: !(isOmitted [ "instances" n ] || isOmitted [ "instances" n "module" ] || isOmitted [ "instances" n "roles" ]) && peek false (builtins.seq (specOf n).name true)
  ) wanted;

  specOf = name: {
    input = raw.${name}.module.input or null;
    name = raw.${name}.module.name or name;
  };

  # A role with its layers: { machines; tags; layers.{machines,tags,role}; }, the layers only where something is set.
  roleOf =
    name: role:
    let
      given = raw.${name}.roles.${role};
      layer = v: filter isSet (definitionsOf null (v.settings or { }));
      # clan checks a layer as a whole before it shows any of it: one that kills the process does so here.
      layersOf =
        kind: members:
        let
          at = m: [ "instances" name "roles" role kind m ];
        in
        filterAttrs (m: l: isOmitted (at m) || traced (at m) (l != [ ])) (mapAttrs (_: layer) members);
    in
    rec {
      inherit given;
      machines = namesToSet (given.machines or { });
      tags = namesToSet (given.tags or { });
      layers = {
        machines = layersOf "machineLayers" machines;
        tags = if tagSettingsCount then layersOf "tagLayers" tags else { };
        role = layer given;
      };
    };

  fact =
    path: name: instance:
    {
      module = whole (path ++ [ "module" ]) (specOf name);
      roles = part (path ++ [ "roles" ]) (
        parts (path ++ [ "roles" ]) (
          path: role: _:
          let
            r = roleOf name role;
            at = key: path ++ [ key ];
          in
          builtins.seq r.given {
            machines = whole (at "machines") (attrNames r.machines);
            tags = whole (at "tags") (attrNames r.tags);
            # clan checks that each is a set.
            machinesAreSets = whole (at "machinesAreSets") (areSets r.machines);
            tagsAreSets = whole (at "tagsAreSets") (areSets r.tags);
            machineLayers = part (at "machineLayers") (parts (at "machineLayers") (path: _: show path) r.layers.machines);
            tagLayers = part (at "tagLayers") (parts (at "tagLayers") (path: _: show path) r.layers.tags);
            layer = part (at "layer") (show (at "layer") r.layers.role);
            # Functions may be among them: count, never show.
            extraModules = whole (at "extraModules") (length (r.given.extraModules or [ ]));
            missing = whole (at "missing") (if checks then concatMap missingIn (r.given.extraModules or [ ]) else [ ]);
          }
        ) (instance.roles or { })
      );
    };

  facts = {
    instanceNames = attrNames raw;
    instances = parts [ "instances" ] fact wanted;
  };
}
