#!/bin/sh
# Which machines no backup covers, and what the others send where: one line for each machine and folder.
#   examples/backup-clients.sh [FLAKE]
set -eu
flake=${1:-$(dirname "$0")/homelab}
case $flake in /* | .* | *:*) ;; *) flake=./$flake ;; esac

# With --jq and -r clanctl prints plain lines, for any program that reads lines.
clanctl eval --flake "$flake" -r --jq '
  [.instances[] | select(.module.name == "borg")] as $backups
  | ($backups[]
      | (.roles.server.machines | keys | join(",")) as $server
      | .roles.client.machines | to_entries[]
      | "\(.key) \(.value.settings.folders[]) -> \($server)"),
    ((.machines | keys) - [$backups[].roles.client.machines | keys[]] | .[] | "\(.) has no backup")
' | sort
