{
  outputs = _: {
    inventory.machines = = { }; #! flake-failed
    inventory.machines = { }; #+
  };
}
