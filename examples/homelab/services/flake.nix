{
  description = "Two clan services, to be used as a flake input";

  outputs =
    { self }:
    {
      clan.modules = {
        borg = import ./borg.nix;
        sshd = import ./sshd.nix;
      };
    };
}
