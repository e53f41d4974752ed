rec {
  genAttrs =
    names: f:
    builtins.listToAttrs (
      map (name: {
        inherit name;
        value = f name;
      }) names
    );
  optional = wanted: value: if wanted then [ value ] else [ ];
  optionalString = wanted: text: if wanted then text else "";
  makeBinPath = packages: builtins.concatStringsSep ":" (map (p: "${p}/bin") packages);
  getExe = package: "${package}/bin/${package.meta.mainProgram}";
  licenses.mit.spdxId = "MIT";
  platforms.unix = [ ];

  # A file that is named and not there is an error, as in nixpkgs.
  fileset = {
    unions = map (path: if builtins.pathExists path then path else throw "${toString path} does not exist");
    toSource = { root, fileset }: builtins.seq (builtins.length fileset) "${toString root}";
  };
}
