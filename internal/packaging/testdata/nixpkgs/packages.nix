system:
let
  lib = import ./lib.nix;

  # Lists become words, as in nixpkgs; what is no environment variable stays outside.
  mkDerivation =
    attrs:
    let
      variables = removeAttrs attrs [
        "meta"
        "passthru"
      ];
      env = builtins.mapAttrs (
        _: value: if builtins.isList value then toString value else value
      ) variables;
    in
    builtins.derivation (
      env
      // {
        name = attrs.name or "${attrs.pname}-${attrs.version}";
        inherit system;
        builder = "/bin/sh";
      }
    )
    // {
      inherit attrs;
      meta = attrs.meta or { };
      overrideAttrs = change: mkDerivation (attrs // change attrs);
    }
    // builtins.intersectAttrs {
      pname = null;
      version = null;
    } attrs
    // (attrs.passthru or { });

  package = pname: mkDerivation {
    inherit pname;
    version = "1";
  };

  platform = {
    inherit system;
    canExecute = _: true;
  };

  packages = {
    inherit lib;
    stdenv = {
      inherit mkDerivation;
      buildPlatform = platform;
      hostPlatform = platform;
    };
    runCommand =
      name: env: buildCommand:
      mkDerivation (env // { inherit name buildCommand; });
    mkShell = attrs: mkDerivation ({ name = "shell"; } // attrs);
    writeShellApplication = attrs: mkDerivation (attrs // { meta.mainProgram = attrs.name; });

    callPackage = call;
    callPackages = file: args: removeAttrs (call file args) [ "override" ];
  }
  // lib.genAttrs [
    "fish"
    "git"
    "gnumake"
    "go"
    "go-tools"
    "golangci-lint"
    "gopls"
    "installShellFiles"
    "makeWrapper"
    "nix"
    "nixfmt"
    "zsh"
  ] package;

  call =
    file: args:
    let
      f = import file;
      result = f (builtins.intersectAttrs (builtins.functionArgs f) packages // args);
    in
    # On whatever comes back, as in nixpkgs: a set of packages then has a member that is none.
    result // { override = other: call file (args // other); };
in
packages
