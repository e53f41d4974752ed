package lsp

import (
	"cmp"
	"maps"
	"slices"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/refs"
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

// option is that of a setting, or the innermost on the way, and how much of the path leads to it; nil if it is not
// known.
func (k known) option(s refs.Subject) (*services.Option, int) {
	inst := k.inv.Instances[s.Instance]
	if inst == nil || inst.Roles[s.Role] == nil {
		return nil, 0
	}
	return k.accepts(inst.Module.Resolved, inst.Module.Name, s.Role).OptionAt(s.Setting)
}

// accepts is what a role of a module takes as settings; nothing if that is not known.
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
	service := k.catalogue().Inputs[input].Modules[name]
	if service == nil || service.Roles[role] == nil || service.Roles[role].Interface == nil {
		return &services.Interface{}
	}
	return service.Roles[role].Interface
}
