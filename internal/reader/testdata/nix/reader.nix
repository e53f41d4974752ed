let
  target = outputs: { outPath = "/nowhere"; inputs = { }; inherit outputs; };
  ask = args: outputs: (import ../../nix/reader.nix (target outputs) ({ schema = 2; } // args)).values;
  some = { inventory = { machines.m.description = "d"; tags = { }; instances = { }; }; };
in
{
  selected = { got = ask { select = [ [ "machines" "m" "description" ] [ "instanceNames" ] ]; } some; want = [ "d" [ ] ]; };
  absent = { got = ask { select = [ [ "machines" "x" ] ]; } some; want = [ { "$clanctl" = "absent"; } ]; };
  # A name that JSON has another meaning for.
  pairs = { got = ask { select = [ [ "machines" "outPath" ] ]; } { inventory.machines.outPath = { description = "x"; }; }; want = [ { description = "x"; } ]; };
  left-out = {
    got = ask { select = [ [ "machines" "m" ] ]; omit = [ [ "machines" "m" ] ]; } { inventory.machines.m = abort "looked at"; };
    want = [ { "$clanctl" = "omitted"; path = [ "machines" "m" ]; at = 0; } ];
  };
  # The answer stays lazy: nothing but what is selected is evaluated.
  lazy = { got = ask { select = [ [ "instanceNames" ] ]; } { inventory = { machines = abort "looked at"; instances.i = abort "looked at"; }; }; want = [ [ "i" ] ]; };
  other-schema = { got = (builtins.tryEval (import ../../nix/reader.nix (target some) { schema = 1; select = [ ]; })).success; want = false; };
}
