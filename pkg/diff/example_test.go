package diff_test

import (
	"context"
	"fmt"
	"log"
	"os"

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

// Say in a pull request what it changes.
func ExampleDifference_WriteMarkdown() {
	before := &instance.Inventory{Machines: map[string]*instance.Machine{
		"laptop": {Class: "nixos", Tags: []string{"home"}},
	}}
	after := &instance.Inventory{Machines: map[string]*instance.Machine{
		"laptop": {Class: "nixos", Tags: []string{"backup", "home"}},
	}}
	if err := diff.Of(before, after).WriteMarkdown(os.Stdout); err != nil {
		log.Fatal(err)
	}
	// Output:
	// ### Changes in the fleet
	//
	// 1 machine changes.
	//
	// | change | where | what | old | new | machines |
	// |---|---|---|---|---|---|
	// | added | `machine laptop` | `tags` |  | `backup` |  |
	//
	// #### Affected machines
	//
	// | affected | machines | because of |
	// |---|---|---|
	// | directly | `laptop` | `the machine itself` |
}

// Show what changed on a terminal of 80 columns.
func ExampleDifference_WriteText() {
	before := &instance.Inventory{Machines: map[string]*instance.Machine{
		"laptop": {Class: "nixos", Tags: []string{"home"}},
	}}
	after := &instance.Inventory{Machines: map[string]*instance.Machine{
		"laptop": {Class: "nixos", Tags: []string{"backup", "home"}},
		"server": {Class: "nixos"},
	}}
	if err := diff.Of(before, after).WriteText(os.Stdout, diff.TextOptions{Width: 80}); err != nil {
		log.Fatal(err)
	}
	// Output:
	// 2 machines change
	//
	// CHANGE  WHERE           WHAT  OLD  NEW     MACHINES
	// added   machine laptop  tags  -    backup  -
	// added   machine server  -     -    -       -
	//
	// AFFECTED  MACHINES        BECAUSE OF
	// directly  laptop, server  the machine itself
}
