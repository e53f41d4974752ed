package cli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/hint"
	"github.com/clanctl/clanctl/internal/natural"
	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/internal/textview"
	"github.com/clanctl/clanctl/internal/view"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/reach"
	"github.com/clanctl/clanctl/pkg/tags"
)

func exportsCommand() *cli.Command {
	return &cli.Command{
		Name:      "exports",
		Usage:     "show what services offer to each other, where each value comes from, and which services read it",
		ArgsUsage: "[INSTANCE...]",
		Description: "By interface, such as peer or endpoints. With INSTANCE only what these offer: names, globs and !exceptions with commas between them, such as\n" +
			"'wireguard,web-*'.",
		Flags: append(append(viewFlags("interfaces"),
			&cli.StringFlag{Name: "interface", Usage: "only the interface `INTERFACE`, such as peer"},
			&cli.BoolFlag{Name: "why", Usage: "show all values one by one: who set each, and which line of the module exports it"}),
			selectFlags("on")...),
		Action: remembered(func(c *cli.Context) error {
			out, err := newViewOutput(c)
			if err != nil {
				return err
			}
			query, err := queryOf(c)
			if err != nil {
				return err
			}
			need := needReach
			if c.Bool("why") || asksJSON(c) {
				need = needReachFrom
			}
			return answer(func(inv *instance.Inventory) (told, error) {
				list := &exportList{Findings: inv.Findings, Interfaces: reach.Interfaces(inv)}
				if err := list.narrow(inv, c.Args().Slice(), query.On, c.String("interface")); err != nil {
					return told{}, err
				}
				sayNoExports(c, inv)
				none := "no export to show"
				if inv.Exports == nil {
					none = "" // that was said
				}
				return told{inv.Findings, inv.Findings}, listing[reach.Interface]{
					document: list, items: list.Interfaces, none: none,
					name:   func(i reach.Interface) string { return i.Name },
					detail: out.exports,
				}.print(out, true)
			}).ask(c, instance.Config{Need: need})
		}),
	}
}

// exportList is the answer to what services offer.
type exportList struct {
	Findings   []instance.Finding `json:"findings"`
	Interfaces []reach.Interface  `json:"interfaces"`
}

// narrow leaves what the names of instances and the selectors take. Each name has to be left something, if it had it.
func (l *exportList) narrow(inv *instance.Inventory, names []string, machines *tags.Selector, name string) error {
	drop := map[string]func(reach.Offer) bool{}
	if len(names) > 0 {
		taken, err := view.InstancesNamed(inv, names)
		if err != nil {
			return err
		}
		drop["instance"] = func(o reach.Offer) bool { return !slices.Contains(taken, o.Instance) }
	}
	offered := l.instances()
	if machines != nil {
		taken, err := machines.Machines(slices.Collect(maps.Keys(inv.Machines)), inv.Tags)
		if err != nil {
			return err
		}
		drop["machine"] = func(o reach.Offer) bool { return !slices.Contains(taken, o.Machine) }
	}
	if name != "" {
		var known []string
		for _, i := range l.Interfaces {
			known = append(known, i.Name)
		}
		if !slices.Contains(known, name) {
			return hint.With(fmt.Errorf("no service offers or reads the interface %q", name),
				"the interfaces are "+nearest.List(known))
		}
		l.Interfaces = slices.DeleteFunc(l.Interfaces, func(i reach.Interface) bool { return i.Name != name })
	}
	for i := range l.Interfaces {
		slices.SortStableFunc(l.Interfaces[i].Offers, func(a, b reach.Offer) int {
			return cmp.Or(natural.Compare(a.Instance, b.Instance), natural.Compare(a.Role, b.Role),
				natural.Compare(a.Machine, b.Machine))
		})
		for _, dropped := range drop {
			l.Interfaces[i].Offers = slices.DeleteFunc(l.Interfaces[i].Offers, dropped)
		}
	}
	if len(drop) > 0 {
		l.Interfaces = slices.DeleteFunc(l.Interfaces, func(i reach.Interface) bool { return len(i.Offers) == 0 })
	}
	return view.InstancesLeft(inv, names, offered, l.instances())
}

// instances are those that offer something.
func (l *exportList) instances() map[string]bool {
	names := map[string]bool{}
	for _, i := range l.Interfaces {
		for _, offer := range i.Offers {
			names[offer.Instance] = true
		}
	}
	return names
}

// exports describes one interface.
func (o *viewOutput) exports(i reach.Interface) {
	readers := slices.Clone(i.Consumers)
	if i.Clan {
		readers = append([]string{"clan itself"}, readers...)
	}
	by := "no service declares that it reads this"
	if len(readers) > 0 {
		by = "read by " + strings.Join(readers, ", ")
	}
	o.title(i.Name, by)
	if len(i.Offers) == 0 {
		o.text.WriteString("  " + o.paint(dim, "no service offers it") + "\n")
	}
	for _, offer := range i.Offers {
		if !o.c.Bool("why") {
			o.section(scopeText(offer), textview.ExportText(i.Name, offer.Value), offer.From.String())
			continue
		}
		o.section(scopeText(offer))
		for _, part := range offer.Parts {
			from := []string{partText(part) + ": " + part.From.String()}
			if at := part.From.Exported; at != nil && part.From.Kind != codes.FromModule {
				from = append(from, "exported by "+at.String())
			}
			o.field("  "+nixlang.PathString(part.Path)+" ", from...)
		}
	}
}

func partText(p reach.Part) string {
	var host instance.Host
	if slices.Equal(p.Path, []string{"hosts"}) && json.Unmarshal(p.Value, &host) == nil {
		return textview.HostTexts([]instance.Host{host})[0]
	}
	return compactRaw(p.Value)
}

// scopeText is the scope of an offer: the instance, the role and the machine.
func scopeText(o reach.Offer) string {
	parts := slices.DeleteFunc([]string{o.Instance, o.Role, o.Machine}, func(s string) bool { return s == "" })
	if len(parts) == 0 {
		return o.Service
	}
	return strings.Join(parts, " ")
}
