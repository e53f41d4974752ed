package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/shell"
	"github.com/clanctl/clanctl/internal/view"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/reach"
)

func reachCommand() *cli.Command {
	return &cli.Command{
		Name:      "reach",
		Usage:     "show how clan reaches machines: by which network, at which address, and where that comes from",
		ArgsUsage: "[MACHINE...]",
		Description: "Without MACHINE: the first way to each that has an address. With MACHINE: all ways, in the order in which clan tries them.\n" +
			"No machine is asked, and no network used.",
		Flags: append(viewFlags("machines that have an address"), selectFlags("on", "instance", "service", "role")...),
		Action: remembered(func(c *cli.Context) error {
			out, err := newViewOutput(c)
			if err != nil {
				return err
			}
			query, err := queryOf(c)
			if err != nil {
				return err
			}
			names, need := c.Args().Slice(), needReach
			if len(names) > 0 || asksJSON(c) {
				need = needReachFrom
			}
			return answer(func(inv *instance.Inventory) (told, error) {
				list, err := reachOf(inv, names, query)
				if err != nil {
					return told{}, err
				}
				sayNoExports(c, inv)
				return told{list.Findings, list.Findings}, out.printReach(list, len(names) > 0)
			}).ask(c, instance.Config{Need: need})
		}),
	}
}

// needReach is what is asked for of a clan to reach its machines; needReachFrom also tells where modules say so.
const (
	needReach     = instance.NeedExports | instance.NeedSettings | facts.NeedPlaces
	needReachFrom = needReach | facts.NeedExportPlaces
)

// reachList is the answer to how machines are reached.
type reachList struct {
	Findings []instance.Finding `json:"findings"`
	Machines []reach.Machine    `json:"machines"`
}

func reachOf(inv *instance.Inventory, names []string, query view.Query) (*reachList, error) {
	machines, err := view.Machines(inv, names, query)
	if err != nil {
		return nil, err
	}
	list := &reachList{Findings: machines.Findings, Machines: []reach.Machine{}}
	ways := map[string]reach.Machine{}
	for _, m := range reach.Machines(inv) {
		ways[m.Name] = m
	}
	for _, m := range machines.Machines {
		list.Machines = append(list.Machines, ways[m.Name])
	}
	return list, nil
}

// sayNoExports tells people that the clan has no networks because it has no exports at all.
func sayNoExports(c *cli.Context, inv *instance.Inventory) {
	if inv.Exports != nil || inv.Partial() {
		return
	}
	say(c, "this clan has no exports: %s", noExports(inv))
}

// noExports tells why a clan has no exports at all.
func noExports(inv *instance.Inventory) string {
	if inv.Flake.ClanCore == "" {
		return "it is written without clan-core"
	}
	return "its clan-core is from before 2025-07-02"
}

func (o *viewOutput) printReach(list *reachList, details bool) error {
	items := list.Machines
	if o.names {
		items = slices.DeleteFunc(slices.Clone(items), func(m reach.Machine) bool { return m.Best() == nil })
	}
	return listing[reach.Machine]{
		document: list, items: items, none: "no machine to show",
		name:   func(m reach.Machine) string { return m.Name },
		detail: o.reach,
		columns: []column[reach.Machine]{
			{heading{Title: "MACHINE"}, func(m reach.Machine) cell { return newCell(m.Name) }},
			{heading{Title: "BY"}, func(m reach.Machine) cell {
				if best := m.Best(); best != nil {
					return newCell(networkName(*best))
				}
				return newCell("nothing")
			}},
			{heading{Title: "ADDRESS"}, func(m reach.Machine) cell {
				if best := m.Best(); best != nil {
					return newCell(addressText(*best))
				}
				return newCell()
			}},
			{heading{Title: "ALSO", Shared: itself("also")}, func(m reach.Machine) cell { return newCell(otherWays(m)...) }},
		},
	}.print(o, details)
}

func networkName(w reach.Way) string {
	if w.Network == "" {
		return "targetHost"
	}
	return w.Network
}

// addressText is where a way leads: user@host:port.
func addressText(w reach.Way) string {
	host := w.Host
	if w.Port != 0 && w.Port != 22 {
		if strings.Contains(host, ":") {
			host = "[" + host + "]"
		}
		host += ":" + strconv.Itoa(w.Port)
	}
	return w.User + "@" + host
}

// otherWays are the networks besides the first that has an address.
func otherWays(m reach.Machine) []string {
	best := m.Best()
	var names []string
	for i := range m.Ways {
		w := &m.Ways[i]
		name := networkName(*w)
		if w.Host == "" {
			name += " (no address)"
		}
		if w != best && (best == nil || networkName(*w) != networkName(*best)) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// reach describes the ways to one machine.
func (o *viewOutput) reach(m reach.Machine) {
	o.title(m.Name, "")
	if len(m.Ways) == 0 {
		o.text.WriteString("  " + o.paint(dim, "neither a targetHost nor a network reaches it") + "\n")
	}
	for i, w := range m.Ways {
		notes := []string{}
		if w.Network != "" {
			notes = append(notes, w.Service, "priority "+strconv.Itoa(w.Priority))
		}
		if w.Untried != "" {
			notes = append(notes, "not tried: "+w.Untried)
		}
		o.section(strconv.Itoa(i+1)+". "+networkName(w), notes...)
		if w.Problem != "" {
			o.field("  missing", w.Problem)
		} else {
			o.field("  command", shell.Join(w.SSH()))
			o.field("  host", valueFrom(w.Host, w.HostFrom))
		}
		if w.Port != 0 {
			o.field("  port", valueFrom(strconv.Itoa(w.Port), w.PortFrom))
		}
		o.field("  user", valueFrom(w.User, w.UserFrom))
	}
	if len(m.Ways) == 0 || m.Ways[0].Network != "" {
		o.text.WriteString("  " +
			o.paint(dim,
				"If none answers, clan takes the targetHost in the machine's NixOS configuration, which is not read here.") +
			"\n")
	}
}

func valueFrom(value string, from reach.Source) string {
	if value == "" {
		return from.String()
	}
	return fmt.Sprintf("%s: %s", value, from)
}
