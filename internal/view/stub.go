package view

import (
	"fmt"
	"strings"

	"github.com/clanctl/clanctl/internal/natural"
	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/pkg/module"
)

// stub is an instance of a service, on one line of Nix, to be pasted into `inventory`: with all roles, and no members
// yet. The module is spelled as spec says.
func stub(service *services.Service, spec module.Spec) string {
	name := service.Name[strings.LastIndexByte(service.Name, '/')+1:]
	var b strings.Builder
	fmt.Fprintf(&b, "%s = { module = {", nixlang.PathString([]string{"instances", name}))
	if spec.Input != nil {
		fmt.Fprintf(&b, " input = %s;", nixlang.Quote(*spec.Input))
	}
	fmt.Fprintf(&b, " name = %s; };", nixlang.Quote(spec.Name))
	for _, role := range natural.Keys(service.Roles) {
		fmt.Fprintf(&b, " %s = { };", nixlang.PathString([]string{"roles", role, "machines"}))
	}
	return b.String() + " };"
}
