# What `nix flake check` builds.
{
  lib,
  runCommand,
  clanctl,
  clanctl-with-nix,
  git,
  go-tools,
  nix,
}:
let
  # Nix in a build has no daemon, no home and no network.
  nixInBuild = ''
    export HOME=$TMPDIR/home NIX_REMOTE=$TMPDIR/nix-root
    mkdir -p $HOME
  '';

  # The whole source, built the same way, with something else to do than to install.
  inSource =
    name: phase:
    clanctl.overrideAttrs (old: {
      pname = "clanctl-${name}";
      src = ../.;
      nativeBuildInputs = old.nativeBuildInputs ++ [
        git
        go-tools
        nix
      ];
      buildPhase = ''
        runHook preBuild
        ${nixInBuild}
        # As for the program's version, but for tests to find their files.
        export GOFLAGS=-mod=vendor
        # A repository, as a checkout is.
        git init --quiet
        git add --all ':!vendor'
        ${phase}
        runHook postBuild
      '';
      installPhase = "touch $out";
      postInstall = "";
      dontFixup = true;
    });
in
{
  # The program as it is installed, with its completions, its manual page and the version it says.
  package = runCommand "clanctl-package" { } ''
    test "$(${lib.getExe clanctl} --version)" = "clanctl version ${clanctl.version}"
    for file in bash-completion/completions/clanctl.bash zsh/site-functions/_clanctl fish/vendor_completions.d/clanctl.fish man/man1/clanctl.1.gz; do
      test -s ${clanctl}/share/$file
    done
    touch $out
  '';

  tests = inSource "tests" "go test ./...";

  lint = inSource "lint" ''
    test -z "$(gofmt -l cmd conformance examples internal pkg)"
    go vet ./...
    staticcheck ./...
  '';

  # The Nix that is embedded in the program, read by this nixpkgs' Nix.
  reader = runCommand "clanctl-reader" { nativeBuildInputs = [ nix ]; } ''
    ${nixInBuild}
    for file in ${../internal/reader/nix}/*.nix; do
      nix-instantiate --parse "$file" > /dev/null
    done
    test "$(nix-instantiate --eval --expr 'builtins.typeOf (import ${../internal/reader/nix}/reader.nix { })')" = '"lambda"'
    touch $out
  '';

  # The document of the example is the one that the tests know.
  example = runCommand "clanctl-example" { nativeBuildInputs = [ clanctl-with-nix ]; } ''
    ${nixInBuild}
    cp -r ${../examples/homelab} homelab
    (cd homelab && clanctl eval --offline) > got
    sed "s|\$WORK|$PWD|" ${../cmd/clanctl/testdata/homelab.json} > want
    diff want got
    touch $out
  '';
}
