// Fleet prints which machine backs up what to where, from the clan of a flake:
//
//	go run ./examples/fleet ./examples/homelab
//
// It reads the instances of one service and decodes their settings into Go types.
package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/pkg/instance"
)

// client is what the service's role "client" takes as settings.
type client struct {
	Folders  []string       `json:"folders"`
	Exclude  []string       `json:"exclude"`
	Schedule string         `json:"schedule"`
	Keep     map[string]int `json:"keep"`
}

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
	inv, err := instance.Load(ctx, flake, instance.Config{})
	if err != nil {
		// Beside an error there may be an inventory of what does evaluate; a backup plan with gaps is none.
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(inv.Instances)) {
		backup := inv.Instances[name]
		if backup.Module.Name != "borg" {
			continue
		}
		servers := slices.Sorted(maps.Keys(members(backup, "server")))
		fmt.Printf("%s: to %s\n", name, strings.Join(servers, ", "))

		clients := members(backup, "client")
		for _, machine := range slices.Sorted(maps.Keys(clients)) {
			// Strict: a setting that client does not have is an error that names it.
			settings, err := instance.Decode[client](clients[machine].Settings)
			if err != nil {
				return fmt.Errorf("%s on %s: %w", name, machine, err)
			}
			fmt.Printf("  %-8s %-8s %s\n", machine, settings.Schedule, strings.Join(settings.Folders, " "))
		}
	}
	return nil
}

// members are those of a role that the instance may leave out.
func members(inst *instance.Instance, role string) map[string]*instance.Member {
	if r := inst.Roles[role]; r != nil {
		return r.Machines
	}
	return nil
}
