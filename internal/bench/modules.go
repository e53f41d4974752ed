package main

import "slices"

// What the inputs' services say of themselves, as clan-core lists it.
const manifests = ".#clan.clanInternals.inventoryClass.modulesPerSource"

// modulesOf are the commands that list the services of a real clan's inputs.
func modulesOf(clanctl, nix, cache string) []*command {
	bare := []string{nix, "eval", "--json", "--extra-experimental-features", "nix-command flakes", "--offline", "--no-write-lock-file"}
	env := []string{"XDG_CACHE_HOME=" + cache}
	ours := func(args ...string) []string {
		return append([]string{clanctl}, append(args, "--nix", nix, "--offline")...)
	}
	return []*command{
		{name: "`nix eval --json` of the manifests", argv: append(slices.Clone(bare), manifests), baseline: true},
		{name: "`clanctl modules --no-cache`", argv: ours("modules", "--no-cache"), env: env},
		{name: "`clanctl modules`, warm", argv: ours("modules"), env: env},
		{name: "`clanctl modules show borgbackup --no-cache`", argv: ours("modules", "show", "borgbackup", "--no-cache"), env: env},
		{name: "`clanctl schema borgbackup client --no-cache`", argv: ours("schema", "borgbackup", "client", "--no-cache"), env: env},
	}
}
