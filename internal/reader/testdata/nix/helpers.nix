let
  with' = import ../../nix/helpers.nix "";
  plain = with' { };
  omitting = omit: with' { inherit omit; };
  tree = toString ./.;
  helpers = import ../../nix/helpers.nix tree { };
  inTree = helpers.walk [ ];
  hashOfTree = builtins.hashString "sha256" tree;
  file = file: hash: {
    "$clanctl" = "file";
    inherit file;
    hash = if builtins.isList hash then builtins.hashString "sha256" (builtins.toJSON hash) else hash;
  };
  thrown = path: { "$clanctl" = "throws"; inherit path; };
in
{
  drop = { got = plain.drop 2 [ 1 2 3 ]; want = [ 3 ]; };
  unique = { got = plain.unique [ "b" "a" "b" ]; want = [ "a" "b" ]; };
  first-found = { got = plain.findFirst (n: n > 1) null [ 1 2 3 ]; want = 2; };
  none-found = { got = plain.findFirst (n: n > 9) "none" [ 1 2 3 ]; want = "none"; };
  path-through-no-set = { got = plain.getPath [ "a" "b" ] "default" { a = 1; }; want = "default"; };
  names-in-a-list = { got = plain.namesToSet [ "a" ]; want = { a = { }; }; };
  names-in-neither = { got = plain.namesToSet 1; want = { }; };

  a-part = { got = plain.part [ "p" ] 1; want = 1; };
  a-part-that-throws = { got = plain.part [ "p" ] (throw "x"); want = thrown [ "p" ]; };
  deep-in-a-part = { got = plain.part [ "p" ] { a = plain.part [ "p" "a" ] (throw "x"); b = 1; }; want = { a = thrown [ "p" "a" ]; b = 1; }; };
  as-a-whole = { got = plain.whole [ "p" ] { a = throw "x"; }; want = thrown [ "p" ]; };
  # What services look at of the inventory, and what they do not.
  poisoned = {
    got = map (path: (omitting [ path ]).isPoisoned) [
      [ "machines" "m" ]
      [ "machines" "m" "machineClass" ]
      [ "machines" "m" "deploy" ]
      [ "instances" "i" "roles" "r" ]
      [ "instances" "i" "roles" "r" "machines" ]
      [ "instances" "i" "roles" "r" "layer" "0" ]
      [ "instances" "i" "roles" "r" "extraModules" ]
      [ "exports" ]
    ];
    want = [ true true false true true false false false ];
  };
  # What is omitted is not looked at: this would end the process.
  omitted = { got = (omitting [ [ "q" ] [ "p" ] ]).part [ "p" ] (abort "looked at"); want = { "$clanctl" = "omitted"; path = [ "p" ]; at = 1; }; };
  not-omitted = { got = (omitting [ [ "q" ] ]).part [ "p" ] 1; want = 1; };
  omits-below = { got = map (omitting [ [ "a" "b" ] ]).omitsBelow [ [ "a" ] [ "a" "b" ] [ "a" "b" "c" ] [ "b" ] ]; want = [ true true false false ]; };

  values = {
    got = plain.walk [ ] [ 1 1.5 "x" null true (x: x) { a = { }; } [ ] ];
    want = [ 1 1.5 "x" null true { "$function" = true; } { a = { }; } [ ] ];
  };
  value-that-throws = { got = plain.walk [ "s" ] { a = throw "x"; b = [ (throw "y") ]; }; want = { a = thrown [ "s" "a" ]; b = [ (thrown [ "s" "b" "0" ]) ]; }; };
  derivation = { got = plain.walk [ ] { type = "derivation"; drvPath = throw "never"; name = "n-1"; }; want = { "$derivation" = "n-1"; }; };
  data-named-like-a-derivation = { got = plain.walk [ ] { type = "derivation"; name = "n"; }; want = { type = "derivation"; name = "n"; }; };
  data-with-outPath = { got = plain.walk [ ] { outPath = "/x"; }; want = { "$clanctl" = "pairs"; pairs = [ [ "outPath" "/x" ] ]; }; };
  data-with-toString = { got = (plain.walk [ ] { __toString = 1; })."$clanctl"; want = "pairs"; };
  data-with-type = { got = plain.walk [ ] { _type = "pkgs"; recurseForDerivations = true; }; want = { _type = "pkgs"; recurseForDerivations = true; }; };
  package-set = { got = plain.walk [ ] { _type = "pkgs"; callPackage = 1; }; want = { "$clanctl" = "opaque"; }; };
  flake = { got = plain.walk [ ] { outPath = "/nowhere"; sourceInfo = { }; inputs = { }; }; want = "/nowhere"; };
  path-elsewhere = { got = plain.walk [ ] /nowhere; want = "/nowhere"; };
  path-in-the-flake = { got = inTree ./helpers.nix; want = file "helpers.nix" (helpers.hashOf ./helpers.nix); };
  path-as-text = { got = inTree "${tree}/helpers.nix"; want = inTree ./helpers.nix; };
  path-with-a-slash-at-its-end = { got = (inTree "${tree}/").file; want = "."; };
  the-whole-tree = { got = (inTree tree).file; want = "."; };
  paths-in-a-text = {
    got = inTree "cat ${tree}/helpers.nix ${tree}/plain.nix.";
    want = file "cat helpers.nix plain.nix." [ (helpers.hashOf ./helpers.nix) (helpers.hashOf ./plain.nix) ];
  };
  path-before-a-colon = { got = inTree "${tree}/helpers.nix:/x"; want = file "helpers.nix:/x" [ (helpers.hashOf ./helpers.nix) ]; };
  path-that-is-not-there = { got = inTree "${tree}/no/such.nix"; want = file "no/such.nix" [ "missing" ]; };
  # What a pattern takes can be anything in there.
  pattern-in-the-flake = { got = (inTree "${tree}/h*.nix").hash == (inTree "${tree}/none").hash; want = false; };
  another-tree = { got = inTree "${tree}-other/x"; want = file ".-other/x" [ hashOfTree ]; };

  marked-with-more = {
    got = plain.walkWith (path: { depth = builtins.length path; }) [ "a" ] { b = throw "x"; };
    want.b = thrown [ "a" "b" ] // { depth = 2; };
  };
  fields-that-are-there = { got = plain.fields [ "a" "b" ] [ "m" ] { a = 1; c = 2; }; want = { a = 1; }; };
}
