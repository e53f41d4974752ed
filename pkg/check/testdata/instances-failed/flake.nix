{
  outputs = _: {
    inventory.machines.server = { };
    inventory.instances = throw "not found"; #! instances-failed
    inventory.instances = { }; #+
  };
}
