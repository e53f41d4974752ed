# What clan-core itself says of its services: { NAME = { manifest; roles; schemas; }; }. Null where it has no function to ask.
target:
let
  core = target.inputs.clan-core;
  evalService = core.clanLib.evalService or null;
  deprecated = core.clan.deprecatedModules or [ ];
  names = builtins.filter (name: !(builtins.elem name deprecated)) (builtins.attrNames core.clan.modules);
  describe =
    name:
    let
      service =
        (evalService {
          modules = [
            core.clan.modules.${name}
            # Without it clan's conversion dies on an interface that uses it.
            { _module.args.meta = target.clan.inventory.meta or { }; }
          ];
          prefix = [ name ];
        }).config;
      known = attrs: builtins.intersectAttrs (builtins.listToAttrs (map (name: { inherit name; value = null; }) attrs));
    in
    {
      manifest = known [ "name" "description" "categories" ] service.manifest;
      roles = builtins.mapAttrs (_: role: role.description or null) service.roles;
      schemas = builtins.mapAttrs (
        _: schema:
        let
          whole = builtins.tryEval (builtins.deepSeq schema schema);
        in
        if whole.success then whole.value else null
      ) (service.result.api.schema or { });
    };
in
if evalService == null then
  null
else
  builtins.listToAttrs (map (name: { inherit name; value = describe name; }) names)
