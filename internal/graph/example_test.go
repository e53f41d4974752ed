package graph_test

import (
	"context"
	"log"
	"os"

	"github.com/clanctl/clanctl/internal/graph"
	"github.com/clanctl/clanctl/internal/view"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// A picture of one instance, as text that Markdown pages can have. WriteSVG draws it.
func ExampleOf() {
	ref, err := nixeval.ResolveRef("../../examples/homelab")
	if err != nil {
		log.Fatal(err)
	}
	config := instance.Config{Evaluator: nixeval.Evaluator{Offline: true}, Need: instance.NeedInstances}
	inv, err := instance.Load(context.Background(), ref, config)
	if err != nil {
		log.Fatal(err)
	}
	picture, err := graph.Of(inv, []string{"backup-offsite"}, view.Query{}, nil)
	if err != nil {
		log.Fatal(err)
	}
	if err := picture.WriteMermaid(os.Stdout); err != nil {
		log.Fatal(err)
	}
	// Output:
	// flowchart LR
	//   accTitle: homelab
	//   m0("attic")
	//   m1("cabin")
	//   i0["backup-offsite (borg)"]
	//   m0 ---|"client"| i0
	//   m1 ---|"server"| i0
}
