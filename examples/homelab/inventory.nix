{
  meta.name = "homelab";
  meta.description = "A house, a cabin and two laptops";

  machines = {
    attic = {
      description = "storage server under the roof";
      deploy.targetHost = "root@attic.home.arpa";
      tags = [ "storage" ];
    };
    cellar = {
      description = "home server";
      deploy.targetHost = "root@cellar.home.arpa";
      tags = [ "web" ];
    };
    cabin = {
      description = "the copy outside of the house";
      deploy.targetHost = "root@cabin.home.arpa";
      tags = [ "storage" ];
    };
    travel.description = "laptop";
    studio = {
      description = "laptop for pictures";
      machineClass = "darwin";
    };
  };

  # Tags that are kept in one place; a machine's own `tags` come on top.
  tags = {
    laptops = [
      "studio"
      "travel"
    ];
    backup = [
      "cellar"
      "studio"
      "travel"
    ];
  };

  instances = {
    # Every night to the attic. Settings on three layers: lists of all layers are joined.
    backup-nightly = {
      module = {
        name = "borg";
        input = "services";
      };
      roles.server.machines.attic.settings.directory = "/srv/borg";
      roles.client = {
        settings.folders = [ "/home" ];
        settings.keep.daily = 14;

        tags.backup = { };
        tags.laptops.settings.exclude = [ "*.iso" ];
        tags.laptops.settings.schedule = "hourly";

        machines.cellar.settings.folders = [ "/var/lib" ];
        machines.cellar.settings.schedule = "03:00";
      };
    };

    # The same service once more, for what must survive a fire: from the attic to the cabin.
    backup-offsite = {
      module = {
        name = "borg";
        input = "services";
      };
      roles.server.machines.cabin.settings.directory = "/srv/borg";
      roles.client.machines.attic.settings = {
        folders = [ "/srv/borg" ];
        keep.monthly = 12;
        schedule = "weekly";
      };
    };

    # An instance is named after its service unless it says otherwise.
    sshd = {
      module.input = "services";
      roles.server.tags.nixos = { };
      roles.server.settings.authorizedKeys.admin = "ssh-ed25519 AAAAexample admin@studio";
      roles.client.tags.all = { };
    };

    status = {
      module = {
        name = "status-page";
        input = "self";
      };
      roles.page.machines.cellar.settings.title = "What is up at home";
      roles.probe.tags.nixos = { };
      roles.probe.tags.storage.settings.checks = [ "disk" ];
      roles.probe.tags.web.settings.checks = [ "http" ];
      roles.probe.settings.every = "5m";
    };
  };
}
