# What the clan-core at hand can express. Each feature is a small clan: where it evaluates, the feature is there.
inputs:
let
  inherit (builtins) attrNames mapAttrs toJSON tryEval;
  make = import ./make.nix inputs;

  endsWith =
    suffix: s:
    let
      n = builtins.stringLength s - builtins.stringLength suffix;
    in
    n >= 0 && builtins.substring n (-1) s == suffix;

  # All settings of all members and what else a case may use, forced.
  answers =
    modules:
    let
      made = make modules;
      clan = import ./layout.nix {
        inherit (made.config or made) clanInternals;
        clan = made.config or made.clan;
      };
    in
    toJSON (
      mapAttrs (
        key: service:
        if endsWith "-nothing" key then
          null
        else
        mapAttrs (
          instance: i:
          mapAttrs (role: r: mapAttrs (machine: _: clan.settings key instance role machine) r.machines) i.roles
        ) service.instances
      ) clan.services
    )
    + toJSON (mapAttrs (_: i: mapAttrs (_: r: r.tags or null) i.roles or { }) clan.inventory.instances)
    + toJSON (
      mapAttrs (_: m: [
        m.tags
        m.machineClass or null
        m.installedAt or null
        m.deploy or null
      ]) clan.inventory.machines
    )
    + toJSON clan.inventory.meta;

  works = modules: (tryEval (builtins.stringLength (answers modules))).success;

  base = {
    meta.name = "features";
    inventory.machines.m = { };
  };
  domain = works [ base { meta.domain = "example.org"; } ];
  # What every further clan needs.
  needed = [ base ] ++ (if domain then [ { meta.domain = "example.org"; } ] else [ ]) ++ (
    if versionCheck then [ { checks.minNixpkgsVersion.ignore = true; } ] else [ ]
  );
  versionCheck = works [ base { checks.minNixpkgsVersion.ignore = true; } (if domain then { meta.domain = "example.org"; } else { }) ];

  plain = {
    _class = "clan.service";
    manifest.name = "plain";
    roles.r.interface =
      { lib, ... }:
      {
        options.x = lib.mkOption { default = 1; };
      };
  };
  # Of `service`, placed and named as this clan-core wants it.
  modules = works (needed ++ [ { modules.s = plain; } (instance { input = null; }) ])
    || works (needed ++ [ { modules.s = plain; } (instance { input = "self"; }) ]);
  self = works (needed ++ [ (offer plain) (instance { input = "self"; }) ]);
  offer = service: if modules then { modules.s = service; } else { inventory.modules.s = service; };
  instance = module: {
    inventory.instances.i = {
      module = { name = "s"; } // module;
      roles.r.machines.m = { };
    };
  };
  own = { input = if self then "self" else null; };

  clan = more: works (needed ++ [ (offer plain) (instance own) more ]);
  service = more: works (needed ++ [ (offer (plain // more)) (instance own) ]);
  manifest = more: service { manifest = plain.manifest // more; };
in
{
  features = {
    inherit domain versionCheck modules self;
    # Before, an inventory had services only.
    instances = service { };
    # An instance that names no module means the service of its own name.
    nameless = works (
      needed ++ [ (offer plain) { inventory.instances.s = { module = { inherit (own) input; }; roles.r.machines.m = { }; }; } ]
    );
    # clan-core's own services, with and without naming the input.
    coreServices =
      (inputs.clan-core.clan.modules or { }) ? hello-world
      && works (needed ++ [ { inventory.instances.i = { module = { name = "hello-world"; input = "clan-core"; }; roles = { }; }; } ]);
    nullIsCore =
      (inputs.clan-core.clan.modules or { }) ? hello-world
      && works (needed ++ [ { inventory.instances.i = { module.name = "hello-world"; roles = { }; }; } ]);
    noRoles = works (needed ++ [ (offer plain) { inventory.instances.i = { module = { name = "s"; } // own; }; } ]);
    # Names of services that clan-core keeps to say that they are gone.
    removedServices = (inputs.clan-core.clan.deprecatedModules or [ ]) != [ ];
    serviceFunctions = works (needed ++ [ (offer ({ ... }: plain)) (instance own) ]);
    listTags = clan { inventory.instances.i.roles.r.tags = [ "all" ]; };
    tagSettings = clan { inventory.instances.i.roles.r.tags.all.settings.x = 1; };
    dynamicTags = clan { inventory.tags = { machines, ... }: { some = attrNames machines; }; };
    extraModules = clan { inventory.instances.i.roles.r.extraModules = [ { } ]; };
    extraFunctions = clan { inventory.instances.i.roles.r.extraModules = [ ({ ... }: { }) ]; };
    # One bad instance leaves the others alone.
    isolation = works (
      needed
      ++ [
        (offer plain)
        (instance own)
        {
          inventory.instances.bad = {
            module = { name = "nothing"; } // own;
            roles = { };
          };
        }
      ]
    );
    settingsModules = clan { inventory.instances.i.roles.r.settings = { lib, ... }: { x = lib.mkForce 1; }; };
    darwin = clan { inventory.machines.d.machineClass = "darwin"; };
    deploy = clan { inventory.machines.m.deploy.targetHost = "root@example.org"; };
    installedAt = clan { inventory.machines.m.installedAt = 1; };
    description = manifest { description = "x"; };
    categories = manifest { categories = [ "Utility" ]; };
    constraints = manifest { constraints.roles.r.maxMachines = 1; };
    roleDescription = service { roles.r = plain.roles.r // { description = "x"; }; };
    interfaceMeta = service {
      roles.r.interface =
        { lib, meta, ... }:
        {
          options.x = lib.mkOption { default = meta.name; };
        };
    };
  };
}
