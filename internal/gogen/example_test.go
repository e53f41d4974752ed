package gogen_test

import (
	"bytes"
	"context"
	"fmt"
	"log"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/gogen"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// Types for the settings of a service, whether an instance uses it or not.
func ExampleGenerate() {
	ref, err := nixeval.ResolveRef("../../examples/homelab")
	if err != nil {
		log.Fatal(err)
	}
	config := instance.Config{Evaluator: nixeval.Evaluator{Offline: true}, Need: facts.NeedModules}
	facts.Ask(&config).Modules.Of = []string{"services#borg"}
	inv, err := instance.Load(context.Background(), ref, config)
	if err != nil {
		log.Fatal(err)
	}
	source, err := gogen.Generate(facts.Of(inv).Modules.Found["services#borg"], gogen.Config{})
	if err != nil {
		log.Fatal(err)
	}
	for line := range bytes.Lines(source) {
		if bytes.HasPrefix(line, []byte("func ")) {
			fmt.Print(string(line))
		}
	}
	// Output:
	// func Client(inst *instance.Instance) ([]typed.Member[ClientSettings], error) {
	// func Server(inst *instance.Instance) ([]typed.Member[ServerSettings], error) {
}
