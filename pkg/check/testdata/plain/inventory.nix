{
  meta.name = builtins.trace "evaluation warning: old name" "example"; #!? nix-warning
  meta.description = assert false; ""; #! evaluation-failed

  machines = {
    laptop.tags = [ "mobile" ];
    phone.tags = [ "mobile" ];
    server.description = throw "not written"; #! machine-failed
    server.class = "nixos"; #+
  };

  tags = {
    all = [ "laptop" "server" ]; #! replaced-tag
    backup = [ "server" ];
    backup-old = [ "server" ]; #! unused-tag
    night = [ "laptop" ]; #! -
    none = [ ]; #! -
    some = [ "laptop" ]; #+
    trains = [ "phone" "phoen" ]; #! ghost-tag-member
    trains = [ "phone" ]; #+
  };

  instances = {
    web.roles.server = {
      machines.server = { };
      machines.sevrer = { }; #! unknown-machine
      tags.backup = { };
      tags.trains = { };
      tags.mobil = { }; #! unknown-tag
      tags.none = { }; #! empty-tag
      tags.some = { }; #+
    };
    web.roles.client = { }; #! role-without-members
    web-again.module.name = "web";
    web-again.roles.client.machines = { };
    web-again.roles.server.tags = [ ];
    extra.module.name = "web";
    extra.roles.server = {
      machines.server = { };
      extraModules = [ ./modules.nix (_: { }) "flake.nix" { imports = [ ./nowhere.nix ]; } ]; #! missing-file
      extraModules = [ ./modules.nix (_: { }) "flake.nix" { imports = [ ./modules.nix ]; } ]; #+
    };
    limited.roles.spare = { };
    limited.roles.guest.machines.phone = { };
    limited.roles.guest.extraModules = [ { } (throw "not there") ]; #! extra-modules-failed
    limited.roles.night.tags.nigth = { }; #! unknown-tag
    limited.roles.night.settings.port = 80; #! -

    idle.module.name = "web";
    idle.roles.server.settings.port = 80; #! unchecked-settings

    from-nowhere.module = {
      name = "web";
      input = "othre"; #! unknown-input
    };
    from-elsewhere.module = {
      name = "web";
      input = "other"; #! input-without-services
    };
    misnamed.module.name = "wbe"; #! unknown-module
    removed.module = {
      input = "gone";
      name = "old"; #! removed-module
      name = "new"; #+
    };
    broken.roles.server.machines.server = { };
    described.roles.server.machines.server = { };
    unknown-role.module.name = "web";
    unknown-role.roles.sever.machines.server = { }; #! unknown-role

    limited.roles.boss = { #! too-many-machines
    limited.roles.boss = { #+
      machines.server = { };
      machines.laptop = { }; #! -
    };
    limited.roles.crew.machines.laptop = { }; #! too-few-machines
    limited.roles.crew.tags.mobile = { }; #+

    settings.module.name = "web";
    settings.roles.server = {
      machines.phone.settings.port = 80; #+
      machines.laptop.settings.port = 80; #! conflict
      machines.server.settings = throw "not decided"; #! settings-failed
      settings.port = 8080; #! -
      settings.user = throw "not decided"; #! setting-failed
      settings.pkgs = { _type = "pkgs"; callPackage = null; }; #! not-representable
    };
  };
}
