package view_test

import (
	"context"
	"fmt"
	"log"

	"github.com/clanctl/clanctl/internal/view"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/nixeval"
	"github.com/clanctl/clanctl/pkg/tags"
)

// homelab is the example; what runs where needs no settings.
func homelab() (*instance.Inventory, error) {
	ref, err := nixeval.ResolveRef("../../examples/homelab")
	if err != nil {
		return nil, err
	}
	return instance.Load(context.Background(), ref,
		instance.Config{Evaluator: nixeval.Evaluator{Offline: true}, Need: instance.NeedInstances})
}

// Which backups have the machines that a selector takes? Settings are not asked for, and not waited for.
func ExampleMachines() {
	inv, err := homelab()
	if err != nil {
		log.Fatal(err)
	}
	servers, err := tags.ParseSelector("@storage")
	if err != nil {
		log.Fatal(err)
	}
	borg, err := tags.ParseSelector("borg")
	if err != nil {
		log.Fatal(err)
	}
	list, err := view.Machines(inv, nil, view.Query{On: servers, Service: borg})
	if err != nil {
		log.Fatal(err)
	}
	for _, machine := range list.Machines {
		for _, in := range machine.Memberships {
			fmt.Println(machine.Name, in.Instance, in.Role)
		}
	}
	// Output:
	// attic backup-nightly server
	// attic backup-offsite client
	// cabin backup-offsite server
}

// What would follow from a tag?
func ExampleAddTag() {
	inv, err := homelab()
	if err != nil {
		log.Fatal(err)
	}
	addition, err := view.AddTag(inv, "backup", []string{"attic"})
	if err != nil {
		log.Fatal(err)
	}
	for _, machine := range addition.Machines {
		for _, role := range machine.Roles {
			fmt.Println(machine.Machine, role.Instance, role.Role, role.Member)
		}
	}
	// Output:
	// attic backup-nightly client false
}
