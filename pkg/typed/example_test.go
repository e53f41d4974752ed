package typed_test

import (
	"context"
	"fmt"
	"log"

	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/nixeval"
	"github.com/clanctl/clanctl/pkg/typed"
)

// The members of a role, with their settings in a struct: one of your own, or one that clanctl gen go wrote.
func ExampleMembers() {
	type server struct {
		Directory string `json:"directory"`
		Quota     *int64 `json:"quota"`
	}
	ref, err := nixeval.ResolveRef("../../examples/homelab")
	if err != nil {
		log.Fatal(err)
	}
	inv, err := instance.Load(context.Background(), ref, instance.Config{Evaluator: nixeval.Evaluator{Offline: true}})
	if err != nil {
		log.Fatal(err)
	}
	servers, err := typed.Members[server](inv.Instances["backup-nightly"], "server", "borg")
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range servers {
		fmt.Println(s.Machine, s.Settings.Directory, s.Missing)
	}
	// Output:
	// attic /srv/borg [[quota]]
}
