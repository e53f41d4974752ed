# Options of all types whose values JSON can carry.
{
  _class = "clan.service";
  manifest.name = "option-types";
  roles.all.interface =
    { lib, config, ... }:
    let
      inherit (lib) mkOption types;
      tree = types.submodule {
        options.value = mkOption {
          type = types.int;
          default = 0;
        };
        options.branches = mkOption {
          type = types.attrsOf tree;
          default = { };
        };
      };
      json = types.nullOr (
        types.oneOf [
          types.bool
          types.int
          types.float
          types.str
          (types.attrsOf json)
          (types.listOf json)
        ]
      ) // { description = "anything that JSON has"; };
    in
    {
      imports = [ (lib.mkRenamedOptionModule [ "renamed" ] [ "name" ]) ];
      freeformType = types.attrsOf types.str;
      config.written = lib.mkDefault 7;
      options = {
        # What mkRenamedOptionModule needs.
        warnings = mkOption {
          type = types.listOf types.str;
          default = [ ];
          internal = true;
        };
        name = mkOption {
          type = types.str;
          default = "n";
        };
        depends = mkOption {
          type = types.str;
          default = config.name;
          defaultText = lib.literalExpression "config.name";
        };
        written = mkOption { type = types.int; };
        tree = mkOption {
          type = tree;
          default = { };
        };
        json = mkOption {
          type = json;
          default = null;
        };
        coerced = mkOption { type = types.coercedTo types.str (s: [ s ]) (types.listOf types.str); };
        tag = mkOption {
          type = types.nullOr (
            types.attrTag {
              number = mkOption { type = types.int; };
              text = mkOption { type = types.str; };
            }
          );
          default = null;
        };
        either = mkOption {
          type = types.either (types.submodule { options.x = mkOption { type = types.int; }; }) types.str;
        };
        number = mkOption {
          type = types.number;
          default = 1.5;
        };
        between = mkOption {
          type = types.numbers.between 0.5 1.5;
          default = 1;
        };
        positive = mkOption {
          type = types.ints.positive;
          default = 1;
        };
        byte = mkOption {
          type = types.ints.s8;
          default = -128;
        };
        atLeastOne = mkOption { type = types.nonEmptyListOf types.nonEmptyStr; };
        once = mkOption {
          type = types.uniq (types.listOf types.port);
          default = [ 22 ];
        };
        word = mkOption {
          type = types.strMatching "[[:alpha:]]+(-[a-z]+)*";
          default = "Two-words";
        };
        file = mkOption {
          type = types.path;
          default = "/etc";
        };
        text = mkOption {
          type = types.lines;
          default = "a\nb\n";
        };
        nothing = mkOption {
          type = types.nullOr types.package;
          default = null;
        };
        open = mkOption {
          default = { };
          type = types.submodule {
            freeformType = types.attrsOf types.int;
            options.port = mkOption {
              type = types.port;
              default = 1;
            };
          };
        };
        "odd \"name\${x}" = mkOption {
          type = types.enum [
            "a"
            1
            null
          ];
          default = "a";
        };
      };
    };
}
