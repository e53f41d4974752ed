// Package tags answers who is a member: which machines carry a tag, and which machines names and tags together select.
//
// It is pure: it knows machines and their effective tags, nothing of Nix, modules or settings. An [Index] is
// immutable and safe for concurrent use.
package tags

import (
	"maps"
	"slices"
	"strings"
)

// Index knows the machines of a clan and the tags that each carries.
type Index struct {
	tagsOf   map[string][]string
	carriers map[string][]string
}

// NewIndex builds an index from the machines' effective tags (in clan: `inventory.machines.<name>.tags` as
// evaluated, which holds what `inventory.tags` gives the machine).
func NewIndex(machines map[string][]string) *Index {
	x := &Index{tagsOf: make(map[string][]string, len(machines)), carriers: map[string][]string{}}
	for _, machine := range slices.Sorted(maps.Keys(machines)) {
		tags := slices.Clone(machines[machine])
		slices.Sort(tags)
		tags = slices.Compact(tags)
		x.tagsOf[machine] = tags
		for _, tag := range tags {
			x.carriers[tag] = append(x.carriers[tag], machine)
		}
	}
	return x
}

// Machines are all machines, sorted.
func (x *Index) Machines() []string { return slices.Sorted(maps.Keys(x.tagsOf)) }

// Has reports whether the clan has the machine.
func (x *Index) Has(machine string) bool { _, ok := x.tagsOf[machine]; return ok }

// Tags are all tags that a machine carries, sorted.
func (x *Index) Tags() []string { return slices.Sorted(maps.Keys(x.carriers)) }

// TagsOf are the effective tags of a machine, sorted, each once. The caller must not change the slice.
func (x *Index) TagsOf(machine string) []string { return x.tagsOf[machine] }

// Carriers are the machines that carry a tag, sorted. The caller must not change the slice.
func (x *Index) Carriers(tag string) []string { return x.carriers[tag] }

// Membership says why a machine belongs to a role.
type Membership struct {
	Machine string
	// Explicit: the role names the machine (`roles.<role>.machines.<machine>`).
	Explicit bool
	// Tags are the role's tags that the machine carries, sorted. Members may share the slice; it must not be changed.
	Tags []string
}

// Members are the machines that are named or carry one of the tags, sorted by name, each once. As in clan, a
// machine that is named is a member even if the clan has no such machine.
func (x *Index) Members(machines, tags []string) []Membership {
	tags = slices.Clone(tags)
	slices.Sort(tags)
	tags = slices.Compact(tags)
	size := len(machines)
	for _, tag := range tags {
		size += len(x.carriers[tag])
	}
	if size == 0 {
		return nil
	}
	members := make([]Membership, 0, size)
	for _, machine := range machines {
		members = append(members, Membership{Machine: machine, Explicit: true})
	}
	sources := 0
	if len(machines) > 0 {
		sources++
	}
	for i, tag := range tags {
		carriers := x.carriers[tag]
		if len(carriers) > 0 {
			sources++
		}
		for _, machine := range carriers {
			// Members of one tag alone share its slice.
			members = append(members, Membership{Machine: machine, Tags: tags[i : i+1 : i+1]})
		}
	}
	// The carriers of one tag are in order already.
	if sources > 1 || len(machines) > 0 {
		slices.SortStableFunc(members, func(a, b Membership) int { return strings.Compare(a.Machine, b.Machine) })
	}
	joined := members[:0]
	for _, m := range members {
		if last := len(joined) - 1; last >= 0 && joined[last].Machine == m.Machine {
			joined[last].Explicit = joined[last].Explicit || m.Explicit
			joined[last].Tags = append(slices.Clip(joined[last].Tags), m.Tags...)
			continue
		}
		joined = append(joined, m)
	}
	return joined
}
