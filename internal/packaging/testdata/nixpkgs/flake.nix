{
  description = "What our flake uses of nixpkgs, as stand-ins: enough to evaluate it, nothing that builds";

  outputs =
    { self }:
    let
      systems = [
        "x86_64-linux"
        "aarch64-linux"
        "x86_64-darwin"
        "aarch64-darwin"
      ];
    in
    {
      lib = import ./lib.nix;
      legacyPackages = self.lib.genAttrs systems (import ./packages.nix);
    };
}
