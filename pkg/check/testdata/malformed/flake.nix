{
  outputs = _: {
    inventory = {
      machines.laptop.tags = "mobile"; #! malformed-inventory
      machines.server.tags = [ "rack" ];
      instances.good.roles.server.machines.server = { };
      instances.web.module = "good"; #! malformed-inventory
      instances.mail.module.name = "good";
      instances.mail.roles.server = [ "server" ]; #! malformed-inventory
      instances.chat.module.name = "good";
      instances.chat.roles.server.machines.server = true; #! malformed-inventory
      instances.docs.module.name = "good";
      instances.docs.roles.server.tags = "rack"; #! malformed-inventory
      instances.docs.roles.server.tags.rack = { }; #+
    };
    clan.modules.good.roles.server = { };
  };
}
