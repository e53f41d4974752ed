// Package typed gives the members of a role with their settings as a Go type. It is what the code that
// `clanctl gen go` writes calls, and works with types written by hand as well:
//
//	members, err := typed.Members[Client](inv.Instances["backup"], "client", "borgbackup")
//
// Its functions are pure and safe for concurrent use.
package typed

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/go-multierror"

	"github.com/clanctl/clanctl/internal/hint"
	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/pkg/instance"
)

// Member is a machine in a role, with its final settings as S. It marshals to what the embedded Member does,
// with these settings in place of its own.
type Member[S any] struct {
	*instance.Member
	// Machine is the member's name.
	Machine string `json:"-"`
	// Settings are the final settings. (Those of the embedded Member are the same as JSON.)
	Settings S `json:"settings"`
	// Missing are the paths of settings that S has and the machine has not, sorted: they have no value, or it
	// does not evaluate. In Settings they are zero, which means nothing.
	Missing [][]string `json:"missing,omitempty"`
}

// Members returns the members of a role, sorted by machine. The instance must be one of the service of the
// given names, be it the one that the instance writes (`module.name`) or the one that the module gives itself
// (`manifest.name`); no names: of any.
//
// Settings are decoded strictly, see [instance.Decode]. Members without settings that decode are left out, and the
// error is a [*multierror.Error] of one for each, which is [instance.ErrNoSettings] where they do not evaluate. Where
// nothing can be said, because the instance is nil or of another service, it says so. A role that the instance does not
// mention has no members, and that is no error.
func Members[S any](inst *instance.Instance, role string, service ...string) ([]Member[S], error) {
	if inst == nil {
		return nil, errors.New("the inventory has no such instance")
	}
	if !isOf(inst, service) {
		return nil, fmt.Errorf("the instance is of the service %q, not %s", inst.Module.Name, nearest.List(service))
	}
	used := inst.Roles[role]
	if used == nil {
		return nil, nil
	}
	var errs *multierror.Error
	members := make([]Member[S], 0, len(used.Machines))
	for _, machine := range slices.Sorted(maps.Keys(used.Machines)) {
		member := used.Machines[machine]
		settings, err := instance.Decode[S](member.Settings)
		if err != nil {
			advice := "the service has changed since the type was made: generate it again"
			if err == instance.ErrNoSettings {
				advice = "the inventory's findings say why"
			}
			errs = multierror.Append(errs, hint.With(fmt.Errorf("role %s: machine %s: %w", role, machine, err), advice))
			continue
		}
		members = append(members,
			Member[S]{Member: member, Machine: machine, Settings: settings,
				Missing: missingIn(&settings, member.Settings)})
	}
	return members, errs.ErrorOrNil()
}

func isOf(inst *instance.Instance, service []string) bool {
	return len(service) == 0 || slices.Contains(service, inst.Module.Name) ||
		inst.Module.Manifest != nil && slices.Contains(service, inst.Module.Manifest.Name)
}
