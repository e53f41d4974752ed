# Where the clan-core at hand keeps a clan: nothing is known of versions, everything is found by asking.
#
#   import ./layout.nix outputs  →  { inventory, services, settings, ... }
outputs:
let
  internals = outputs.clanInternals;
  class = internals.inventoryClass or { };
  config =
    if (outputs.clan or { }) ? inventory then outputs.clan else class.flakeInputs.self.clan or { };
  distributed = class.distributedServices or internals.distributedServices or { };

  # clan-core's evaluations of service modules by its internal key, some of them still wrapped by the module system.
  evaluations =
    config._services.allServices or config._services.mappedServices or distributed.importedModulesEvaluated;
  unwrap = e: if e ? extendModules && e ? config then e.config else e;

  # Before clan-core kept the final settings, it only handed them to `perMachine`. A module that listens there gets them.
  listener.perMachine =
    { instances, lib, ... }:
    { options.conformance = lib.mkOption { default = instances; }; };
  overheard =
    key:
    if distributed ? servicesEval then
      (distributed.servicesEval.extendModules {
        modules = [ { mappedServices.${key} = listener; } ];
      }).config.mappedServices.${key}
    else
      (evaluations.${key}.extendModules { modules = [ listener ]; }).config;
in
rec {
  inventory = config.inventory or class.inventory or internals.inventory;

  services = builtins.mapAttrs (_: unwrap) evaluations;

  exports = config.exports or distributed.exports or null;

  hasFinal = member: member ? finalSettings;

  # The settings of one member, as clan-core evaluates them. Two memberships of a machine are two evaluations: it is slow.
  settings =
    key: instance: role: machine:
    let
      member = services.${key}.instances.${instance}.roles.${role}.machines.${machine};
      heard =
        (overheard key).result.allMachines.${machine}.conformance.${instance}.roles.${role}.machines.${machine}.settings;
    in
    if hasFinal member then member.finalSettings.config else removeAttrs heard [ "__functor" ];
}
