package diff_test

import (
	"context"
	"fmt"
	"log"

	"github.com/clanctl/clanctl/pkg/diff"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// Which machines does a change concern, and why?
func ExampleOf() {
	ref, err := nixeval.ResolveRef("../../examples/homelab")
	if err != nil {
		log.Fatal(err)
	}
	config := instance.Config{Evaluator: nixeval.Evaluator{Offline: true}}
	before, err := instance.Load(context.Background(), ref, config)
	if err != nil {
		log.Fatal(err)
	}
	// The other side would be another revision of the flake; here it is the same one without an instance.
	after, err := instance.Load(context.Background(), ref, config)
	if err != nil {
		log.Fatal(err)
	}
	delete(after.Instances, "backup-offsite")

	for _, machine := range diff.Of(before, after).Affected {
		for _, reason := range machine.Reasons {
			fmt.Println(machine.Machine, machine.Kind, reason.Kind, reason.Instance)
		}
	}
	// Output:
	// attic direct member backup-offsite
	// cabin direct member backup-offsite
}
