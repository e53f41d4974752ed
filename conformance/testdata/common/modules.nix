# The clan of a case (clan.nix) with the services that cases share, spelled as the clan-core at hand wants it.
#
# A case is a function of
#   own       name of a service of this flake → what `module` has to be
#   inputs    the flake's inputs
#   lib       nixpkgs' lib
inputs:
let
  inherit (inputs.nixpkgs) lib;
  features = builtins.fromJSON (builtins.readFile ./features.json);
  when = feature: module: if features.${feature} or false then module else { };

  services = lib.mapAttrs' (file: _: {
    name = lib.removeSuffix ".nix" file;
    value = ./services + "/${file}";
  }) (builtins.readDir ./services);

  own = name: {
    inherit name;
    input = if features.self then "self" else null;
  };
in
[
  { meta.name = "conformance"; }
  (when "domain" { meta.domain = "example.org"; })
  # The nixpkgs lib that a snapshot is run with may well be older than what it asks for.
  (when "versionCheck" { checks.minNixpkgsVersion.ignore = true; })
  (if features.modules then { modules = services; } else { inventory.modules = services; })
  (import ./clan.nix { inherit own inputs lib; })
]
