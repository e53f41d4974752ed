package diff

import (
	"cmp"
	"maps"
	"slices"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/pkg/instance"
)

// Affected is a machine whose view of the inventory changed.
type Affected struct {
	// Kind is "direct" where the machine's own entry, memberships or settings changed; "shared" where only an instance
	// that it belongs to changed for another member: services read their peers.
	Kind    string   `json:"kind"`
	Machine string   `json:"machine"`
	Reasons []Reason `json:"reasons"`
}

// Reason is why a machine is affected, or why a membership changed.
type Reason struct {
	// Change is what happened: to the membership, for the kind member; to what a membership came from.
	Change Change `json:"change,omitzero"`
	// From is set for the kind exports: the instance that changed.
	From     string `json:"from,omitzero"`
	Instance string `json:"instance,omitzero"`
	// Kind says what reaches the machine: "machine", "meta", "member", "settings", "renamed", "module",
	// "extra-modules", "unknown", "peers" or "exports". Of a membership it says what came or went: "instance", "role",
	// "name", "role-tag", "machine-tag" or "machine".
	Kind string `json:"kind"`
	Role string `json:"role,omitzero"`
	// Tag is set for the kinds role-tag, machine-tag and machine.
	Tag string `json:"tag,omitzero"`
}

// reasonKinds are in the order in which they are told: what is nearest to the machine first.
var reasonKinds = []string{codes.ReasonMachine, codes.ReasonMeta, codes.ReasonMember, codes.ReasonSettings,
	codes.ReasonRenamed, codes.ReasonModule, codes.ReasonExtraModules, codes.ReasonUnknown,
	codes.ReasonPeers, codes.ReasonExports}

// affected collects reasons by machine.
type affected map[string]*reach

type reach struct{ direct, shared []Reason }

func (a affected) of(machine string) *reach {
	if a[machine] == nil {
		a[machine] = &reach{}
	}
	return a[machine]
}

func (a affected) direct(machine string, r Reason) {
	to := &a.of(machine).direct
	if !slices.Contains(*to, r) {
		*to = append(*to, r)
	}
}

func (a affected) shared(machine string, r Reason) {
	to := &a.of(machine).shared
	if !slices.Contains(*to, r) {
		*to = append(*to, r)
	}
}

// exports reaches the members of instances whose modules say that they read what an instance's module exports.
func (c *comparison) exports(name string, old, new *instance.Instance) {
	given := append(traits(old, "out"), traits(new, "out")...)
	for other, reader := range c.new.Instances {
		if other == name ||
			!slices.ContainsFunc(traits(reader, "inputs"), func(t string) bool { return slices.Contains(given, t) }) {
			continue
		}
		for role, r := range reader.Roles {
			for machine := range r.Machines {
				c.affected.shared(machine, Reason{Kind: codes.ReasonExports, From: name, Instance: other, Role: role})
			}
		}
	}
}

// traits are `manifest.exports.out` or `.inputs`: which kinds of exports a module gives or reads.
func traits(i *instance.Instance, direction string) []string {
	if i == nil || i.Module.Manifest == nil {
		return nil
	}
	return facts.Declared(i.Module.Manifest.Exports, direction)
}

// affectedMachines are the machines of the new clan that something reaches.
func (c *comparison) affectedMachines() []Affected {
	known, unsure := c.new.Machines, !c.old.MachinesKnown() || !c.new.MachinesKnown()
	if known == nil {
		known = c.old.Machines
	}
	list := []Affected{}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		if unsure {
			c.affected.direct(name, Reason{Kind: codes.ReasonUnknown})
		}
		if len(c.Meta) > 0 {
			c.affected.direct(name, Reason{Kind: codes.ReasonMeta})
		}
		reach := c.affected[name]
		if reach == nil {
			continue
		}
		a := Affected{Machine: name, Kind: codes.AffectedDirect, Reasons: reach.direct}
		if len(reach.direct) == 0 {
			a.Kind = codes.AffectedShared
		}
		for _, r := range reach.shared {
			// What concerns the machine itself in an instance says more than that others are concerned.
			if !slices.ContainsFunc(reach.direct, func(d Reason) bool { return d.Instance == r.Instance }) {
				a.Reasons = append(a.Reasons, r)
			}
		}
		slices.SortFunc(a.Reasons, func(a, b Reason) int {
			return cmp.Or(cmp.Compare(slices.Index(reasonKinds, a.Kind), slices.Index(reasonKinds, b.Kind)),
				cmp.Compare(a.Instance, b.Instance), cmp.Compare(a.Role, b.Role),
				cmp.Compare(a.From, b.From), cmp.Compare(a.Change, b.Change))
		})
		list = append(list, a)
	}
	return list
}
