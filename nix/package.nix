# clanctl: a static program, with completions and the manual page that it prints itself.
{
  lib,
  stdenv,
  buildGoApplication,
  installShellFiles,
  makeWrapper,
  version,
  # A Nix to run instead of the one in PATH.
  withNix ? null,
}:
buildGoApplication {
  pname = "clanctl";
  inherit version;

  src = lib.fileset.toSource {
    root = ../.;
    fileset = lib.fileset.unions [
      ../go.mod
      ../go.sum
      ../cmd
      ../docs/docs.go
      ../docs/findings.md
      ../internal
      ../pkg
    ];
  };
  # Where go.mod and gomod2nix.toml are.
  pwd = ../.;
  subPackages = [ "cmd/clanctl" ];

  CGO_ENABLED = 0;
  # As in the Makefile.
  tags = [ "urfave_cli_no_docs" ];
  ldflags = [
    "-s"
    "-w"
    "-buildid="
    "-X github.com/clanctl/clanctl/internal/cli.version=${version}"
  ];

  # They need Nix and more of the sources: checks.tests runs them.
  doCheck = false;

  nativeBuildInputs = [ installShellFiles ] ++ lib.optional (withNix != null) makeWrapper;

  postInstall =
    lib.optionalString (stdenv.buildPlatform.canExecute stdenv.hostPlatform) ''
      for shell in bash zsh fish; do
        $out/bin/clanctl completion $shell > clanctl.$shell
      done
      installShellCompletion --cmd clanctl --bash clanctl.bash --zsh clanctl.zsh --fish clanctl.fish
      for page in $($out/bin/clanctl man --names); do
        $out/bin/clanctl man $page > $page.1
        installManPage $page.1
      done
    ''
    + lib.optionalString (withNix != null) ''
      wrapProgram $out/bin/clanctl --prefix PATH : ${lib.makeBinPath [ withNix ]}
    '';

  meta = {
    description = "Ask what a clan flake describes: which machine runs what, with which settings, from which module, and why";
    homepage = "https://github.com/clanctl/clanctl";
    license = lib.licenses.mit;
    mainProgram = "clanctl";
    platforms = lib.platforms.unix;
  };
}
