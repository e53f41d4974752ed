package graph

import (
	"fmt"
	"maps"
	"slices"

	"github.com/clanctl/clanctl/internal/natural"
	"github.com/clanctl/clanctl/internal/view"
)

// manyGroups is how many boxes of equal machines a picture has at most. With more, tags are its boxes, if they are
// fewer.
const manyGroups = 30

// byTagNote says so in the picture.
const byTagNote = "By tag: a machine is in the box of each tag, or list of names, that gives it a role"

// grouping is how machines are put into boxes.
type grouping struct {
	groups []Group
	// of are the boxes by which a machine is a member of a role of an instance: indices into groups.
	of func(instance, role string, m view.Member) []int
}

// equal makes a box of all machines that are said to be alike; those of one class.
func equal(machines map[string]Machine, alike map[string][]string) (groups []Group, groupOf map[string]int) {
	groupOf = map[string]int{}
	known := map[string]int{}
	for _, name := range slices.SortedFunc(maps.Keys(machines), natural.Compare) {
		m := machines[name]
		key := fmt.Sprintf("%t %q %v", m.Unknown, m.Class, alike[name])
		i, ok := known[key]
		if !ok {
			i = len(groups)
			known[key] = i
			groups = append(groups, Group{})
		}
		groups[i].Machines = append(groups[i].Machines, m)
		groupOf[name] = i
	}
	return groups, groupOf
}

// byRoles makes boxes of machines that have the same roles.
func byRoles(known map[string]Machine, instances *view.InstanceList) grouping {
	memberships := map[string][]string{} // of each machine, as texts
	for _, inst := range instances.Instances {
		for _, role := range inst.Roles {
			for _, member := range role.Members {
				memberships[member.Machine] = append(memberships[member.Machine],
					fmt.Sprintf("%q %q", inst.Name, role.Name))
			}
		}
	}
	groups, groupOf := equal(known, memberships)
	return grouping{groups, func(_, _ string, m view.Member) []int { return []int{groupOf[m.Machine]} }}
}

// byTags makes boxes of tags by which machines have roles, then of those that have the same roles by their names alone,
// or, where these would be too many, of the names that a role lists; and one of the machines that have only roles that
// every machine has.
func (g *Graph) byTags(known map[string]Machine, instances *view.InstanceList) grouping {
	tagged := map[string]map[string]bool{}
	named, rest := map[string][]string{}, maps.Clone(known)
	for _, inst := range instances.Instances {
		for _, role := range inst.Roles {
			if g.everywhere(role, known) {
				continue
			}
			for _, member := range role.Members {
				delete(rest, member.Machine)
				for _, tag := range member.Tags {
					if tagged[tag] == nil {
						tagged[tag] = map[string]bool{}
					}
					tagged[tag][member.Machine] = true
				}
				if len(member.Tags) == 0 {
					named[member.Machine] = append(named[member.Machine], fmt.Sprintf("%q %q", inst.Name, role.Name))
				}
			}
		}
	}
	groups, boxOf := tagBoxes(known, tagged)
	byName := map[string]Machine{}
	for name := range named {
		byName[name] = known[name]
	}
	others, groupOf := equal(byName, named)
	lists, listOf := g.lists(known, instances)
	asLists := len(others) > manyGroups && len(lists) < len(others)
	if asLists {
		others = lists
	}
	first := len(groups)
	idle, _ := equal(rest, nil)
	return grouping{slices.Concat(groups, others, idle), func(instance, role string, m view.Member) []int {
		switch {
		case len(m.Tags) == 0 && asLists:
			return []int{first + listOf[[2]string{instance, role}]}
		case len(m.Tags) == 0:
			return []int{first + groupOf[m.Machine]}
		}
		boxes := make([]int, len(m.Tags))
		for i, tag := range m.Tags {
			boxes[i] = boxOf[tag]
		}
		return boxes
	}}
}

// tagBoxes makes a box of each tag, of the machines by their names.
func tagBoxes(known map[string]Machine, tagged map[string]map[string]bool) (groups []Group, boxOf map[string]int) {
	boxOf = map[string]int{}
	for i, tag := range natural.Keys(tagged) {
		boxOf[tag] = i
		box := Group{ByTag: true, Tags: []string{tag}}
		for _, name := range natural.Keys(tagged[tag]) {
			box.Machines = append(box.Machines, known[name])
		}
		groups = append(groups, box)
	}
	return groups, boxOf
}

// lists makes a box of the machines that a role names, the same for all roles that name the same ones.
func (g *Graph) lists(known map[string]Machine, instances *view.InstanceList) ([]Group, map[[2]string]int) {
	var groups []Group
	listOf := map[[2]string]int{}
	boxes := map[string]int{}
	for _, inst := range instances.Instances {
		for _, role := range inst.Roles {
			list := Group{ByName: true}
			var names []string
			for _, member := range role.Members {
				if len(member.Tags) == 0 {
					list.Machines = append(list.Machines, known[member.Machine])
					names = append(names, member.Machine)
				}
			}
			if len(names) == 0 || g.everywhere(role, known) {
				continue
			}
			key := fmt.Sprintf("%q", names)
			box, made := boxes[key]
			if !made {
				box = len(groups)
				boxes[key] = box
				groups = append(groups, list)
			}
			listOf[[2]string{inst.Name, role.Name}] = box
		}
	}
	return groups, listOf
}

// everywhere reports whether every machine of the clan has a role, and nothing else.
func (g *Graph) everywhere(role view.Role, known map[string]Machine) bool {
	return len(role.Members) == g.machines && !slices.ContainsFunc(role.Members, func(m view.Member) bool {
		return known[m.Machine].Unknown
	})
}
