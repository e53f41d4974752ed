{
  outputs = _: {
    inventory.machines.server = { };
    inventory.instances.web = throw "not ready"; #! instance-failed
    inventory.instances.sshd.roles.server = throw "not ready"; #! role-failed
    clan.modules.sshd.roles.server = { };
  };
}
