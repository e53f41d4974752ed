package lsp

import (
	"cmp"
	"maps"
	"slices"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/pkg/instance"
)

// known is what is known of a clan.
type known struct {
	inv     *instance.Inventory
	modules *facts.Modules // nil while they are not known
}

func (v *view) known() known { return known{v.Inventory, v.clan.modules} }

// catalogue is what the inputs offer, as far as that is known.
func (k known) catalogue() services.Catalogue {
	if k.modules != nil {
		return k.modules.Catalogue
	}
	return facts.Of(k.inv).Catalogue
}

// noInput is where a module is from that names no input.
func (k known) noInput() string { return cmp.Or(k.catalogue().Null, "self") }

// accepts is what a role of a module takes as settings; nil if that is not known.
func (k known) accepts(input, name, role string) *services.Interface {
	for _, of := range slices.Sorted(maps.Keys(k.inv.Instances)) {
		inst := k.inv.Instances[of]
		if inst.Module.Name != name || inst.Module.Resolved != input || inst.Roles[role] == nil {
			continue
		}
		if of := facts.OfRole(inst.Roles[role]).Interface; of != nil {
			return of
		}
	}
	if service := k.catalogue().Inputs[input].Modules[name]; service != nil && service.Roles[role] != nil {
		return service.Roles[role].Interface
	}
	return nil
}
