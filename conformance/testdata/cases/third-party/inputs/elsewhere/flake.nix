{
  outputs =
    _:
    let
      relay = {
        _class = "clan.service";
        manifest.name = "relay";
        roles.hub.interface =
          { lib, ... }:
          {
            options.hops = lib.mkOption { type = lib.types.int; default = 1; };
          };
        roles.spoke = { };
      };
    in
    {
      clan.modules = {
        inherit relay;
        "@example/relay" = relay;
        abandoned = throw "this service is gone";
      };
    };
}
