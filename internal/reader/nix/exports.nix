# What services export: what they offer each other, and how machines are reached.
#
#   import ./exports.nix helpers { exports; directory; }
#
# exports is clan's own set, as layout.nix has it: SERVICE:INSTANCE:ROLE:MACHINE, and below that interfaces. Null where clan-core
# has none. Each leaf is a part: a host that waits for a var that is not generated yet takes nothing along.
{
  asAttrs,
  fields,
  filterAttrs,
  isPoisoned,
  mark,
  named,
  optional,
  part,
  parts,
  peek,
  walk,
  whole,
  ...
}:
{ exports, directory }:
let
  inherit (builtins)
    attrNames
    concatMap
    elemAt
    filter
    genList
    hashFile
    hashString
    isAttrs
    isString
    length
    listToAttrs
    match
    pathExists
    readDir
    readFile
    seq
    stringLength
    unsafeDiscardStringContext
    ;

  # ---- vars, where clan keeps them in the repository ----

  vars = "${toString directory}/vars";
  directoriesIn = dir: if pathExists dir then attrNames (filterAttrs (_: type: type == "directory") (readDir dir)) else [ ];
  dirOf = machine: if machine == "" then "shared" else "per-machine/${machine}";
  # Public vars have their value in a file of this name, secret ones another.
  stateOf =
    var:
    let
      files = if pathExists "${vars}/${var}" then readDir "${vars}/${var}" else { };
    in
    if files ? value then "public" else if files != { } then "secret" else "absent";
  contentOf = var: unsafeDiscardStringContext (readFile "${vars}/${var}/value");

  # The public vars below shared or per-machine/MACHINE, by the hashes of their values. A value need not be text.
  hashes =
    dir:
    listToAttrs (
      concatMap (
        generator:
        concatMap (
          file:
          let
            var = "${dir}/${generator}/${file}";
          in
          optional (stateOf var == "public") { name = hashFile "sha256" "${vars}/${var}/value"; value = var; }
        ) (directoriesIn "${vars}/${dir}/${generator}")
      ) (directoriesIn "${vars}/${dir}")
    );
  shared = hashes "shared";
  machines = listToAttrs (map (m: { name = m; value = hashes "per-machine/${m}"; }) (directoriesIn "${vars}/per-machine"));
  # The var whose value an address is, of the machine's own before shared ones.
  varOf =
    machine: text:
    let
      found = concatMap (
        hash: optional ((machines.${machine} or { }) ? ${hash}) machines.${machine}.${hash} ++ optional (shared ? ${hash}) shared.${hash}
      ) (map (hashString "sha256") [ text (text + "\n") ]);
    in
    if stringLength text < 3 || found == [ ] then null else elemAt found 0;

  # ---- exports ----

  host =
    machine: path: h:
    if h ? plain then
      {
        plain = walk (path ++ [ "plain" ]) h.plain;
        found = part (path ++ [ "found" ]) (if isString (peek null h.plain) then varOf machine (unsafeDiscardStringContext h.plain) else null);
      }
    else if h ? var then
      # Where the reference itself throws, so does this host, and no more.
      seq h.var {
        reference = fields (path ++ [ "reference" ]) [ "machine" "generator" "file" ] h.var;
        value = whole (path ++ [ "value" ]) (
          let
            var = "${dirOf h.var.machine}/${h.var.generator}/${h.var.file}";
            state = stateOf var;
          in
          { inherit state var; content = if state == "public" then contentOf var else null; }
        );
      }
    else
      walk path h;

  # SERVICE:INSTANCE:ROLE:MACHINE; a name holds no colon.
  machineIn = key: let m = match ".*:([^:]*)" key; in if m == null then "" else elemAt m 0;
  peer =
    key: path: p:
    fields path [ "name" "port" "user" "SSHOptions" ] p
    // (if !(isAttrs p && p ? hosts) then { } else {
      hosts = part (path ++ [ "hosts" ]) (
        genList (
          i:
          let
            at = path ++ [ "hosts" (toString i) ];
          in
          part at (host (machineIn key) at (elemAt p.hosts i))
        ) (length p.hosts)
      );
    });

  interface =
    key: path: name: value:
    if value == null then null else if name == "peer" && isAttrs value then peer key path value else walk path value;
in
{
  facts = {
    exports =
      if exports == null then
        null
      else if isPoisoned then
        mark "blocked" // { path = [ "exports" ]; }
      else
        part [ "exports" ] (
          parts [ "exports" ] (path: key: export: parts path (at: name: interface key at name) (asAttrs export)) exports
        );

    # The public vars that clan's own programs look up by name, as far as they are generated: the host keys and the certificate authority
    # of the service sshd, and the tickets of p2p-ssh-iroh.
    vars =
      let
        ofMachine =
          m:
          map (file: "per-machine/${m}/${file}") (
            [ "openssh/ssh.id_ed25519.pub" "openssh-rsa/ssh.id_rsa.pub" ]
            ++ map (generator: "${generator}/ticket") (filter (g: match "p2p-ssh-iroh-.*" g != null) (directoriesIn "${vars}/per-machine/${m}"))
          );
      in
      named (
        listToAttrs (
          map (var: { name = var; value = whole [ "vars" var ] (contentOf var); }) (
            filter (var: stateOf var == "public") ([ "shared/openssh-ca/id_ed25519.pub" ] ++ concatMap ofMachine (directoriesIn "${vars}/per-machine"))
          )
        )
      );
  };
}
