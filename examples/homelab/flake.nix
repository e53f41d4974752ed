{
  description = "A homelab as a clan: an inventory and the services that it uses, in a plain flake";

  # A flake of its own, below this one. clan services from elsewhere are inputs in just the same way. There is no flake.lock
  # here: Nix versions write and read the locks of relative paths differently, and a path below the flake needs none.
  inputs.services.url = "path:./services";

  outputs =
    { self, services }:
    let
      # The part of the inventory that programs write, such as `clanctl roles add`. With clan-core this is done for you.
      inventory =
        if builtins.pathExists ./inventory.json then
          merge (import ./inventory.nix) (builtins.fromJSON (builtins.readFile ./inventory.json))
        else
          import ./inventory.nix;

      # Sets merge and lists are joined. A plain value of Nix's stays.
      merge = nix: json: nix // json // builtins.mapAttrs (name: value: both nix.${name} value) (builtins.intersectAttrs nix json);
      both =
        a: b:
        if builtins.isAttrs a && builtins.isAttrs b then
          merge a b
        else if builtins.isList a && builtins.isList b then
          a ++ b
        else
          a;
    in
    {
      inherit inventory;

      # The homelab's own service, for `module.input = "self"`.
      clan.modules.status-page = import ./modules/status-page.nix;
    };
}
