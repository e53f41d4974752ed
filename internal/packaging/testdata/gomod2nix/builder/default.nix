# A stand-in with the shape of gomod2nix's builder: it reads the same files and takes the same arguments.
{
  stdenv,
  go,
  gomod2nix,
}:
assert gomod2nix == null;
{
  buildGoApplication =
    {
      pwd,
      src,
      modules ? pwd + "/gomod2nix.toml",
      ...
    }@attrs:
    assert builtins.pathExists (pwd + "/go.mod");
    assert (builtins.fromTOML (builtins.readFile modules)).schema == 3;
    stdenv.mkDerivation (removeAttrs attrs [ "pwd" ] // { passthru = { inherit go; }; });
}
