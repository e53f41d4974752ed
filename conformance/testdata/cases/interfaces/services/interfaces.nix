# Interfaces in all the shapes that a module may have.
{
  _class = "clan.service";
  manifest.name = "interfaces";
  roles.file.interface = ../parts/file.nix;
  roles.none = { };
  roles.inline.interface = {
    imports = [
      (
        { lib, ... }:
        {
          options.inner = lib.mkOption {
            default = { };
            type = lib.types.submodule (
              { name, config, ... }:
              {
                options.x = lib.mkOption { type = lib.types.int; default = 1; };
                options.double = lib.mkOption { type = lib.types.int; readOnly = true; };
                config.double = config.x * 2;
              }
            );
          };
        }
      )
    ];
  };
}
