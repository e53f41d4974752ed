{
  outputs = _: {
    inventory = { };
    clan.modules = import ./modules.nix;
  };
}
