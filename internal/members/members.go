// Package members computes who is in a role: the machines that it names, and those that carry one of its tags.
package members

import (
	"maps"
	"slices"
	"strings"
)

// Carriers are the machines that carry each tag, sorted, from the tags of each machine.
func Carriers(tagsOf map[string][]string) map[string][]string {
	carriers := map[string][]string{}
	for _, machine := range slices.Sorted(maps.Keys(tagsOf)) {
		for _, tag := range slices.Compact(slices.Sorted(slices.Values(tagsOf[machine]))) {
			carriers[tag] = append(carriers[tag], machine)
		}
	}
	return carriers
}

// Member is a machine in a role, and why.
type Member struct {
	Machine string
	// Explicit: the role names the machine (`roles.<role>.machines.<machine>`).
	Explicit bool
	// Tags are the role's tags that the machine carries, sorted. Members may share the slice; it must not be changed.
	Tags []string
}

// Of are the machines that are named or carry one of the tags, sorted by name, each once. As in clan, a machine that is
// named is a member even if the clan has no such machine. Carriers are the machines that carry each tag, sorted.
func Of(carriers map[string][]string, machines, tags []string) []Member {
	tags = slices.Clone(tags)
	slices.Sort(tags)
	tags = slices.Compact(tags)
	size := len(machines)
	for _, tag := range tags {
		size += len(carriers[tag])
	}
	if size == 0 {
		return nil
	}
	members := make([]Member, 0, size)
	for _, machine := range machines {
		members = append(members, Member{Machine: machine, Explicit: true})
	}
	sources := 0
	if len(machines) > 0 {
		sources++
	}
	for i, tag := range tags {
		with := carriers[tag]
		if len(with) > 0 {
			sources++
		}
		for _, machine := range with {
			// Members of one tag alone share its slice.
			members = append(members, Member{Machine: machine, Tags: tags[i : i+1 : i+1]})
		}
	}
	// The carriers of one tag are in order already.
	if sources > 1 || len(machines) > 0 {
		slices.SortStableFunc(members, func(a, b Member) int { return strings.Compare(a.Machine, b.Machine) })
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
