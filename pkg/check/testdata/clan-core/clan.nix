{
  meta.name = "example";
  meta.domain = "example.org";
  modules.typed = ./typed.nix;
  # Not yet: ./spare.nix
  modules.spare = ./spare.nix; #! missing-module

  inventory.machines.server = { };
  inventory.machines."web.example.org" = { }; #! invalid-host-name
  inventory.machines.laptop = { };
  inventory.machines.phone = { };
  inventory.machines.mini.machineClass = "darwin";

  inventory.services.importer.main.roles.default.machines = [ "server" ]; #! dropped-services

  inventory.instances = {
    first.module = {
      input = "a";
      name = "b-c";
    };
    second.module = { #! key-collision
      input = "a-b"; #! -
      name = "c"; #! -
    }; #! -
    second.module = { #+
      input = "a"; #+
      name = "b-c"; #+
    }; #+

    explicit.module = { #! split-service
      input = "clan-core"; #! -
      name = "hello-world"; #! -
    }; #! -
    implicit.module.name = "hello-world";

    sshd.roles.server.machines.mini = { }; #! idle-macs
    admin.roles.default.machines.server = { }; #! deprecated-module
    admin.roles.default.machines.server.settings.deprecationWarning = false; #+
    extra.module.name = "sshd";
    extra.roles.server.machines.server = { };
    extra.roles.server.extraModules = [ "flake.nix" ./nowhere.nix ]; #! missing-file
    extra.roles.server.extraModules = [ "flake.nix" ./flake.nix ]; #+
    sshd.roles.server.machines.server = { }; #+

    typed.module.input = "self";
    typed.roles.peer = {
      machines.server.settings.user = 0; #! invalid-setting
      machines.laptop.settings.usr = "root"; #! unknown-setting
      machines.phone = { }; #! missing-setting
      machines.phnoe.settings.usr = 1; #! unknown-machine
      machines.phone.settings.port = 22; #+
      machines.server.settings.port = 22;
    };
    typed.roles.old.machines.server = { }; #! refused-role
    typed-again.module = { #! too-many-instances
      input = "self"; #! -
      name = "typed"; #! -
    }; #! -
  };
}
