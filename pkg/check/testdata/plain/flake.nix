{
  inputs.other.url = "path:./other";
  inputs.gone.url = "path:./gone";
  outputs = inputs: {
    inventory = import ./inventory.nix;
    clan.modules = import ./modules.nix;
  };
}
