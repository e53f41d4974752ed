package graph

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/term"
	"github.com/clanctl/clanctl/internal/view"
	"github.com/clanctl/clanctl/pkg/instance"
)

// Graph is what a picture shows. Boxes are in the order in which they are drawn.
type Graph struct {
	// Title is the clan's name, or else the flake's.
	Title string
	// Findings say what is missing from the picture, or may be.
	Findings []instance.Finding
	Groups   []Group
	Services []Service
	// Links are the lines that are drawn.
	Links []Link
	// Offers are what instances export to others, of an inventory that has it.
	Offers []Offer

	machines int    // of the whole clan
	hidden   []Link // of roles that most machines have
	linked   map[Link]bool
}

// Group is a box of machines that have the same roles in the same instances.
type Group struct{ Machines []Machine }

// Machine is one of a group.
type Machine struct {
	Name, Class string
	// Unknown: a role names it, but the clan does not have it.
	Unknown bool
}

// Service is a box of instances that have the same machines in the same roles.
type Service struct {
	Instances []Instance
	Roles     []Role
}

// Instance is one of a service's box.
type Instance struct {
	Name string
	// Module is the name of the instance's module; empty where that does not evaluate.
	Module string
	// Network is clan's priority for it, if it is a network through which clan reaches machines; 0 otherwise.
	Network int
}

// Role is one that the instances of a box have.
type Role struct {
	Name    string
	Members int
	// Everywhere: every machine of the clan has it, and there are no links to it. Most: so many have it that
	// in a picture full of lines it has none either.
	Everywhere, Most bool
}

// manyLinks is how many lines a picture has before roles that more than half of the boxes have lose theirs.
const manyLinks = 50

// Link says that the machines of a group have a role: indices into Groups, Services and the service's Roles.
type Link struct{ Group, Service, Role int }

// Of makes the picture of a clan: of the named instances, all without names, as far as the query takes them.
// Settings are not needed. The error is a [*tags.UnknownError].
func Of(inv *instance.Inventory, names []string, q view.Query) (*Graph, error) {
	instances, err := view.Instances(inv, names, q)
	if err != nil {
		return nil, err
	}
	machines, err := view.Machines(inv, nil, q)
	if err != nil {
		return nil, err
	}
	var drawn []string
	if len(names) == 0 {
		for _, m := range machines.Machines {
			drawn = append(drawn, m.Name)
		}
	}
	classes := map[string]string{}
	for name, m := range inv.Machines {
		classes[name] = m.Class
	}
	g := draw(classes, drawn, instances, exportsOf(inv))
	g.Findings = machines.Findings
	g.Title, _ = inv.Meta["name"].(string)
	if g.Title == "" {
		g.Title = inv.Flake.Ref
	}
	return g, nil
}

// draw makes the picture of instances and their members, and of other machines. classes are those of all
// machines of the clan.
func draw(classes map[string]string, machines []string, instances *view.InstanceList, e exports) *Graph {
	g := &Graph{machines: len(classes)}
	known := map[string]Machine{}
	add := func(name string) {
		class, ok := classes[name]
		known[name] = Machine{Name: name, Class: class, Unknown: !ok}
	}
	for _, name := range machines {
		add(name)
	}
	memberships := map[string][]string{} // of each machine, as texts
	for _, inst := range instances.Instances {
		for _, role := range inst.Roles {
			for _, member := range role.Members {
				memberships[member.Machine] = append(memberships[member.Machine],
					fmt.Sprintf("%q %q", inst.Name, role.Name))
				add(member.Machine)
			}
		}
	}
	groupOf := map[string]int{}
	byMemberships := map[string]int{}
	for _, name := range slices.Sorted(maps.Keys(known)) {
		key := fmt.Sprint(known[name].Unknown, memberships[name])
		i, ok := byMemberships[key]
		if !ok {
			i = len(g.Groups)
			byMemberships[key] = i
			g.Groups = append(g.Groups, Group{})
		}
		g.Groups[i].Machines = append(g.Groups[i].Machines, known[name])
		groupOf[name] = i
	}
	g.services(instances, groupOf, e)
	g.thin()
	g.order()
	g.offers(e)
	g.linked = map[Link]bool{}
	for _, link := range slices.Concat(g.Links, g.hidden) {
		g.linked[link] = true
	}
	return g
}

func (g *Graph) services(instances *view.InstanceList, groupOf map[string]int, e exports) {
	byRoles := map[string]int{}
	for _, inst := range instances.Instances {
		shown := Instance{Name: inst.Name, Network: e.networks[inst.Name]}
		if inst.Module != nil {
			shown.Module = inst.Module.Name
		}
		var roles []Role
		var links []Link
		for _, role := range inst.Roles {
			groups := map[int]bool{}
			members := 0
			for _, member := range role.Members {
				groups[groupOf[member.Machine]] = true
				if !g.Groups[groupOf[member.Machine]].Machines[0].Unknown {
					members++
				}
			}
			everywhere := members == g.machines && len(groups) > 1 && len(role.Members) == members
			for _, group := range slices.Sorted(maps.Keys(groups)) {
				if !everywhere {
					links = append(links, Link{Group: group, Role: len(roles)})
				}
			}
			roles = append(roles, Role{Name: role.Name, Members: len(role.Members), Everywhere: everywhere})
		}
		key := fmt.Sprintf("%#v %v %s", roles, links, e.of(inst.Name))
		i, ok := byRoles[key]
		if !ok || len(roles) == 0 {
			i = len(g.Services)
			byRoles[key] = i
			g.Services = append(g.Services, Service{Roles: roles})
			for _, link := range links {
				link.Service = i
				g.Links = append(g.Links, link)
			}
		}
		g.Services[i].Instances = append(g.Services[i].Instances, shown)
	}
}

// thin takes lines out of a picture that is full of them.
func (g *Graph) thin() {
	if len(g.Links) <= manyLinks {
		return
	}
	type end struct{ service, role int }
	count := map[end]int{}
	for _, l := range g.Links {
		count[end{l.Service, l.Role}]++
	}
	drawn := g.Links[:0:0]
	for _, l := range g.Links {
		if 2*count[end{l.Service, l.Role}] > len(g.Groups) {
			g.Services[l.Service].Roles[l.Role].Most = true
			g.hidden = append(g.hidden, l)
		} else {
			drawn = append(drawn, l)
		}
	}
	g.Links = drawn
}

// members are the labels of the machines that have a role or, of those that most have, of the others.
func (g *Graph) members(service, role int) []string {
	most := g.Services[service].Roles[role].Most
	var labels []string
	for i, group := range g.Groups {
		if g.linked[Link{i, service, role}] != most {
			labels = append(labels, group.labels()...)
		}
	}
	slices.Sort(labels)
	return labels
}

// who says in words which machines have a role.
func (g *Graph) who(service, role int) string {
	switch r := g.Services[service].Roles[role]; {
	case r.Everywhere:
		return "every machine"
	case r.Members == 0:
		return "no machine"
	case r.Most:
		return "all but " + strings.Join(g.members(service, role), ", ")
	}
	return strings.Join(g.members(service, role), ", ")
}

// label is a machine's name, and what is special about it.
func (m Machine) label() string {
	switch {
	case m.Unknown:
		return clean(m.Name) + " (unknown)"
	case m.Class != "" && m.Class != "nixos":
		return clean(m.Name) + " (" + clean(m.Class) + ")"
	}
	return clean(m.Name)
}

func (g Group) labels() []string {
	labels := make([]string, len(g.Machines))
	for i, m := range g.Machines {
		labels[i] = m.label()
	}
	return labels
}

// title says how many machines they are.
func (g Group) title() string {
	if len(g.Machines) == 1 {
		return "1 machine"
	}
	return fmt.Sprintf("%d machines", len(g.Machines))
}

// label is an instance's name, with its module where that has another.
func (i Instance) label() string {
	var notes []string
	switch i.Module {
	case i.Name:
	case "":
		notes = append(notes, "does not evaluate")
	default:
		notes = append(notes, clean(i.Module))
	}
	if i.Network != 0 {
		notes = append(notes, fmt.Sprintf("network %d", i.Network))
	}
	if len(notes) == 0 {
		return clean(i.Name)
	}
	return clean(i.Name) + " (" + strings.Join(notes, ", ") + ")"
}

func (s Service) labels() []string {
	labels := make([]string, len(s.Instances))
	for i, inst := range s.Instances {
		labels[i] = inst.label()
	}
	return labels
}

// label is a role's name, and what lines do not tell.
func (g *Graph) label(r Role) string {
	switch {
	case r.Most:
		return fmt.Sprintf("%s: %d of %d machines", clean(r.Name), r.Members, g.machines)
	case r.Everywhere:
		return clean(r.Name) + ": every machine"
	case r.Members == 0:
		return clean(r.Name) + ": no machine"
	}
	return clean(r.Name)
}

// sentences describe the picture in words, one line for each box of instances.
func (g *Graph) sentences() []string {
	var lines []string
	for i, s := range g.Services {
		var roles []string
		for j, role := range s.Roles {
			roles = append(roles, clean(role.Name)+": "+g.who(i, j))
		}
		if len(roles) == 0 {
			roles = []string{"no roles"}
		}
		lines = append(lines, strings.Join(s.labels(), ", ")+". "+strings.Join(roles, "; ")+".")
	}
	for _, o := range g.Offers {
		lines = append(lines, fmt.Sprintf("%s: exports %s to %s.", strings.Join(g.Services[o.Service].labels(), ", "),
			clean(o.Interface), g.readers(o)))
	}
	has := map[int]bool{}
	for link := range g.linked {
		has[link.Group] = true
	}
	for i, group := range g.Groups {
		if !has[i] {
			lines = append(lines, strings.Join(group.labels(), ", ")+": "+g.without())
		}
	}
	return lines
}

// without says what a group has that no line leads to.
func (g *Graph) without() string {
	for _, s := range g.Services {
		for _, r := range s.Roles {
			if r.Everywhere {
				return "only what every machine has."
			}
		}
	}
	return "no roles."
}

// clean makes text from a flake fit to be shown, on one line and in XML.
func clean(s string) string { return notXML.Replace(term.EscapeLine(s)) }

// notXML are the characters that an XML document must not have, of those that are left.
var notXML = strings.NewReplacer("\ufffe", "\ufffd", "\uffff", "\ufffd")

// lines packs labels on lines of no more than so many columns, where they are not longer by themselves.
func lines(labels []string, width int) []string {
	var packed []string
	for i, label := range labels {
		if i+1 < len(labels) {
			label += ","
		}
		if last := len(packed) - 1; last >= 0 && columns(packed[last])+1+columns(label) <= width {
			packed[last] += " " + label
		} else {
			packed = append(packed, label)
		}
	}
	return packed
}
