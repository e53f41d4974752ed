{
  description = "Ask what a clan flake describes: which machine runs what, with which settings, from which module, and why";

  # The last release with x86_64-darwin.
  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";

  # Of this only the builder is used, with our nixpkgs.
  inputs.gomod2nix = {
    url = "github:nix-community/gomod2nix";
    flake = false;
  };

  outputs =
    {
      self,
      nixpkgs,
      gomod2nix,
    }:
    let
      inherit (nixpkgs) lib;

      systems = [
        "x86_64-linux"
        "aarch64-linux"
        "x86_64-darwin"
        "aarch64-darwin"
      ];
      eachSystem = f: lib.genAttrs systems (system: f nixpkgs.legacyPackages.${system});

      # The newest heading of the changelog: the version, in the commit that releases it; "Unreleased" everywhere else.
      heading = builtins.head (
        builtins.elemAt (builtins.split "\n## \\[([^]]*)]" (builtins.readFile ./CHANGELOG.md)) 1
      );
      version =
        if heading != "Unreleased" then
          heading
        else
          "0-unstable-${self.lastModifiedDate or "19700101"}-${self.shortRev or self.dirtyShortRev or "dirty"}";

      packagesFor =
        pkgs:
        let
          inherit (pkgs.callPackage (gomod2nix + "/builder") { gomod2nix = null; }) buildGoApplication;
        in
        rec {
          # Runs the Nix that is in PATH.
          clanctl = pkgs.callPackage ./nix/package.nix { inherit version buildGoApplication; };
          # Brings its own, for images and machines without one.
          clanctl-with-nix = clanctl.override { withNix = pkgs.nix; };
        };
    in
    {
      packages = eachSystem (
        pkgs:
        let
          packages = packagesFor pkgs;
        in
        packages // { default = packages.clanctl; }
      );

      overlays.default = final: _: packagesFor final;

      lib = {
        # What adds `clanctl check` to a flake's checks: { pkgs, src, inputs, ... }, see nix/check.nix.
        check =
          { pkgs, ... }@args:
          import ./nix/check.nix {
            inherit (pkgs) runCommand;
            clanctl = self.packages.${pkgs.stdenv.hostPlatform.system}.clanctl-with-nix;
          } (removeAttrs args [ "pkgs" ]);

        # For git-hooks.nix: settings.hooks.clanctl = clanctl.lib.gitHook pkgs;
        gitHook = pkgs: {
          enable = true;
          name = "clanctl check";
          description = "List all that is wrong with the clan, and where";
          entry = "${lib.getExe self.packages.${pkgs.stdenv.hostPlatform.system}.clanctl} check";
          files = "(\\.nix$|(^|/)inventory\\.json$|(^|/)flake\\.lock$|(^|/)\\.clanctl\\.json$)";
          pass_filenames = false;
        };
      };

      # For flake-parts: imports = [ inputs.clanctl.flakeModules.default ];
      flakeModules.default =
        { inputs, ... }:
        {
          perSystem =
            { pkgs, ... }:
            {
              checks.clan = self.lib.check {
                inherit pkgs inputs;
                src = inputs.self;
              };
            };
        };

      apps = eachSystem (
        pkgs:
        let
          package = self.packages.${pkgs.stdenv.hostPlatform.system}.clanctl;
        in
        rec {
          clanctl = {
            type = "app";
            program = lib.getExe package;
            meta.description = package.meta.description;
          };
          default = clanctl;
        }
      );

      devShells = eachSystem (pkgs: {
        default = pkgs.callPackage ./nix/shell.nix {
          inherit (self.packages.${pkgs.stdenv.hostPlatform.system}) clanctl;
        };
      });

      checks = eachSystem (
        pkgs:
        pkgs.callPackages ./nix/checks.nix {
          inherit (self.packages.${pkgs.stdenv.hostPlatform.system}) clanctl clanctl-with-nix;
        }
      );

      formatter = eachSystem (pkgs: pkgs.callPackage ./nix/formatter.nix { });
    };
}
