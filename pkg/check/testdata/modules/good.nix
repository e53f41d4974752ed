{
  manifest.name = "file";
  manifest.readme = "How to use it.";
  roles.r = {
    description = "A role";
    interface = { };
    perInstance = { ... }: { };
  };
}
