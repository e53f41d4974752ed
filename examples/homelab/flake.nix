{
  description = "A homelab as a clan: an inventory and the services that it uses, in a plain flake";

  # A flake of its own, below this one. clan services from elsewhere are inputs in just the same way. There is no flake.lock
  # here: Nix versions write and read the locks of relative paths differently, and a path below the flake needs none.
  inputs.services.url = "path:./services";

  outputs =
    { self, services }:
    {
      inventory = import ./inventory.nix;

      # The homelab's own service, for `module.input = "self"`.
      clan.modules.status-page = import ./modules/status-page.nix;
    };
}
