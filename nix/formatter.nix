# Formats the Go and Nix files that git knows, without those of tests, some of which are wrong on purpose.
{
  writeShellApplication,
  git,
  go,
  nixfmt,
}:
writeShellApplication {
  name = "format";
  runtimeInputs = [
    git
    go
    nixfmt
  ];
  text = ''
    cd "$(git rev-parse --show-toplevel)"
    git ls-files -z -- '*.go' | xargs -0 -r gofmt -w
    git ls-files -z -- '*.nix' ':!:**/testdata/**' | xargs -0 -r nixfmt
  '';
}
