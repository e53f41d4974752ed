package module_test

import (
	"errors"
	"fmt"

	"github.com/clanctl/clanctl/pkg/module"
)

func ExampleCatalogue_Resolve() {
	catalogue := module.Catalogue{
		Names: []string{"clan-core", "self"},
		Null:  "clan-core",
		Inputs: map[string]module.Input{
			"clan-core": {HasServices: true, Services: []string{"borgbackup", "sshd"}},
		},
	}
	input, _ := catalogue.Resolve(module.Spec{Name: "sshd"})
	fmt.Println("sshd is from", input)

	_, err := catalogue.Resolve(module.Spec{Name: "borgbakup"})
	var unknown *module.UnknownModuleError
	if errors.As(err, &unknown) {
		fmt.Println(unknown)
		fmt.Println(unknown.Hint())
	}
	// Output:
	// sshd is from clan-core
	// clan-core offers no service "borgbakup"
	// did you mean "borgbackup"?
}
