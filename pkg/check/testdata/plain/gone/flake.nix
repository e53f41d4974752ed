{
  outputs = _: {
    clan.modules.old = throw "old was removed, use new";
    clan.modules.new.roles.server = { };
    clan.deprecatedModules = [ "old" ];
  };
}
