# How a service module is written, for its author: what it gives by itself and what it leaves to defaults, and where that stands.
#
#   import ./written.nix helpers path evaluated      the result of evalModules, or { config; } of one read as it is written
{
  part,
  parts,
  peek,
  walk,
  whole,
  ...
}@helpers:
path: evaluated:
let
  inherit (builtins)
    any
    attrNames
    concatMap
    elemAt
    filter
    foldl'
    genList
    isAttrs
    length
    toString
    ;
  positions = import ./positions.nix helpers;
  options = evaluated.options or { };
  at = key: path ++ [ key ];

  # Everything that is written for an option, as sets. What is none (a function, something that throws) says nothing here.
  definitionsOf =
    name:
    filter (d: peek false (isAttrs d.value)) (
      if options ? ${name}.definitionsWithLocations then
        peek [ ] options.${name}.definitionsWithLocations
      else if evaluated.config ? ${name} then
        [ { file = null; value = evaluated.config.${name}; } ]
      else
        [ ]
    );

  # mkOptionDefault is how a default takes part in merging.
  isWritten = option: peek true ((option.highestPrio or 1500) < 1500);

  manifest = definitionsOf "manifest";
  roles = definitionsOf "roles";
  # What is a module itself can give anything.
  mayGive = field: value: !(isAttrs value) || value ? ${field} || value ? imports || value ? _type;

  roleOf =
    _: role: _:
    let
      written = map (d: d.value.${role}) (filter (d: d.value ? ${role}) roles);
      # nixpkgs tells since 2025 what is inside a set of submodules.
      inside = peek { } (options.roles.valueMeta.attrs.${role}.configuration.options or { });
      gives = field: if inside ? ${field} then isWritten inside.${field} else peek true (any (mayGive field) written);
    in
    {
      behaves = gives "perInstance";
      interface = gives "interface";
    };
  limits = filter (d: d.value ? constraints) manifest;
in
{
  manifest = whole (at "manifest") (concatMap (d: if d.value ? imports || d.value ? _type then [ "name" "readme" ] else attrNames d.value) manifest);
  categories = whole (at "categories") (concatMap (d: d.value.categories or [ ]) manifest);
  limits = part (at "limits") (genList (i: walk (at "limits" ++ [ (toString i) ]) (elemAt limits i).value.constraints) (length limits));
  perMachine = if options ? perMachine then isWritten options.perMachine else peek true (evaluated.config ? perMachine);
  roles = part (at "roles") (parts (at "roles") roleOf (foldl' (all: d: all // d.value) { } roles));
  places = whole (at "places") {
    manifest = positions.places { } 4 manifest;
    roles = positions.places { } 3 roles;
  };
}
