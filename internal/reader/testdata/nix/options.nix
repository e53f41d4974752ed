let
  options = import ../../nix/options.nix (import ../../nix/helpers.nix "" { }) null { };
  interface = options.interface [ ] { } "r";
  described = declared: (interface ({ lib, ... }: { options = declared lib; })).options;
  type = t: (described (lib: { o = lib.mkOption { type = t lib.types; }; })).o.type;
  brief = o: removeAttrs o [ "declarations" "internal" "readOnly" "hidden" ];
in
{
  option = {
    got = brief (described (lib: { port = lib.mkOption { type = lib.types.int; default = 22; description = "Where."; }; })).port;
    want = { type = { name = "int"; description = "integer"; }; hasDefault = true; default = 22; description = "Where."; };
  };
  required = { got = (described (lib: { o = lib.mkOption { type = lib.types.str; }; })).o.hasDefault; want = false; };
  nested = { got = builtins.attrNames (described (lib: { a.b = lib.mkOption { type = lib.types.str; }; })).a.options; want = [ "b" ]; };
  declared-at = { got = builtins.length (described (lib: { o = lib.mkOption { type = lib.types.str; }; })).o.declarations; want = 1; };
  default-that-throws = {
    got = (described (lib: { o = lib.mkOption { type = lib.types.str; default = throw "x"; }; })).o.default;
    want = { "$clanctl" = "throws"; path = [ "options" "o" "default" ]; };
  };
  type-that-throws = {
    got = (described (lib: { o = lib.mkOption { type = throw "x"; }; other = lib.mkOption { type = lib.types.str; }; })).o.type;
    want = { "$clanctl" = "throws"; path = [ "options" "o" "type" ]; };
  };
  list = { got = (type (t: t.listOf t.str)).elem.name; want = "str"; };
  enum = { got = (type (t: t.enum [ "a" 1 ])).values; want = [ "a" 1 ]; };
  either = { got = map (a: a.name) (type (t: t.either t.str t.int)).alternatives; want = [ "str" "int" ]; };
  submodule = { got = builtins.attrNames (type (t: t.submodule { options.x = { _type = "option"; type = t.str; }; })).interface.options; want = [ "x" ]; };
  # A type inside itself ends with a reference to what is around it.
  recursive = {
    got =
      let
        tree = t: t.submodule { options.children = { _type = "option"; type = t.listOf (tree t); }; };
      in
      (type tree).interface.options.children.type.elem.same;
    want = 0;
  };
  free = { got = (interface ({ lib, ... }: { freeformType = lib.types.attrsOf lib.types.str; })).freeform.name; want = "attrsOf"; };
}
