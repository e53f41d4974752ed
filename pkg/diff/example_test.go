package diff_test

import (
	"context"
	"fmt"
	"log"

	"github.com/clanctl/clanctl/pkg/diff"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// Which machines does a change concern, and why? Here another schedule, as if it had been read from another flake.
func ExampleOf() {
	load := func() *instance.Inventory {
		config := instance.Config{Evaluator: nixeval.Evaluator{Offline: true}}
		inv, err := instance.Load(context.Background(), "../../examples/homelab", config)
		if err != nil {
			log.Fatal(err)
		}
		return inv
	}
	old, new := load(), load()
	cellar := new.Instances["backup-nightly"].Roles["client"].Machines["cellar"]
	cellar.Settings, _ = instance.NewSettings(map[string]any{"folders": []string{"/var/lib", "/home"}, "keep": map[string]any{"daily": 14}, "schedule": "04:00"})

	d := diff.Of(old, new)
	for _, s := range d.Instances[0].Roles[0].Settings {
		fmt.Println(s.Change, s.Path, *s.Old, *s.New, s.Machines)
	}
	for _, a := range d.Affected {
		fmt.Println(a.Machine, a.Kind)
	}
	// Output:
	// changed [schedule] 03:00 04:00 [cellar]
	// attic shared
	// cellar direct
	// studio shared
	// travel shared
}
