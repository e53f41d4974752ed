# How a service module is written, for its author: what it gives by itself and what it leaves to defaults, and where that stands.
# Imported by services.nix.
#
# `evaluated` is the result of evalModules for the module, or { config; } for a module that is read as it is written.
{
  named,
  part,
  peek,
  positionsIn,
  walk,
  ...
}:
evaluated:
let
  inherit (builtins)
    any
    attrNames
    concatMap
    filter
    foldl'
    isAttrs
    mapAttrs
    ;
  options = evaluated.options or { };

  # Everything that is written for an option, as sets. What is none (a function, something that throws) says nothing here.
  definitionsOf =
    name:
    let
      all =
        if options ? ${name}.definitionsWithLocations then
          peek [ ] options.${name}.definitionsWithLocations
        else if evaluated.config ? ${name} then
          [
            {
              file = null;
              value = evaluated.config.${name};
            }
          ]
        else
          [ ];
    in
    filter (d: peek false (isAttrs d.value)) all;

  # mkOptionDefault is how a default takes part in merging.
  isWritten = option: peek true ((option.highestPrio or 1500) < 1500);

  manifest = definitionsOf "manifest";
  roles = definitionsOf "roles";
  # What is a module itself can give anything.
  mayGive = field: value: !(isAttrs value) || value ? ${field} || value ? imports || value ? _type;

  roleOf =
    role: _:
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
in
{
  manifest = part (concatMap (d: if d.value ? imports || d.value ? _type then [ "name" "readme" ] else attrNames d.value) manifest);
  constraints = part (map (d: part (walk d.value.constraints)) (filter (d: d.value ? constraints) manifest));
  perMachine = if options ? perMachine then isWritten options.perMachine else evaluated.config ? perMachine;
  roles = part (named (mapAttrs roleOf (foldl' (all: d: all // d.value) { } roles)));
  positions = {
    manifest = part (positionsIn 4 manifest);
    roles = part (positionsIn 3 roles);
  };
}
