package instance_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"maps"
	"slices"

	"github.com/hashicorp/go-multierror"

	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

var offline = nixeval.Evaluator{Offline: true}

// resolve is for flakes that are there.
func resolve(ref string) instance.Ref {
	resolved, err := nixeval.ResolveRef(ref)
	if err != nil {
		log.Fatal(err)
	}
	return resolved
}

// Which machines does a service run on, and why?
func ExampleLoad() {
	ref, err := nixeval.ResolveRef("../../examples/homelab")
	if err != nil {
		log.Fatal(err)
	}
	inv, err := instance.Load(context.Background(), ref, instance.Config{Evaluator: offline})
	if err != nil {
		log.Fatal(err)
	}
	clients := inv.Instances["backup-nightly"].Roles["client"].Machines
	for _, name := range slices.Sorted(maps.Keys(clients)) {
		fmt.Println(name, clients[name].Explicit, clients[name].Tags)
	}
	// Output:
	// cellar true [backup]
	// studio false [backup laptops]
	// travel false [backup laptops]
}

// Follow a clan while its files are edited.
func ExampleWatch() {
	for inv, err := range instance.Watch(context.Background(), resolve("../../examples/homelab"),
		instance.Config{Evaluator: offline}) {
		if inv == nil {
			fmt.Println("the clan does not evaluate:", err)
			continue
		}
		fmt.Println(len(inv.Machines), "machines,", len(inv.Instances), "instances")
		break // a bot goes on
	}
	// Output:
	// 5 machines, 4 instances
}

// Settings decode into a struct of one's own; a setting without a field is an error that names it, unless
// one takes the JSON as it is.
func ExampleDecode() {
	inv, err := instance.Load(context.Background(), resolve("../../examples/homelab"),
		instance.Config{Evaluator: offline, Instances: []string{"status"}})
	if err != nil {
		log.Fatal(err)
	}
	type probe struct {
		Every string `json:"every"`
	}
	member := inv.Instances["status"].Roles["probe"].Machines["attic"]
	_, err = instance.Decode[probe](member.Settings)
	fmt.Println(err)

	var lenient probe
	if err := json.Unmarshal(member.Settings.JSON(), &lenient); err != nil {
		log.Fatal(err)
	}
	fmt.Println(lenient.Every)
	// Output:
	// setting checks: no such field in instance_test.probe
	// 5m
}

// Only what is needed is evaluated.
func ExampleConfig() {
	inv, err := instance.Load(context.Background(), resolve("../../examples/homelab"),
		instance.Config{Evaluator: offline, Need: instance.NeedMachines})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(inv.Tags["laptops"], len(inv.Instances))
	// Output:
	// [studio travel] 0
}

// An unknown name is an error with a hint, as most are.
func ExampleLoad_unknownName() {
	_, err := instance.Load(context.Background(), resolve("../../examples/homelab"),
		instance.Config{Evaluator: offline, Instances: []string{"backup-nightli"}})
	fmt.Println(err)
	var hinter interface{ Hint() string }
	if errors.As(err, &hinter) {
		fmt.Println(hinter.Hint())
	}
	// Output:
	// the clan has no instance "backup-nightli"
	// did you mean "backup-nightly"?
}

// What does not evaluate does not hide the rest: Load returns both an inventory and an error, with a Finding for
// each part.
func ExampleFinding() {
	inv, err := instance.Load(context.Background(), resolve("../check/testdata/parts-failed"),
		instance.Config{Evaluator: offline})
	if inv == nil {
		log.Fatal(err) // the clan could not be loaded
	}
	for _, part := range multierror.Append(nil, err).Errors {
		var failed *instance.Finding
		if errors.As(part, &failed) {
			fmt.Println(failed.Code, failed.Instance)
		}
	}
	fmt.Println(slices.Collect(maps.Keys(inv.Machines)))
	// Output:
	// instance-failed web
	// role-failed sshd
	// [server]
}
