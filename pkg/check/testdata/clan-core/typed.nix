{
  _class = "clan.service";
  manifest.name = "typed";
  manifest.constraints.maxInstances = 1; #! -
  # Taken away, but for what to use instead; an assertion that hangs on the machine says nothing here.
  roles.old.perInstance = _: {
    nixosModule =
      { config, pkgs, ... }:
      {
        assertions = [
          { assertion = config.services.openssh.enable; message = "needs ssh"; }
          { assertion = false; message = "use the role peer"; }
        ];
        environment.systemPackages = [ pkgs.hello ];
      };
  };
  roles.peer.interface =
    { lib, ... }:
    {
      options.port = lib.mkOption { type = lib.types.port; };
      options.user = lib.mkOption {
        type = lib.types.str;
        default = "root";
      };
      # Nobody sets these: a removed one, also inside a submodule, is no setting; a default that fails is a note.
      options.hidden = lib.mkOption {
        visible = false;
        default = throw "removed";
      };
      options.jobs = lib.mkOption {
        type = lib.types.attrsOf (
          lib.types.submodule {
            options.hidden = lib.mkOption {
              visible = false;
              default = throw "removed";
            };
          }
        );
        default.nightly = { };
      };
      options.derived = lib.mkOption {
        type = lib.types.str;
        default = throw "no default here"; #! setting-failed
        default = "x"; #+
      };
    };
}
