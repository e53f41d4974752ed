package cli

import (
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/internal/textview"
	"github.com/clanctl/clanctl/internal/view"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/why"
)

func machinesCommand() *cli.Command {
	return &cli.Command{
		Name:      "machines",
		Usage:     "show what runs where: the machines, their tags, and their roles in instances",
		ArgsUsage: "[MACHINE...]",
		Description: "With MACHINE: everything that runs there, why, and with which settings. Selectors narrow what is shown:\n" +
			"names, globs, @tags and !exceptions with commas between them, such as 'web-*,@backup,!laptop'.",
		Flags: slices.Concat(viewFlags("machines"), tableFlags((*viewOutput).machineColumns),
			selectFlags("on", "instance", "service", "role")),
		Subcommands: []*cli.Command{machinesDescribeCommand()},
		Action: remembered(func(c *cli.Context) error {
			out, err := newTableOutput(c, (*viewOutput).machineColumns)
			if err != nil {
				return err
			}
			query, err := queryOf(c)
			if err != nil {
				return err
			}
			names := c.Args().Slice()
			need := instance.NeedInstances
			switch {
			case out.names && !query.Memberships():
				need = instance.NeedMachines
			case !out.names && len(names) > 0:
				need = instance.NeedSettings
				if out.color {
					need = instance.NeedOrigins // to tell the defaults
				}
			}
			return answer(func(inv *instance.Inventory) (told, error) {
				out.inv = inv
				list, err := view.Machines(inv, names, query)
				if err != nil {
					return told{}, err
				}
				found := told{list.Findings, list.Findings}
				if out.detailed(names) {
					found.unsaid = nil
				}
				return found, listing[view.Machine]{
					document: list, items: list.Machines, none: "no machine to show",
					name:    func(m view.Machine) string { return m.Name },
					detail:  out.machine,
					ending:  func() { out.findings(list.Findings) },
					columns: out.machineColumns(),
				}.print(out, len(names) > 0)
			}).ask(c, instance.Config{Need: need})
		}),
	}
}

func (o *viewOutput) machineColumns() []column[view.Machine] {
	return []column[view.Machine]{
		{heading{Title: "MACHINE"}, func(m view.Machine) cell { return newCell(m.Name) }},
		{heading{Title: "CLASS", Shared: itself("class")}, func(m view.Machine) cell { return newCell(m.Class) }},
		{heading{Title: "TAGS", Shared: itself("tag")}, func(m view.Machine) cell {
			return newCell(telling(m.Class, m.Tags)...)
		}},
		{heading{Title: "RUNS", Shared: itself("")}, func(m view.Machine) cell { return o.roles(runs(m)) }},
		{heading{Title: "DEPLOY", Hidden: true}, func(m view.Machine) cell {
			return newCell(assignments(m.Deploy)...)
		}},
		{heading{Title: "DESCRIPTION", Hidden: true}, func(m view.Machine) cell {
			return newCell(given(m.Description)...)
		}},
	}
}

// dimDefaults is the style of a member's settings: dim for what nobody wrote.
func (o *viewOutput) dimDefaults(in view.Membership, machine string) func([]string) style {
	defaults := map[string]bool{}
	if o.color {
		of := instance.Scope{Instance: in.Instance, Role: in.Role, Machine: machine}
		for _, origin := range why.Origins(o.inv, of) {
			defaults[nixlang.PathString(origin.Path)] = origin.From == codes.SourceDefault
		}
	}
	return func(path []string) style {
		if defaults[nixlang.PathString(path)] {
			return dim
		}
		return plain
	}
}

// runs are the roles that a machine is in.
func runs(m view.Machine) []view.RoleRef {
	var refs []view.RoleRef
	for _, in := range m.Memberships {
		refs = append(refs, view.RoleRef{Instance: in.Instance, Role: in.Role})
	}
	return refs
}

// machine describes one machine.
func (o *viewOutput) machine(m view.Machine) {
	o.title(m.Name, m.Description)
	o.field("class", m.Class)
	o.field("tags", codes.OwnTagsFirst(m.Tags)...)
	o.field("deploy", assignments(m.Deploy)...)
	o.place(m.Position)
	for _, in := range m.Memberships {
		o.text.WriteString("\n")
		o.section(in.Instance+" "+in.Role, moduleText(&in.Module), textview.MembershipReason(in.Explicit, in.Tags))
		o.settings(in.Settings, "    ", o.dimDefaults(in, m.Name))
	}
}

// telling are the tags that tell the machine apart: not those that clan gives every machine, or every one of its class.
func telling(class string, tags []string) []string {
	var names []string
	for _, name := range codes.OwnTagsFirst(tags) {
		if name != "all" && name != class {
			names = append(names, name)
		}
	}
	return names
}
