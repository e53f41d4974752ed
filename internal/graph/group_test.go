package graph

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/clanctl/clanctl/internal/view"
)

// mixed is a clan of machines that have their own mix of tags each, roles that take machines by tags, and some by name.
func mixed(machines, tags int) (map[string]Machine, *view.InstanceList) {
	r := rand.New(rand.NewPCG(7, 8))
	all := map[string]Machine{}
	var names []string
	for i := range machines {
		name := fmt.Sprintf("m%03d", i)
		m := Machine{Name: name, Class: []string{"nixos", "nixos", "darwin"}[i%3], Tags: []string{"all"}}
		for tag := range tags {
			if r.IntN(3) == 0 {
				m.Tags = append(m.Tags, fmt.Sprint("tag", tag))
			}
		}
		all[name] = m
		names = append(names, name)
	}
	list := &view.InstanceList{}
	for i := range tags + 1 {
		by := []string{fmt.Sprint("tag", i), fmt.Sprint("tag", (i+1)%tags)}
		if i == tags {
			by = []string{"all"}
		}
		inst := view.Instance{Name: fmt.Sprint("i", i), Module: &view.Module{Name: "svc"}}
		role := view.Role{Name: "client"}
		for j, name := range names {
			has := slices.DeleteFunc(slices.Clone(by), func(tag string) bool { return !slices.Contains(all[name].Tags, tag) })
			if len(has) > 0 || j == i {
				role.Members = append(role.Members, view.Member{Machine: name, Explicit: j == i, Tags: has})
			}
		}
		server := view.Role{Name: "server", Members: []view.Member{{Machine: names[i%3], Explicit: true}}}
		inst.Roles = append(inst.Roles, role, server)
		list.Instances = append(list.Instances, inst)
	}
	return all, list
}

// A machine has a role in the picture if, and only if, it has it in the clan.
func TestPicturesAreTrue(t *testing.T) {
	for _, tt := range []struct {
		machines, tags int
		byTag          bool
	}{{4, 3, false}, {33, 2, false}, {300, 12, true}} {
		all, list := mixed(tt.machines, tt.tags)
		g := draw(all, slices.Sorted(maps.Keys(all)), list, exports{})
		if g.ByTag != tt.byTag {
			t.Fatalf("%d machines with %d tags: by tag is %t", tt.machines, tt.tags, g.ByTag)
		}
		if tt.byTag && len(g.Groups) > 2*tt.tags+5 {
			t.Errorf("%d boxes for %d tags", len(g.Groups), tt.tags)
		}
		drawn := map[[3]string]bool{}
		for l := range g.linked {
			members := g.Groups[l.Group].Machines
			if g.Groups[l.Group].Every > 0 {
				members = nil
				if !g.Services[l.Service].Roles[l.Role].Most {
					for _, m := range all {
						members = append(members, m)
					}
				}
			}
			for _, m := range members {
				for _, inst := range g.Services[l.Service].Instances {
					drawn[[3]string{inst.Name, g.Services[l.Service].Roles[l.Role].Name, m.Name}] = true
				}
			}
		}
		for _, inst := range list.Instances {
			for _, role := range inst.Roles {
				for _, m := range role.Members {
					key := [3]string{inst.Name, role.Name, m.Machine}
					if !drawn[key] {
						t.Errorf("%v is not drawn", key)
					}
					delete(drawn, key)
				}
			}
		}
		if len(drawn) > 0 {
			t.Errorf("%v is drawn", drawn)
		}
	}
}

// Boxes of tags are named by them, and say which of their machines are Macs.
func TestBoxesOfTags(t *testing.T) {
	all, list := mixed(60, 8)
	g := draw(all, slices.Sorted(maps.Keys(all)), list, exports{})
	text := strings.Join(g.sentences(), "\n")
	for _, want := range []string{"client: tag tag0 (", byTagNote, "client: every machine", "server: m000"} {
		if !strings.Contains(text, want) {
			t.Errorf("there is no %q in %s", want, text)
		}
	}
	boxes := g.layout().groups
	i := slices.IndexFunc(boxes, func(b box) bool { return strings.HasPrefix(b.title, "tag tag0: ") })
	if i < 0 || len(boxes[i].text) != mostTagLines || !strings.Contains(boxes[i].full, "(darwin)") ||
		len(boxes[i].names) != len(g.Groups[i].Machines) {
		t.Errorf("%d, %+v", i, boxes)
	}
}
