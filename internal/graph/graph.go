package graph

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/clanctl/clanctl/internal/natural"
	"github.com/clanctl/clanctl/internal/permachine"
	"github.com/clanctl/clanctl/internal/term"
	"github.com/clanctl/clanctl/internal/textview"
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
	// ByTag: a box is a tag with the machines that have roles by it, and a machine is in the box of each of its tags.
	// What roles name is in boxes of its own: by equal roles, or, where these are too many, by what a role lists.
	ByTag bool

	machines int    // of the whole clan
	hidden   []Link // of roles that most machines have
	linked   map[Link]bool
}

// Group is a box of machines of one class that have the same roles in the same instances, or those that have roles by a
// tag; or the one that stands for every machine, which has no Machines.
type Group struct {
	Machines []Machine
	// ByTag: it is the box of the one tag in Tags. ByName: it is that of what roles name.
	ByTag, ByName bool
	// Tags name the group: those that all of them share and not nearly everybody has, the rarest first.
	Tags []string
	// Exactly these machines have the first of the tags.
	Exactly bool
	// Every is how many machines there are, of the box that stands for them all.
	Every int
}

// Machine is one of a group.
type Machine struct {
	Name, Class string
	Tags        []string
	// Errors and Warnings are how many findings there are about it.
	Errors, Warnings int
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
	// Errors and Warnings are how many findings there are about it.
	Errors, Warnings int
}

// Role is one that the instances of a box have.
type Role struct {
	Name    string
	Members int
	// Everywhere: every machine of the clan has it, and there are no links to it. Most: so many have it that
	// in a picture full of lines it has none either.
	Everywhere, Most bool
	// InWords: its lines would cross others, and there are none.
	InWords bool
}

// manyLinks is how many lines a picture has before roles that more than half of the boxes have lose theirs.
const manyLinks = 50

// Link says that the machines of a group have a role: indices into Groups, Services and the service's Roles.
type Link struct{ Group, Service, Role int }

// Of makes the picture of a clan: of the named instances, all without names, as far as the query takes them.
// The findings are marked where they belong. Settings are not needed. The error is a [*tags.UnknownError].
func Of(inv *instance.Inventory, names []string, q view.Query, findings []instance.Finding) (*Graph, error) {
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
	all := map[string]Machine{}
	for name, m := range inv.Machines {
		all[name] = Machine{Name: name, Class: m.Class, Tags: m.Tags}
	}
	g := draw(all, drawn, instances, exportsOf(inv))
	g.mark(findings)
	g.Findings = machines.Findings
	g.Title, _ = inv.Meta["name"].(string)
	if g.Title == "" {
		g.Title = inv.Flake.Ref
	}
	return g, nil
}

// mark counts findings where they belong: at machines, or else at the instance.
func (g *Graph) mark(findings []instance.Finding) {
	count := func(f instance.Finding, errors, warnings *int) {
		switch f.Severity {
		case instance.SeverityError:
			*errors++
		case instance.SeverityWarning:
			*warnings++
		}
	}
	for _, f := range findings {
		for i := range g.Groups {
			for j := range g.Groups[i].Machines {
				if m := &g.Groups[i].Machines[j]; f.Instance == "" && slices.Contains(permachine.Machines(f), m.Name) {
					count(f, &m.Errors, &m.Warnings)
				}
			}
		}
		for i := range g.Services {
			for j := range g.Services[i].Instances {
				if inst := &g.Services[i].Instances[j]; inst.Name == f.Instance {
					count(f, &inst.Errors, &inst.Warnings)
				}
			}
		}
	}
}

// draw makes the picture of instances and their members, and of other machines. all are the clan's.
func draw(all map[string]Machine, machines []string, instances *view.InstanceList, e exports) *Graph {
	g := &Graph{machines: len(all)}
	known := map[string]Machine{}
	add := func(name string) {
		m, ok := all[name]
		m.Name, m.Unknown = name, !ok
		known[name] = m
	}
	for _, name := range machines {
		add(name)
	}
	for _, inst := range instances.Instances {
		for _, role := range inst.Roles {
			for _, member := range role.Members {
				add(member.Machine)
			}
		}
	}
	groups := byRoles(known, instances)
	if len(groups.groups) > manyGroups {
		if tagged := g.byTags(known, instances); len(tagged.groups) < len(groups.groups) {
			groups, g.ByTag = tagged, true
		}
	}
	g.Groups = groups.groups
	g.services(instances, groups, known, e)
	if !g.ByTag {
		g.nameGroups(all)
		g.thin()
	}
	g.every()
	g.order()
	g.orderRoles()
	if !g.ByTag {
		g.untangle()
	}
	g.offers(e)
	g.linked = map[Link]bool{}
	for _, link := range slices.Concat(g.Links, g.hidden) {
		g.linked[link] = true
	}
	return g
}

func (g *Graph) services(instances *view.InstanceList, in grouping, known map[string]Machine, e exports) {
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
			for _, member := range role.Members {
				for _, group := range in.of(inst.Name, role.Name, member) {
					groups[group] = true
				}
			}
			everywhere := g.everywhere(role, known) && (g.ByTag || len(groups) > 1)
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

// nameGroups says by which tags groups are known.
func (g *Graph) nameGroups(all map[string]Machine) {
	carried := map[string]int{}
	for _, m := range all {
		for _, tag := range m.Tags {
			carried[tag]++
		}
	}
	for i := range g.Groups {
		group := &g.Groups[i]
		for _, tag := range group.Machines[0].Tags {
			shared := !slices.ContainsFunc(group.Machines, func(m Machine) bool {
				return !slices.Contains(m.Tags, tag)
			})
			if shared && 5*carried[tag] <= 4*len(all) && tag != "nixos" && tag != "darwin" {
				group.Tags = append(group.Tags, tag)
			}
		}
		slices.SortFunc(group.Tags, func(a, b string) int {
			return cmp.Or(cmp.Compare(carried[a], carried[b]), natural.Compare(a, b))
		})
		group.Exactly = len(group.Tags) > 0 && carried[group.Tags[0]] == len(group.Machines)
	}
}

// every adds the box that stands for every machine, with a line to each role that all or most have.
func (g *Graph) every() {
	var links []Link
	for i, s := range g.Services {
		for j, r := range s.Roles {
			if r.Everywhere || r.Most {
				links = append(links, Link{len(g.Groups), i, j})
			}
		}
	}
	if len(links) > 0 {
		g.Groups = append(g.Groups, Group{Every: g.machines})
		g.Links = append(g.Links, links...)
	}
}

// allLinks are the links with those that the picture says in words: other programs lay them out themselves.
func (g *Graph) allLinks() []Link {
	links := slices.Clone(g.Links)
	for _, l := range g.hidden {
		if g.Services[l.Service].Roles[l.Role].InWords {
			links = append(links, l)
		}
	}
	slices.SortFunc(links, compareLinks)
	return links
}

// fewGroups is how many boxes a picture has in which no lines cross.
const fewGroups = 4

// untangle says in words, in a small picture, which machines have a role whose lines cross others: the most first.
func (g *Graph) untangle() {
	boxes := 0
	for _, group := range g.Groups {
		if group.Every == 0 {
			boxes++
		}
	}
	for boxes <= fewGroups {
		all := g.crossings(indices(len(g.Groups)), indices(len(g.Services)))
		if all == 0 {
			return
		}
		links, best, fewest := g.Links, Link{}, all+1
		of := func(role Link) func(Link) bool {
			return func(l Link) bool { return l.Service == role.Service && l.Role == role.Role }
		}
		for _, role := range links {
			g.Links = slices.DeleteFunc(slices.Clone(links), of(role))
			if n := g.crossings(indices(len(g.Groups)), indices(len(g.Services))); n < fewest {
				best, fewest = role, n
			}
		}
		g.hidden = append(g.hidden,
			slices.DeleteFunc(slices.Clone(links), func(l Link) bool { return !of(best)(l) })...)
		g.Links = slices.DeleteFunc(links, of(best))
		g.Services[best.Service].Roles[best.Role].InWords = true
	}
}

// members are the labels of the machines that have a role or, of those that most have, of the others.
func (g *Graph) members(service, role int) []string {
	most := g.Services[service].Roles[role].Most
	var labels []string
	for i, group := range g.Groups {
		if group.Every == 0 && g.linked[Link{i, service, role}] != most {
			labels = append(labels, group.labels()...)
		}
	}
	slices.SortFunc(labels, natural.Compare)
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

// labels are what is said of who has a role: names, or a tag.
func (g Group) labels() []string {
	switch {
	case g.Every > 0:
		return []string{"every machine"}
	case g.ByTag:
		return []string{"tag " + clean(g.Tags[0]) + " (" + textview.Count(len(g.Machines), "machine") + ")"}
	}
	return g.machines()
}

// machines are the labels of all.
func (g Group) machines() []string { return each(g.Machines, Machine.label) }

// mac reports whether the machines are Macs, mixed whether only some are.
func (g Group) mac() bool { return g.Every == 0 && g.Machines[0].Class == "darwin" && !g.mixed() }

func (g Group) mixed() bool {
	return slices.ContainsFunc(g.Machines, func(m Machine) bool { return m.Class != g.Machines[0].Class })
}

// titleTags is how many tags a title has, at most.
const titleTags = 2

// title says how many machines they are, whether they are Macs, and which tags they share.
func (g Group) title() string {
	if g.Every > 0 {
		return fmt.Sprintf("all %d", g.Every)
	}
	what, n := "machine", len(g.Machines)
	if g.mac() {
		what = "Mac"
	}
	title := textview.Count(n, what)
	switch {
	case g.ByName && n > 1:
		return title + ", by name"
	case n == 1 && g.mac() && !g.ByTag:
		title = what
	case n == 1 && !g.ByTag:
		title = ""
	}
	tags := each(g.Tags[:min(len(g.Tags), titleTags)], clean)
	if g.ByTag || g.Exactly && n > 1 {
		return "tag " + tags[0] + ": " + title
	}
	if len(tags) > 0 {
		title = strings.TrimPrefix(title+", tagged ", ", ") + strings.Join(tags, ", ")
	}
	return title
}

// names are the labels as a box shows them: of those whose names count up, the first and the last.
func (g Group) names() []name {
	if g.Every > 0 {
		return []name{{"every machine", 1}}
	}
	var names []name
	mixed := g.mixed()
	for i := 0; i < len(g.Machines); {
		n := 1
		for i+n < len(g.Machines) && follows(g.Machines[i+n-1].Name, g.Machines[i+n].Name) &&
			g.Machines[i].Class == g.Machines[i+n].Class {
			n++
		}
		first, last := g.Machines[i], g.Machines[i+n-1]
		if n > 2 && !first.Unknown {
			label := last.Name
			if mixed {
				label = last.label()
			}
			names = append(names, name{clean(first.Name) + " – " + clean(label), n})
		} else {
			for _, m := range g.Machines[i : i+n] {
				label := clean(m.Name)
				if m.Unknown || mixed {
					label = m.label()
				}
				names = append(names, name{label, 1})
			}
		}
		i += n
	}
	return names
}

// names are the labels as a box shows them.
func (s Service) names() []name {
	return each(s.Instances, func(i Instance) name { return name{i.label(), 1} })
}

// unlinked says what a group has that no line leads to.
func (g *Graph) unlinked(group int) string {
	most := false
	for i, s := range g.Services {
		for j, r := range s.Roles {
			switch has := g.linked[Link{group, i, j}]; {
			case has && r.InWords:
				return "named with its roles"
			case has && r.Most:
				most = true
			}
		}
	}
	if most {
		return "only what most machines have"
	}
	return strings.TrimSuffix(g.without(), ".")
}

// name is a text, and how many names it stands for.
type name struct {
	text string
	n    int
}

// follows reports whether a name is the next one of another, as m10 is of m9.
func follows(a, b string) bool {
	prefix := strings.TrimRight(a, "0123456789")
	rest, ok := strings.CutPrefix(b, prefix)
	if !ok || prefix == a {
		return false
	}
	x, err := strconv.Atoi(a[len(prefix):])
	y, otherErr := strconv.Atoi(rest)
	return err == nil && otherErr == nil && y == x+1 && len(rest) >= len(a)-len(prefix)
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

func (s Service) labels() []string { return each(s.Instances, Instance.label) }

// label is a role's name, and what lines do not tell.
func (g *Graph) label(service, role int) string {
	r := g.Services[service].Roles[role]
	switch {
	case r.InWords:
		return clean(r.Name) + ": " + g.who(service, role)
	case r.Most && columns(g.who(service, role)) <= textColumns:
		return clean(r.Name) + ": " + g.who(service, role)
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
	if g.ByTag {
		lines = append(lines, byTagNote+".")
	}
	has := map[int]bool{}
	for link := range g.linked {
		has[link.Group] = true
	}
	for i, group := range g.Groups {
		if !has[i] && group.Every == 0 {
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

// each are what some things come to.
func each[T, U any](all []T, of func(T) U) (found []U) {
	for _, one := range all {
		found = append(found, of(one))
	}
	return found
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
