package view

import (
	"fmt"
	"maps"
	"slices"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/hint"
	"github.com/clanctl/clanctl/internal/natural"
	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/pkg/instance"
)

// TagAddition is what would follow if machines carried one tag more.
type TagAddition struct {
	// Computed are the clan's computed tags, sorted: their members may follow, which only an evaluation can tell.
	Computed []string `json:"computed,omitempty"`
	// Findings say what is missing from the answer, or may be.
	Findings []instance.Finding `json:"findings"`
	// Machines are in order of their names.
	Machines []TaggedMachine `json:"machines"`
	// Nearest are tags whose names are like that of a new one.
	Nearest []string `json:"nearest,omitempty"`
	// New: nothing declares the tag, and no machine carries it.
	New bool   `json:"new"`
	Tag string `json:"tag"`
}

// TaggedMachine is a machine with one tag more.
type TaggedMachine struct {
	// Carried: the machine carries the tag already, so that nothing follows.
	Carried bool   `json:"carried"`
	Machine string `json:"machine"`
	// Roles are those that take machines by the tag, in order of instance and role; none where the tag is carried
	// already.
	Roles []TaggedRole `json:"roles"`
}

// TaggedRole is a role that a machine would have by a tag.
type TaggedRole struct {
	Instance string `json:"instance"`
	// Member: the machine has the role already, for another reason.
	Member bool   `json:"member"`
	Module Module `json:"module"`
	Role   string `json:"role"`
	// Settings: the role has settings for the tag, which would become the machine's.
	Settings bool `json:"settings"`
}

// AddTag shows what would follow if the machines carried the tag. The error may be a [*tags.UnknownError].
func AddTag(inv *instance.Inventory, tag string, machines []string) (*TagAddition, error) {
	wanted, err := machinesNamed(inv).of(machines, nil)
	if err != nil {
		return nil, err
	}
	switch {
	case declaredBy(inv, tag) == FromComputed:
		return nil, &hint.Error{Text: fmt.Sprintf("the members of the tag %q are computed by inventory.tags", tag),
			Advice: "change the function, or take another tag"}
	case codes.IsPredefinedTag(tag):
		return nil, &hint.Error{Text: fmt.Sprintf("the members of the tag %q are predefined by clan", tag),
			Advice: "take another tag"}
	}
	_, known := inv.Tags[tag]
	addition := &TagAddition{Findings: filter{machines: wanted}.findings(inv), Machines: []TaggedMachine{}, New: !known,
		Tag: tag}
	if !known {
		addition.Nearest = nearest.Of(tag, slices.Collect(maps.Keys(inv.Tags)))
	}
	for name := range inv.Tags {
		if declaredBy(inv, name) == FromComputed {
			addition.Computed = append(addition.Computed, name)
		}
	}
	natural.Sort(addition.Computed)
	for _, name := range natural.Keys(wanted) {
		machine := TaggedMachine{Carried: slices.Contains(inv.Tags[tag], name), Machine: name, Roles: []TaggedRole{}}
		filter{}.each(inv, func(ref instance.Scope, inst *instance.Instance, role *instance.Role) {
			if machine.Carried || !slices.Contains(role.Tags, tag) {
				return
			}
			machine.Roles = append(machine.Roles, TaggedRole{
				Instance: ref.Instance, Member: role.Machines[name] != nil, Module: moduleOf(inst), Role: ref.Role,
				Settings: len(facts.OfRole(role).Layers.Tags[tag]) > 0,
			})
		})
		addition.Machines = append(addition.Machines, machine)
	}
	return addition, nil
}
