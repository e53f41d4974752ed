// Fleet prints which machine backs up what to where, from the clan of a flake:
//
//	go run ./examples/fleet ./examples/homelab
//
// It reads the instances of one service. The types of their settings are generated from the service's module; go
// generate makes them anew, and `clanctl gen go --check` says in CI whether that is due.
package main

//go:generate go run ../../cmd/clanctl gen go --flake ../homelab --output borg/borg.go services#borg

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/examples/fleet/borg"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

func main() {
	flake := "."
	if len(os.Args) > 1 {
		flake = os.Args[1]
	}
	if err := run(context.Background(), flake); err != nil {
		fmt.Fprintln(os.Stderr, "fleet:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, flake string) error {
	ref, err := nixeval.ResolveRef(flake)
	if err != nil {
		return err
	}
	inv, err := instance.Load(ctx, ref, instance.Config{})
	if err != nil {
		// Beside an error there may be an inventory of what does evaluate; a backup plan with gaps is none.
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(inv.Instances)) {
		backup := inv.Instances[name]
		if backup.Module.Name != "borg" {
			continue
		}
		servers, err := borg.Server(backup)
		if err != nil {
			return err // of a member whose settings do not fit the types; it names the setting
		}
		clients, err := borg.Client(backup)
		if err != nil {
			return err
		}
		var names []string
		for _, server := range servers {
			names = append(names, server.Machine)
		}
		fmt.Printf("%s: to %s\n", name, strings.Join(names, ", "))
		for _, client := range clients {
			fmt.Printf("  %-8s %-8s %s\n", client.Machine, client.Settings.Schedule,
				strings.Join(client.Settings.Folders, " "))
		}
	}
	return nil
}
