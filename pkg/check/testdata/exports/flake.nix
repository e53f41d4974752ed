{
  outputs = _: {
    clan =
      let
        all = names: value: builtins.listToAttrs (map (name: { inherit name value; }) names);
        members = all [ "laptop" "server" ] { finalSettings.config = { }; };
        service = name: exports: {
          manifest = { inherit name exports; };
          roles = { peer = { }; controller = { }; };
          instances = all [ name (name + "2") ] { roles = { peer.machines = members; controller.machines = members; }; };
        };
        module = name: { inherit name; input = "self"; };
        var = m: { machine = m; generator = "vpn"; file = "ip"; flake = ./.; };
        inventory = {
          machines.laptop = { };
          machines.server = { };
          machines.lonely = { }; #! unreachable-machine
          machines.lonely.deploy.targetHost = "lonely.example"; #+
          instances.vpn.module = module "vpn"; #! var-not-generated
          instances.vpn.module = module "vpn"; #+
          instances.vpn.roles.peer.machines.laptop = { };
          instances.vpn.roles.controller.machines.server = { }; #! single-controller
          instances.vpn.roles.controller.machines = { server = { }; laptop = { }; }; #+
          instances.vpn2 = { module = module "vpn"; roles.peer.machines.server = { }; }; #! unread-export
          instances.web = { module = module "web"; roles.peer.machines.server = { }; }; #! duplicate-endpoint
          instances.web = { module = module "web"; roles.peer.machines.server = { }; }; #+
          instances.web2 = { module = module "web"; roles.peer.machines.laptop = { }; };
          instances.dns = { module = module "dns"; roles.peer.machines.server = { }; }; #! missing-export
        };
      in
      {
        clanInternals = { };
        directory = ./.;
        inventory = inventory // {
          options = builtins.mapAttrs (_: value: { definitionsWithLocations = [ { file = toString ./flake.nix; inherit value; } ]; }) inventory;
        };
        _services.allServices = {
          self-vpn = service "vpn" { out = [ "networking" "peer" "own" ]; inputs = [ "endpoints" ]; };
          self-web = service "web" { out = [ "endpoints" ]; };
          self-dns = service "dns" { inputs = [ "zones" ]; };
        };
        modules = all [ "vpn" "web" "dns" ] { roles = { peer = { }; controller = { }; }; };
        exports = {
          "vpn:vpn::".networking = { priority = 900; module = "clan_lib.network.direct"; };
          "vpn:vpn:controller:server".peer.hosts = [ { plain = "192.0.2.1"; } ]; #+
          "vpn:vpn:peer:laptop".peer.hosts = [ { var = var "laptop"; } ]; #+
          "vpn:vpn:controller:server".peer.hosts = [ { plain = throw "no address"; } { var = var "laptop"; } ]; #! export-failed
          "vpn:vpn:peer:laptop".peer.hosts = [ { var = var "laptop"; } { var = var "nobody"; } ]; #! -
          "vpn:vpn2:peer:server".own = 1; #! -
          "web:web:peer:server".endpoints.hosts = [ "files.example" ];
          "web:web2:peer:laptop".endpoints.hosts = [ "files.example" ]; #! -
        };
      };
  };
}
