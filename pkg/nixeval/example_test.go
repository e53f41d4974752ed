package nixeval_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/clanctl/clanctl/pkg/nixeval"
)

func ExampleEvaluator_Apply() {
	evaluator := nixeval.Evaluator{Offline: true}
	double := nixeval.Function{Name: "double.nix", Source: "flake: args: { machines = builtins.attrNames flake.inventory.machines; twice = 2 * args; }"}
	result, err := evaluator.Apply(context.Background(), "../../examples/homelab", double, 21)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.TrimSpace(string(result.Value)))
	// Output:
	// {"machines":["attic","cabin","cellar","studio","travel"],"twice":42}
}
