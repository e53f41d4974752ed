let
  of =
    exports:
    (import ../../nix/exports.nix (import ../../nix/helpers.nix "" { }) { inherit exports; directory = ./..; }).facts;
  hosts = list: (of { "x/ygg:zt:r:m".peer.hosts = list; }).exports."x/ygg:zt:r:m".peer.hosts;
  thrown = path: { "$clanctl" = "throws"; inherit path; };
  at = [ "exports" "x/ygg:zt:r:m" "peer" "hosts" "0" ];
  var = { machine = "m"; generator = "ygg"; file = "address"; };
in
{
  none = { got = (of null).exports; want = null; };
  interfaces = {
    got = (of { "s:i::".networking = { priority = 1; module = "m"; }; "s:i::".peer = null; "s:i:r:".own = { f = x: x; n = throw "n"; }; }).exports;
    want = {
      "s:i::" = { networking = { priority = 1; module = "m"; }; peer = null; };
      "s:i:r:".own = { f."$function" = true; n = thrown [ "exports" "s:i:r:" "own" "n" ]; };
    };
  };
  # What is wrong with one export takes no other along.
  failed = { got = (of { a = throw "a"; b = { }; }).exports; want = { a = thrown [ "exports" "a" ]; b = { }; }; };
  plain = { got = hosts [ { plain = "192.0.2.1"; } ]; want = [ { plain = "192.0.2.1"; found = null; } ]; };
  one-hour = { got = (of { "s:i:r:m".peer.host = [ { plain = "x"; } ]; }).exports."s:i:r:m".peer.hosts; want = [ { plain = "x"; found = null; } ]; };
  # A value with or without the end of its line is that of a var, the machine's own or a shared one.
  own-var = { got = (builtins.head (hosts [ { plain = "200::1"; } ])).found; want = "per-machine/m/ygg/address"; };
  shared-var = { got = (builtins.head (hosts [ { plain = "fd00::1"; } ])).found; want = "shared/zt/ip"; };
  # That of another service is a coincidence.
  other-var = { got = (of { "x/s:i:r:m".peer.hosts = [ { plain = "200::1"; } ]; }).exports."x/s:i:r:m".peer.hosts; want = [ { plain = "200::1"; found = null; } ]; };
  waiting = { got = hosts [ { plain = throw "not found"; } { plain = "x"; } ]; want = [ { plain = thrown (at ++ [ "plain" ]); found = null; } { plain = "x"; found = null; } ]; };
  reference = {
    got = hosts [ { var = var // { flake = ./.; }; } ];
    want = [ { reference = var; value = { state = "public"; var = "per-machine/m/ygg/address"; content = "200::1\n"; }; } ];
  };
  # A reference that throws takes no other host along.
  reference-throws = { got = hosts [ { var = throw "no"; } { plain = "x"; } ]; want = [ (thrown at) { plain = "x"; found = null; } ]; };
  secret = {
    got = (builtins.head (hosts [ { var = var // { generator = "tor"; file = "hostname"; }; } ])).value;
    want = { state = "secret"; var = "per-machine/m/tor/hostname"; content = null; };
  };
  not-generated = { got = (builtins.head (hosts [ { var = var // { file = "none"; }; } ])).value.state; want = "absent"; };
  unknown-host = { got = hosts [ { later = 1; } ]; want = [ { later = 1; } ]; };
  looked-up = { got = (of { }).vars; want."per-machine/m/openssh/ssh.id_ed25519.pub" = "ssh-ed25519 AAAA\n"; };
}
