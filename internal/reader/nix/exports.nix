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
    any
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
    replaceStrings
    seq
    stringLength
    toJSON
    unsafeDiscardStringContext
    ;

  # ---- vars, where clan keeps them in the repository ----

  vars = "${toString directory}/vars";
  # Each look at a file takes Nix some time, and a fleet has many.
  directoriesIn = dir: attrNames (filterAttrs (_: type: type == "directory") (readDir dir));
  existing = dir: if pathExists "${vars}/${dir}" then directoriesIn "${vars}/${dir}" else [ ];
  dirOf = machine: if machine == "" then "shared" else "per-machine/${machine}";
  # Public vars have their value in a file of this name, secret ones another.
  stateOf =
    var:
    let
      files = if pathExists "${vars}/${var}" then readDir "${vars}/${var}" else { };
    in
    if files ? value then "public" else if files != { } then "secret" else "absent";
  contentOf = var: unsafeDiscardStringContext (readFile "${vars}/${var}/value");

  # The public vars of some generators below shared or per-machine/MACHINE, by the hashes of their values. A value need not be text.
  hashes =
    dir: generators:
    listToAttrs (
      concatMap (
        generator:
        concatMap (
          file:
          let
            var = "${dir}/${generator}/${file}";
          in
          optional (readDir "${vars}/${var}" ? value) { name = hashFile "sha256" "${vars}/${var}/value"; value = var; }
        ) (directoriesIn "${vars}/${dir}/${generator}")
      ) generators
    );
  machines = listToAttrs (map (name: { inherit name; value = existing "per-machine/${name}"; }) (existing "per-machine"));
  shared = existing "shared";
  # An address is computed from a var of the service's own, whose generator has the name of the service or of the instance in its own.
  isOf = { service, instance }: generator: any (name: name != "" && replaceStrings [ name ] [ "" ] generator != generator) [ service instance ];
  sharedHashes = listToAttrs (map (of: { name = toJSON of; value = hashes "shared" (filter (isOf of) shared); }) (map ownerOf (attrNames exports)));
  # The var whose value an address is, of the machine's own before shared ones.
  varOf =
    key: text:
    let
      machine = machineIn key;
      own = hashes "per-machine/${machine}" (filter (isOf (ownerOf key)) (machines.${machine} or [ ]));
      others = sharedHashes.${toJSON (ownerOf key)};
      found = concatMap (hash: optional (own ? ${hash}) own.${hash} ++ optional (others ? ${hash}) others.${hash}) (
        map (hashString "sha256") [ text (text + "\n") ]
      );
    in
    if stringLength text < 3 || found == [ ] then null else elemAt found 0;

  # ---- exports ----

  host =
    key: path: h:
    if h ? plain then
      {
        plain = walk (path ++ [ "plain" ]) h.plain;
        found = part (path ++ [ "found" ]) (if isString (peek null h.plain) then varOf key (unsafeDiscardStringContext h.plain) else null);
      }
    else if h ? var then
      # Where the reference itself throws, so does this host, and no more.
      seq h.var {
        reference = fields [ "machine" "generator" "file" ] (path ++ [ "reference" ]) h.var;
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

  # INPUT/SERVICE:INSTANCE:ROLE:MACHINE; a name holds no colon.
  machineIn = key: let m = match ".*:([^:]*)" key; in if m == null then "" else elemAt m 0;
  ownerOf =
    key:
    let
      m = match "([^:]*/)?([^:]*):([^:]*):.*" key;
    in
    if m == null then { service = ""; instance = ""; } else { service = elemAt m 1; instance = elemAt m 2; };
  peer =
    key: path: p:
    let
      # For an hour on 2025-11-26 they were called `host`.
      hosts = p.hosts or p.host;
    in
    fields [ "name" "port" "user" "SSHOptions" ] path p
    // (if !(p ? hosts || p ? host) then { } else {
      hosts = part (path ++ [ "hosts" ]) (
        genList (
          i:
          let
            at = path ++ [ "hosts" (toString i) ];
          in
          part at (host key at (elemAt hosts i))
        ) (length hosts)
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
            ++ map (generator: "${generator}/ticket") (filter (g: match "p2p-ssh-iroh-.*" g != null) machines.${m})
          );
      in
      named (
        listToAttrs (
          map (var: { name = var; value = whole [ "vars" var ] (contentOf var); }) (
            filter (var: stateOf var == "public") ([ "shared/openssh-ca/id_ed25519.pub" ] ++ concatMap ofMachine (attrNames machines))
          )
        )
      );
  };
}
