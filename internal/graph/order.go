package graph

import (
	"cmp"
	"slices"
)

// rounds is how often the two sides are put in order by each other; more change nothing in practice.
const rounds = 12

// order puts each side in an order in which few lines cross: each box where the boxes are, on average, that
// it is linked to (the barycenter method for two layers), as long as that helps. What has no links comes
// last.
func (g *Graph) order() {
	groups, services := indices(len(g.Groups)), indices(len(g.Services))
	best, bestGroups, bestServices := -1, groups, services
	for range rounds {
		services = g.arrange(services, groups, func(l Link) (int, int, float64) { return l.Service, l.Group, 0 })
		groups = g.arrange(groups, services, func(l Link) (int, int, float64) {
			// Roles are one below the other.
			return l.Group, l.Service, float64(l.Role+1) / float64(len(g.Services[l.Service].Roles)+1)
		})
		if n := g.crossings(groups, services); best < 0 || n < best {
			best, bestGroups, bestServices = n, groups, services
		}
	}
	// The links follow.
	toGroup, toService := positions(bestGroups), positions(bestServices)
	for _, links := range [][]Link{g.Links, g.hidden} {
		for i, l := range links {
			links[i].Group, links[i].Service = toGroup[l.Group], toService[l.Service]
		}
	}
	g.Groups, g.Services = permute(g.Groups, bestGroups), permute(g.Services, bestServices)
	slices.SortFunc(g.Links, compareLinks)
}

// orderRoles puts the roles of each box in the order in which their lines come, where fewer cross then.
func (g *Graph) orderRoles() {
	count := func() int { return g.crossings(indices(len(g.Groups)), indices(len(g.Services))) }
	before := count()
	for i := range g.Services {
		if before == 0 {
			return
		}
		old := g.Services[i].Roles
		sum, n := make([]int, len(old)), make([]int, len(old))
		for _, l := range g.Links {
			if l.Service == i {
				sum[l.Role] += l.Group
				n[l.Role]++
			}
		}
		order := indices(len(old))
		slices.SortStableFunc(order, func(a, b int) int {
			return cmp.Compare(sum[a]*max(n[b], 1), sum[b]*max(n[a], 1)) // the averages
		})
		at := positions(order)
		move := func(at []int) {
			for _, links := range [][]Link{g.Links, g.hidden} {
				for j := range links {
					if links[j].Service == i {
						links[j].Role = at[links[j].Role]
					}
				}
			}
		}
		move(at)
		if now := count(); now < before {
			before = now
			g.Services[i].Roles = permute(old, order)
		} else {
			move(order)
		}
	}
	slices.SortFunc(g.Links, compareLinks)
}

func compareLinks(a, b Link) int {
	return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Service, b.Service), cmp.Compare(a.Role, b.Role))
}

// arrange sorts one side by the average place of what it is linked to on the other, and within that.
func (g *Graph) arrange(side, other []int, ends func(Link) (here, there int, within float64)) []int {
	at := positions(other)
	sum, n := make([]float64, len(side)), make([]float64, len(side))
	for _, l := range g.Links {
		here, there, within := ends(l)
		sum[here] += float64(at[there]) + within
		n[here]++
	}
	sorted := slices.Clone(side)
	slices.SortStableFunc(sorted, func(a, b int) int {
		if n[a] == 0 || n[b] == 0 {
			return cmp.Compare(min(n[b], 1), min(n[a], 1))
		}
		return cmp.Compare(sum[a]/n[a], sum[b]/n[b])
	})
	return sorted
}

// crossings counts the pairs of lines that cross.
func (g *Graph) crossings(groups, services []int) int {
	toGroup, toService := positions(groups), positions(services)
	ends := make([]Link, len(g.Links))
	for i, l := range g.Links {
		ends[i] = Link{toGroup[l.Group], toService[l.Service], l.Role}
	}
	slices.SortFunc(ends, compareLinks)
	// In that order two lines cross if the later one ends higher up: count such pairs while sorting by the ends.
	rank := make([]int, len(ends))
	byEnd := indices(len(ends))
	slices.SortFunc(byEnd, func(a, b int) int {
		return cmp.Or(cmp.Compare(ends[a].Service, ends[b].Service), cmp.Compare(ends[a].Role, ends[b].Role))
	})
	for i, at := range byEnd {
		if i > 0 && ends[at].Service == ends[byEnd[i-1]].Service && ends[at].Role == ends[byEnd[i-1]].Role {
			rank[at] = rank[byEnd[i-1]]
		} else {
			rank[at] = i
		}
	}
	return inversions(rank)
}

// inversions counts the pairs of which the first is greater, by merging, and sorts the numbers.
func inversions(numbers []int) int {
	if len(numbers) < 2 {
		return 0
	}
	left, right := slices.Clone(numbers[:len(numbers)/2]), slices.Clone(numbers[len(numbers)/2:])
	n := inversions(left) + inversions(right)
	for i := range numbers {
		if len(right) == 0 || len(left) > 0 && left[0] <= right[0] {
			numbers[i], left = left[0], left[1:]
		} else {
			numbers[i], right = right[0], right[1:]
			n += len(left)
		}
	}
	return n
}

func indices(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// positions inverts a permutation.
func positions(order []int) []int {
	at := make([]int, len(order))
	for i, index := range order {
		at[index] = i
	}
	return at
}

func permute[T any](all []T, order []int) []T {
	out := make([]T, len(all))
	for i, index := range order {
		out[i] = all[index]
	}
	return out
}
