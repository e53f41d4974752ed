{ own, ... }:
{
  inventory.machines.m = { };
  inventory.instances.values = {
    module = own "values";
    roles.peer.machines.m.settings.any = {
      zero = 0;
      negative = -1;
      big = 9007199254740993;
      biggest = 9223372036854775807;
      half = 0.5;
      tiny = 1.0e-9;
      huge = 1.0e300;
      whole = 2.0;
      third = 0.1;
      yes = true;
      no = false;
      nothing = null;
      empty = "";
      list = [ ];
      set = { };
      mixed = [ 1 1.5 "x" null true [ ] { } ];
      control = "tab\tnewline\nreturn\rquote\"back\\slash";
      unicode = "ümläut 漢字 🦀";
      markup = "<a href='x'>&amp;</a>";
      antiquote = "\${not evaluated}";
      number = "007";
    };
  };
}
