{
  _class = "clan.service";
  manifest = {
    name = "example/described";
    description = "Says what it \"is\"";
    categories = [ "Utility" "Network" ];
    readme = "Not in the document.";
  };
  roles.peer = { };
}
