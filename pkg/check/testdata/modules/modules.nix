# What is wrong with service modules, for their authors.
{
  good = {
    manifest = {
      name = "good";
      readme = "How to use it.";
      constraints.maxInstances = 1;
      constraints.roles.one = {
        minMachines = 1;
        maxMachines = 1;
      };
    };
    roles.one = {
      description = "A role";
      interface =
        { lib, ... }:
        {
          options.word = lib.mkOption { type = lib.types.str; };
          options.hidden = lib.mkOption {
            type = lib.types.package;
            visible = false;
          };
          options.tree = lib.mkOption { type = lib.types.nullOr (lib.types.attrsOf lib.types.anything); };
        };
      perInstance = { ... }: { };
    };
    roles.two = {
      description = "A role";
      interface = { };
      perInstance = { ... }: { };
    };
  };

  file = ./good.nix;

  perMachine = {
    manifest.name = "perMachine";
    manifest.readme = "How to use it.";
    roles.a.description = "A role";
    roles.a.interface = { };
    perMachine = { ... }: { };
  };

  nameless = {
    manifest = {
      description = "Has no name"; #! module-without-name
      name = "nameless"; #+
      readme = "How to use it.";
    };
    roles.r = {
      description = "A role";
      interface = { };
      perInstance = { ... }: { };
    };
  };

  unread = {
    manifest.name = "unread"; #! module-without-readme
    manifest.name = "unread"; #+
    manifest.readme = "How to use it."; #+
    roles.r = {
      description = "A role";
      interface = { };
      perInstance = { ... }: { };
    };
  };

  emptyReadme = {
    manifest.name = "emptyReadme"; #! module-without-readme
    manifest.name = "emptyReadme"; #+
    manifest.readme = "\n"; #! -
    manifest.readme = "How to use it."; #+
    roles.r = {
      description = "A role";
      interface = { };
      perInstance = { ... }: { };
    };
  };

  idle = {
    manifest.name = "idle";
    manifest.readme = "How to use it.";
    roles.r = { #! role-without-behaviour
      description = "Does nothing"; #! -
      interface = { }; #! -
    }; #! -
    roles.q = { #! role-without-interface
      description = "A role"; #! -
      perInstance = { ... }: { }; #! -
    }; #! -
    roles.r = { #+
      description = "A role"; #+
      interface = { }; #+
      perInstance = { ... }: { }; #+
    }; #+
  };

  foreign = {
    manifest.name = "foreign";
    manifest.readme = "How to use it.";
    roles.r.description = "A role";
    roles.r.perInstance = { ... }: { };
    roles.r.interface =
      { lib, ... }:
      {
        options.package = lib.mkOption { type = lib.types.package; }; #! interface-not-json
        options.hooks.run = lib.mkOption { type = lib.types.functionTo lib.types.str; }; #! interface-not-json
        options.all = lib.mkOption { #! interface-not-json
          type = lib.types.attrsOf (lib.types.nullOr lib.types.package); #! -
        }; #! -
        options.x = lib.mkOption { type = lib.types.str; };
      };
  };

  constrained = {
    manifest.name = "constrained";
    manifest.readme = "How to use it.";
    manifest.constraints.roles.r.minMachines = 2; #! impossible-constraint
    manifest.constraints.roles.r.maxMachines = 1; #! -
    roles.r = {
      description = "A role";
      interface = { };
      perInstance = { ... }: { };
    };
  };

  terse = {
    manifest.name = "terse";
    manifest.readme = "How to use it.";
    roles.r = { #! role-without-description
      interface = { }; #! -
      perInstance = { ... }: { }; #! -
    }; #! -
    roles.r = { #+
      description = "A role"; #+
      interface = { }; #+
      perInstance = { ... }: { }; #+
    }; #+
  };

  misspelt = {
    manifest.name = "misspelt";
    manifest.readme = "How to use it.";
    manifest.constraints.roles.sever.maxMachines = 1; #! constraint-of-unknown-role
    roles.server = {
      description = "A role";
      interface = { };
      perInstance = { ... }: { };
    };
  };

  unmeetable = {
    manifest.name = "unmeetable";
    manifest.readme = "How to use it.";
    manifest.constraints.roles.sever.minMachines = 1; #! impossible-constraint
    roles.server = {
      description = "A role";
      interface = { };
      perInstance = { ... }: { };
    };
  };

  forbidden = {
    manifest.name = "forbidden";
    manifest.readme = "How to use it.";
    manifest.constraints.maxInstances = 0; #! impossible-constraint
    roles.r = {
      description = "A role";
      interface = { };
      perInstance = { ... }: { };
    };
  };

  failing = {
    manifest.name = "failing";
    manifest.readme = "How to use it.";
    roles.r = { #! interface-failed
      description = "A role"; #! -
      interface = throw "not today"; #! -
      perInstance = { ... }: { }; #! -
    }; #! -
    roles.s = {
      description = "A role";
      interface = { };
      perInstance = { ... }: { };
    };
  };
}
