# Flakes without clan-core: a plain output `inventory`, which no module system has checked, and service modules, which
# nixpkgs' lib evaluates where the flake has it.
#
#   import ./plain.nix helpers lib      lib is null where there is none
{ isLib, ... }:
lib:
let
  inherit (builtins)
    elem
    elemAt
    genList
    intersectAttrs
    isAttrs
    isList
    isString
    length
    mapAttrs
    match
    toJSON
    toString
    typeOf
    ;

  # What is of another type than it must be throws when it is looked at, as it would in clan, and with it goes just the part
  # that it belongs to.
  ofType = wanted: ok: where: v: if ok v then v else throw "${where} is ${article.${typeOf v} or "a ${typeOf v}"}, where ${wanted} belongs";
  article = { int = "an integer"; null = "null"; bool = "a Boolean"; set = "a set"; lambda = "a function"; };
  aSet = ofType "a set" isAttrs;
  aList = ofType "a list" isList;
  aString = ofType "a string" isString;
  nullOr = other: where: v: if v == null then null else other where v;
  listOf = other: where: v: genList (i: other "${where}[${toString i}]" (elemAt (aList where v) i)) (length (aList where v));
  setOf = other: where: v: mapAttrs (n: other "${where}.${nameInPath n}") (aSet where v);
  namesOr = other: where: v: if isList v then listOf aString where v else setOf other where v;
  struct = types: where: v: aSet where v // mapAttrs (n: other: other "${where}.${n}" v.${n}) (intersectAttrs v types);
  nameInPath = n: if match "[a-zA-Z_][a-zA-Z0-9_'-]*" n != null then n else toJSON n;
in
{
  inventory = struct {
    meta = aSet;
    machines = namesOr (struct {
      tags = listOf aString;
      machineClass = ofType ''"nixos" or "darwin"'' (v: elem v [ "nixos" "darwin" ]);
      description = nullOr aString;
      icon = nullOr aString;
      deploy = aSet;
    });
    instances = setOf (struct {
      module = struct {
        name = aString;
        input = nullOr aString;
      };
      roles = setOf (struct {
        machines = namesOr aSet;
        tags = namesOr aSet;
        extraModules = aList;
      });
    });
  } "inventory";
  tags = v: setOf (listOf aString) "inventory.tags" (aSet "inventory.tags" v);

  # A service module as { config; }: just what a reader needs of it. Without any lib it is read as it is written, where it is
  # a plain set (or a file that holds one).
  evaluate =
    module:
    if isLib lib then
      lib.evalModules {
        class = "clan.service";
        specialArgs.clanLib = { };
        modules = [
          {
            freeformType = lib.types.lazyAttrsOf lib.types.raw;
            options.manifest = lib.mkOption {
              default = { };
              type = lib.types.submodule { freeformType = lib.types.lazyAttrsOf lib.types.raw; };
            };
            options.roles = lib.mkOption {
              default = { };
              type = lib.types.attrsOf (
                lib.types.submodule {
                  freeformType = lib.types.lazyAttrsOf lib.types.raw;
                  options.interface = lib.mkOption {
                    default = { };
                    type = lib.types.deferredModule;
                  };
                }
              );
            };
          }
          module
        ];
      }
    else
      let
        v = if typeOf module == "path" || isString module then import module else module;
      in
      { config = if isAttrs v then v else { }; };
}
