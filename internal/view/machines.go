package view

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/hint"
	"github.com/clanctl/clanctl/internal/natural"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/tags"
)

// MachineList tells what runs where.
type MachineList struct {
	// Findings say what is missing from the machines, or may be.
	Findings []instance.Finding `json:"findings"`
	// Machines are in order of their names.
	Machines []Machine `json:"machines"`
}

// Machine is a machine and all that runs there.
type Machine struct {
	Class       string         `json:"class"`
	Deploy      map[string]any `json:"deploy,omitempty"`
	Description string         `json:"description,omitempty"`
	// Memberships are in order of instance and role.
	Memberships []Membership       `json:"memberships"`
	Name        string             `json:"name"`
	Position    *instance.Position `json:"position,omitempty"`
	// Tags are the effective tags, sorted.
	Tags []string `json:"tags"`
}

// Membership is a role that a machine has in an instance, and why.
type Membership struct {
	// Explicit: the role names the machine.
	Explicit bool   `json:"explicit"`
	Instance string `json:"instance"`
	Module   Module `json:"module"`
	Role     string `json:"role"`
	// Settings are the machine's final settings; nil where they were not asked for, or a finding says why they are
	// missing.
	Settings *instance.Settings `json:"settings,omitzero"`
	// Tags are the role's tags that the machine carries, sorted.
	Tags []string `json:"tags"`
}

// Machines shows the named machines, all without names, as far as the query takes them. The error is a
// [*tags.UnknownError].
func Machines(inv *instance.Inventory, names []string, q Query) (*MachineList, error) {
	f, err := q.resolve(inv)
	if err != nil {
		return nil, err
	}
	among := f.machines
	chosen := machinesNamed(inv)
	if f.machines, err = chosen.of(names, f.machines); err != nil {
		return nil, err
	}
	memberships := map[string][]Membership{}
	f.each(inv, func(ref instance.Scope, inst *instance.Instance, role *instance.Role) {
		for name, member := range role.Machines {
			if takes(f.machines, name) {
				memberships[name] = append(memberships[name], Membership{
					Explicit: member.Explicit, Instance: ref.Instance, Module: moduleOf(inst), Role: ref.Role,
					Settings: member.Settings, Tags: member.Tags,
				})
			}
		}
	})
	list := &MachineList{Findings: f.findings(inv), Machines: []Machine{}}
	for _, name := range natural.Keys(inv.Machines) {
		if !takes(f.machines, name) || q.Memberships() && memberships[name] == nil {
			continue
		}
		m := inv.Machines[name]
		shown := Machine{Class: m.Class, Deploy: m.Deploy, Description: m.Description, Memberships: memberships[name],
			Name: name, Position: inv.Where("machines", name), Tags: m.Tags}
		if shown.Memberships == nil {
			shown.Memberships = []Membership{}
		}
		list.Machines = append(list.Machines, shown)
	}
	if q.Memberships() {
		among = map[string]bool{}
		for _, m := range list.Machines {
			among[m.Name] = true
		}
	}
	return list, chosen.contradicted(names, nil, among)
}

// chooser knows the names of a kind, and what a selector of them means.
type chooser struct {
	kind  string
	known []string
	parse func(string) (*tags.Selector, error)
	means func(*tags.Selector) ([]string, error)
}

func machinesNamed(inv *instance.Inventory) chooser {
	known := slices.Sorted(maps.Keys(inv.Machines))
	return chooser{"machine", known, tags.ParseSelector, func(s *tags.Selector) ([]string, error) {
		return s.Machines(known, inv.Tags)
	}}
}

func thingsNamed(kind string, known []string) chooser {
	return chooser{kind, known, tags.ParseNames, func(s *tags.Selector) ([]string, error) {
		return s.Names(kind, known)
	}}
}

// meaningful are the characters that a selector gives a meaning.
var meaningful = strings.NewReplacer(`\`, `\\`, ",", `\,`, "&", `\&`, "!", `\!`, "@", `\@`, "*", `\*`, "?", `\?`, "[",
	`\[`, " ", `\ `)

// selector puts together what the arguments select: each is a name, which stands for itself whatever is in it, or a
// selector.
func (c chooser) selector(arguments []string) (*tags.Selector, error) {
	terms := slices.Clone(arguments)
	for i, argument := range terms {
		switch bare, isTag := strings.CutPrefix(argument, "@"); {
		case slices.Contains(c.known, argument) && c.kind == "machine":
			terms[i] = meaningful.Replace(argument)
		case slices.Contains(c.known, argument):
			terms[i] = strings.ReplaceAll(meaningful.Replace(argument), `\@`, "@")
		case isTag && c.kind == "tag":
			terms[i] = bare
		}
	}
	return c.parse(strings.Join(terms, ","))
}

// of limits a set to what the arguments select. Each of them must select something, and something of the set.
func (c chooser) of(arguments []string, among map[string]bool) (map[string]bool, error) {
	if len(arguments) == 0 {
		return among, nil
	}
	selector, err := c.selector(arguments)
	if err != nil {
		return nil, err
	}
	selected, err := set(c.means(selector))
	if err != nil {
		return nil, err
	}
	maps.DeleteFunc(selected, func(name string, _ bool) bool { return !takes(among, name) })
	return selected, c.contradicted(arguments, nil, among)
}

// contradicted is the error where flags leave nothing of what an argument selects in the first set.
func (c chooser) contradicted(arguments []string, of, left map[string]bool) error {
	for _, argument := range arguments {
		if strings.HasPrefix(argument, "!") || left == nil {
			continue
		}
		selector, err := c.selector([]string{argument})
		if err != nil {
			return err
		}
		names, err := c.means(selector)
		if err != nil {
			return err
		}
		in := func(set map[string]bool) bool {
			return slices.ContainsFunc(names, func(name string) bool { return takes(set, name) })
		}
		if in(of) && !in(left) {
			return &hint.Error{Text: fmt.Sprintf("the flags leave out %q", argument),
				Advice: fmt.Sprintf("leave out the %s, or change the flags", c.kind)}
		}
	}
	return nil
}
