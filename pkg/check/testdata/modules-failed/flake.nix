{
  outputs = _: {
    inventory = { };
    clan.modules.gone = throw "gone"; #! module-failed
    clan.modules.there = {
      manifest.name = "there"; #! module-without-readme
      manifest.name = "there"; #+
      manifest.readme = "How to use it."; #+
      roles.r = {
        interface = { };
        perInstance = { ... }: { };
      };
    };
  };
}
