{
  outputs = { self }: {
    nixosConfigurations = {
      "web.example.org".config = { system.stateVersion = "25.11"; services.openssh.enable = true; };
      db.config = { system.stateVersion = "24.05"; services.openssh.enable = false; };
      old.config = {
        system.stateVersion = "23.11";
        services.openssh.enable = throw "sshd was removed here";
      };
    };
  };
}
