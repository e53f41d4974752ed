{
  outputs = _: {
    inventory.machines = throw "not found"; #! machines-failed
    inventory.machines.server = { }; #+
    inventory.instances.web.roles.server.machines.server = { };
    clan.modules.web.roles.server = { };
  };
}
