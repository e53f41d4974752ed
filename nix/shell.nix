# What `make demo` and `make test` need, the shells in which completion is tried among them, and what formats and lints.
{
  mkShell,
  clanctl,
  fish,
  git,
  gnumake,
  golangci-lint,
  gopls,
  nix,
  nixfmt,
  zsh,
}:
mkShell {
  packages = [
    # The Go that go.mod asks for.
    clanctl.go
    fish
    git
    gnumake
    golangci-lint
    gopls
    nix
    nixfmt
    zsh
  ];
}
