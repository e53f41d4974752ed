{
  manifest.name = "file";
  manifest.readme = "How to use it.";
  roles.r = {
    interface = { };
    perInstance = { ... }: { };
  };
}
