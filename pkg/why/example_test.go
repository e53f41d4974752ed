package why_test

import (
	"context"
	"fmt"
	"log"

	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/nixeval"
	"github.com/clanctl/clanctl/pkg/why"
)

func ExampleExplain() {
	ref := instance.Subject{Instance: "backup-nightly", Role: "client", Machine: "travel", Setting: []string{"exclude"}}
	flake, err := nixeval.ResolveRef("../../examples/homelab")
	if err != nil {
		log.Fatal(err)
	}
	inv, err := instance.Load(context.Background(), flake,
		instance.Config{Evaluator: nixeval.Evaluator{Offline: true}, Setting: ref})
	if err != nil {
		log.Fatal(err)
	}
	e, err := why.Explain(inv, ref)
	if err != nil {
		log.Fatal(err)
	}
	for _, d := range e.Setting.Definitions {
		fmt.Println(d.Layer, d.Name, d.Value, d.Counts)
	}
	// Output:
	// tag laptops [*.iso] true
}
