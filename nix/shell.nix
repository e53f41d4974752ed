# What `make demo` and `make test` need.
{
  mkShell,
  clanctl,
  git,
  gnumake,
  gopls,
  nix,
}:
mkShell {
  packages = [
    # The Go that go.mod asks for.
    clanctl.go
    git
    gnumake
    gopls
    nix
  ];
}
