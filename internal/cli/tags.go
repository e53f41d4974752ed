package cli

import (
	"slices"
	"strconv"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/textview"
	"github.com/clanctl/clanctl/internal/view"
	"github.com/clanctl/clanctl/pkg/instance"
)

func tagsCommand() *cli.Command {
	return &cli.Command{
		Name:        "tags",
		Usage:       "show the tags: who carries them, from where, and which roles take machines by them",
		ArgsUsage:   "[TAG...]",
		Flags:       viewFlags("tags"),
		Subcommands: []*cli.Command{tagsAddCommand(), tagsRemoveCommand()},
		Action: remembered(func(c *cli.Context) error {
			out, err := newViewOutput(c)
			if err != nil {
				return err
			}
			names := c.Args().Slice()
			need := instance.NeedInstances
			if out.names {
				need = instance.NeedMachines
			}
			inv, loadErr := load(c, instance.Config{Need: need})
			if inv == nil {
				return explainLoad(c, loadErr)
			}
			list, err := view.Tags(inv, names)
			if err != nil {
				return unknownIn(c, inv, loadErr, err)
			}
			if err := out.printTags(list, len(names) > 0); err != nil {
				return err
			}
			return ending(c, inv, list.Findings, list.Findings, loadErr)
		}),
	}
}

func (o *viewOutput) printTags(list *view.TagList, details bool) error {
	return listing[view.Tag]{
		document: list, items: list.Tags, none: "no tag to show",
		name:   func(tag view.Tag) string { return tag.Name },
		detail: o.tag,
		columns: []column[view.Tag]{
			{"TAG", func(tag view.Tag) cell { return newCell(tag.Name) }},
			{"FROM", func(tag view.Tag) cell { return newCell(sources(tag)...) }},
			{"N", func(tag view.Tag) cell { return newCell(strconv.Itoa(len(tag.Machines))) }},
			{"MACHINES", func(tag view.Tag) cell { return newCell(carriers(tag)...) }},
			{"ROLES", func(tag view.Tag) cell { return newCell(roleNames(tag.Roles)...) }},
		},
	}.print(o, details)
}

func carriers(tag view.Tag) []string {
	machines := make([]string, len(tag.Machines))
	for i, carrier := range tag.Machines {
		machines[i] = carrier.Machine
	}
	return machines
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
	o.field("roles", roleNames(tag.Roles)...)
}
