{
  outputs = _: {
    inventory = {
      machines.server = { };
      tags.web = throw "not decided"; #! tag-failed
      tags.web = [ "server" ]; #+
      instances.sshd.roles.server.machines.server = { };
      instances.sshd.roles.server.tags.web = { };
    };
    clan.modules.sshd.roles.server = { };
  };
}
