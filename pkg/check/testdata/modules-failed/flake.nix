{
  outputs = _: {
    inventory = { };
    clan.modules.gone = throw "gone"; #! module-failed
    clan.modules.there = {
      manifest.name = "there"; #! module-without-readme
      manifest.name = "there"; #+
      manifest.readme = "How to use it."; #+
      roles.r = {
        description = "A role";
        interface = { };
        perInstance = { ... }: { };
      };
    };
    clan.modules.unsorted = {
      manifest.name = "unsorted"; #! manifest-failed
      manifest.name = "unsorted"; #+
      manifest.categories = throw "none"; #! -
      manifest.readme = "How to use it.";
      roles.r = {
        description = "A role";
        interface = { };
        perInstance = { ... }: { };
      };
    };
  };
}
