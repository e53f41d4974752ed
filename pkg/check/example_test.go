package check_test

import (
	"context"
	"fmt"
	"log"

	"github.com/clanctl/clanctl/pkg/check"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// Everything that is wrong with a clan, whether Nix says so or not.
func ExampleAll() {
	ref, err := nixeval.ResolveRef("./testdata/parts-failed")
	if err != nil {
		log.Fatal(err)
	}
	inv, err := instance.Load(context.Background(), ref, instance.Config{Evaluator: nixeval.Evaluator{Offline: true}})
	if inv == nil {
		log.Fatal(err) // beside an inventory, the error says what is missing from it; so do the findings
	}
	for _, finding := range check.All(inv) {
		fmt.Println(finding.Severity, finding.Code, finding.Instance, finding.Message())
	}
	// Output:
	// error instance-failed web not ready
	// error role-failed sshd not ready
}
