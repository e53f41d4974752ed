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
	ref := instance.SettingRef{Instance: "backup-nightly", Role: "client", Machine: "travel", Path: []string{"exclude"}}
	config := instance.Config{Evaluator: nixeval.Evaluator{Offline: true}}
	inv, info, err := instance.LoadSetting(context.Background(), "../../examples/homelab", config, ref)
	if err != nil {
		log.Fatal(err)
	}
	e, err := why.Explain(inv, ref, info)
	if err != nil {
		log.Fatal(err)
	}
	for _, d := range e.Setting.Definitions {
		fmt.Println(d.Layer, d.Name, d.Value, d.Counts)
	}
	// Output:
	// tag laptops [*.iso] true
}
