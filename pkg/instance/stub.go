package instance

import (
	"fmt"
	"strings"

	"github.com/clanctl/clanctl/pkg/module"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// Stub is an instance of a service, on one line of Nix, to be pasted into `inventory`: with all roles, and no members yet.
func Stub(service *module.Service) string {
	name := service.Name[strings.LastIndexByte(service.Name, '/')+1:]
	var b strings.Builder
	fmt.Fprintf(&b, "%s = { module = { input = %s; name = %s; };",
		optionPath("instances", name), nixeval.Quote(service.Input), nixeval.Quote(service.Name))
	for _, role := range sortedKeys(service.Roles) {
		fmt.Fprintf(&b, " %s = { };", optionPath("roles", role, "machines"))
	}
	return b.String() + " };"
}
