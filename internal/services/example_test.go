package services_test

import (
	"errors"
	"fmt"

	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/pkg/module"
)

func ExampleCatalogue_Resolve() {
	catalogue := services.Catalogue{
		Names: []string{"clan-core", "self"},
		Null:  "clan-core",
		Inputs: map[string]services.Input{
			"clan-core": {HasServices: true, Services: []string{"borgbackup", "sshd"}},
		},
	}
	input, _ := catalogue.Resolve(module.Spec{Name: "sshd"})
	fmt.Println("sshd is from", input)

	_, err := catalogue.Resolve(module.Spec{Name: "borgbakup"})
	var unknown *services.ResolveError
	if errors.As(err, &unknown) {
		fmt.Println(unknown)
		fmt.Println(unknown.Hint())
	}
	// Output:
	// sshd is from clan-core
	// clan-core offers no service "borgbakup"
	// did you mean "borgbackup"?
}

func ExampleCatalogue_Find() {
	service := func(name string) map[string]*services.Service {
		return map[string]*services.Service{name: {Input: "x", Name: name}}
	}
	catalogue := services.Catalogue{
		Names: []string{"clan-core", "self", "more", "other"},
		Null:  "clan-core",
		Inputs: map[string]services.Input{
			"clan-core": {HasServices: true, Services: []string{"borgbackup", "coredns"},
				Deprecated: []string{"coredns"}, Modules: service("borgbackup")},
			"more":  {HasServices: true, Services: []string{"chat"}, Modules: service("chat")},
			"other": {HasServices: true, Services: []string{"chat"}, Modules: service("chat")},
		},
	}
	for _, ref := range []string{"borgbackup", "more#chat", "chat", "caht", "coredns"} {
		service, err := catalogue.Find(ref)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println("found", service.Name)
	}
	// Output:
	// found borgbackup
	// found chat
	// several inputs offer a service "chat"
	// no input of the flake offers a service "caht"
	// the service "coredns" was removed from clan-core
}

func ExampleSchema_Validate() {
	port := services.NewType("unsignedInt16", "16 bit unsigned integer; between 0 and 65535 (both inclusive)")
	of := &services.Interface{Options: map[string]*services.Option{"port": {Type: port}}}
	schema := services.NewSchema(of, services.SchemaOptions{})
	err := schema.Validate(map[string]any{"port": 70000, "prot": 22})
	var invalid *services.InvalidError
	if errors.As(err, &invalid) {
		for _, problem := range invalid.Problems {
			fmt.Println(problem)
			if problem.Hint != "" {
				fmt.Println(" ", problem.Hint)
			}
		}
	}
	// Output:
	// port: 70000 is not of the type: 16 bit unsigned integer; between 0 and 65535 (both inclusive)
	// prot: there is no such option
	//   did you mean "port"?
}
