{
  outputs = _: {
    clan = {
      clanInternals = { };
      directory = ./.;
      _services.allServices.self-vpn = {
        manifest = { name = "vpn"; exports.out = [ "networking" "peer" ]; };
        roles.peer = { };
        instances.vpn.roles.peer.machines = builtins.listToAttrs (map (name: { inherit name; value.finalSettings.config = { }; }) [ "server" "laptop" ]);
      };
      inventory.machines = { server = { }; laptop = { }; };
      inventory.instances.vpn = { module = { name = "vpn"; input = "self"; }; roles.peer.machines = { server = { }; laptop = { }; }; };
      modules.vpn.roles.peer = { };
      exports = {
        "vpn:vpn::".networking = { priority = 900; module = "clan_lib.network.direct"; };
        "vpn:vpn:peer:server".peer = { name = "peer"; port = 22; hosts = [ { plain = "192.0.2.1"; } ]; };
        "vpn:vpn:peer:laptop".peer.hosts = [ { plain = throw "no address"; } ]; #! export-failed
        "vpn:vpn:peer:laptop".peer.hosts = [ { plain = "192.0.2.2"; } ]; #+
      };
    };
  };
}
