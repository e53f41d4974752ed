{
  outputs = _: {
    clan = {
      clanInternals = { };
      directory = ./.;
      _services.allServices.self-vpn = { manifest.name = "vpn"; roles.peer = { }; instances.vpn.roles.peer.machines.server.finalSettings.config = { }; };
      inventory.machines.server = { };
      inventory.instances.vpn = { module = { name = "vpn"; input = "self"; }; roles.peer.machines.server = { }; };
      modules.vpn.roles.peer = { };
      exports = throw "no exports"; #! exports-failed
      exports = { }; #+
    };
  };
}
