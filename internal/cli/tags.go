package cli

import (
	"slices"
	"strconv"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/natural"
	"github.com/clanctl/clanctl/internal/textview"
	"github.com/clanctl/clanctl/internal/view"
	"github.com/clanctl/clanctl/pkg/instance"
)

func tagsCommand() *cli.Command {
	return &cli.Command{
		Name:        "tags",
		Usage:       "show the tags: which machines have them, from where, and which roles select machines by them",
		ArgsUsage:   "[TAG...]",
		Flags:       append(viewFlags("tags"), tableFlags((*viewOutput).tagColumns)...),
		Subcommands: []*cli.Command{tagsAddCommand(), tagsRemoveCommand()},
		Action: remembered(func(c *cli.Context) error {
			out, err := newTableOutput(c, (*viewOutput).tagColumns)
			if err != nil {
				return err
			}
			names := c.Args().Slice()
			need := instance.NeedInstances
			if out.names {
				need = instance.NeedMachines
			}
			return answer(func(inv *instance.Inventory) (told, error) {
				out.inv = inv
				list, err := view.Tags(inv, names)
				if err != nil {
					return told{}, err
				}
				return told{list.Findings, list.Findings}, listing[view.Tag]{
					document: list, items: list.Tags, none: "no tag to show",
					name:    func(tag view.Tag) string { return tag.Name },
					detail:  out.tag,
					columns: out.tagColumns(),
				}.print(out, len(names) > 0)
			}).ask(c, instance.Config{Need: need})
		}),
	}
}

func (o *viewOutput) tagColumns() []column[view.Tag] {
	return []column[view.Tag]{
		{heading{Title: "TAG"}, func(tag view.Tag) cell { return newCell(tag.Name) }},
		{heading{Title: "FROM"}, func(tag view.Tag) cell { return newCell(sources(tag)...) }},
		{heading{Title: "N"}, func(tag view.Tag) cell { return newCell(strconv.Itoa(len(tag.Machines))) }},
		{heading{Title: "MACHINES"}, func(tag view.Tag) cell { return newCell(o.carriers(tag)...) }},
		{heading{Title: "ROLES"}, func(tag view.Tag) cell { return o.roles(tag.Roles) }},
	}
}

func carriers(tag view.Tag) []string {
	machines := make([]string, len(tag.Machines))
	for i, carrier := range tag.Machines {
		machines[i] = carrier.Machine
	}
	return machines
}

// carriers are the machines that carry a tag; on a terminal those that do not, where they are far fewer.
func (o *viewOutput) carriers(tag view.Tag) []string {
	names := carriers(tag)
	if o.width == 0 || o.wide || !textview.NearlyAll(len(names), len(o.inv.Machines)) {
		return names
	}
	var except []string
	for _, name := range natural.Keys(o.inv.Machines) {
		if !slices.Contains(names, name) {
			except = append(except, name)
		}
	}
	if len(except) == 0 {
		return []string{"all"}
	}
	except[0] = "all but " + except[0]
	return except
}

// sources are the places that a tag comes from.
func sources(tag view.Tag) []string {
	var from []string
	if tag.Declared != "" {
		from = append(from, string(tag.Declared))
	}
	if slices.ContainsFunc(tag.Machines, func(c view.Carrier) bool { return c.From == view.FromMachine }) {
		from = append(from, string(view.FromMachine))
	}
	return from
}

// tag describes one tag.
func (o *viewOutput) tag(tag view.Tag) {
	o.title(tag.Name, textview.Count(len(tag.Machines), "machine"))
	o.place(tag.Position)
	machines := map[view.Source][]string{}
	for _, carrier := range tag.Machines {
		machines[carrier.From] = append(machines[carrier.From], carrier.Machine)
	}
	for _, from := range []view.Source{view.FromInventory, view.FromComputed, view.FromPredefined, view.FromMachine} {
		o.field(string(from), machines[from]...)
	}
	o.field("unknown", tag.Unknown...)
	if len(tag.Roles) == 0 {
		o.field("roles", "no role takes machines by it")
	}
	if len(tag.Roles) > 0 {
		o.field("roles", o.roles(tag.Roles).Texts()...)
	}
}
