package cli

import (
	"errors"
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/hint"
	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/internal/view"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/store"
)

func tagsAddCommand() *cli.Command {
	return &cli.Command{
		Name:      "add",
		Usage:     "add a tag to machines, and with it the roles that select machines by it",
		ArgsUsage: "TAG MACHINE...",
		Description: "Written to inventory.json. Of a clan that cannot be written to, --dry-run tells what would follow if the machines\n" +
			"carried the tag.",
		Flags: changeFlags(&cli.BoolFlag{Name: "new", Usage: "make a tag that no machine has yet, without asking"}),
		Action: takes(2, -1, func(c *cli.Context) error {
			tag, machines := c.Args().First(), c.Args().Tail()
			err := changeClan(c, func(s *store.Store) error {
				if inv := s.Inventory(); inv.Machines != nil && !c.Bool("force") {
					// What does not evaluate is the store's to judge: it may be what the tag mends.
					failing := func(machine string) bool {
						return inv.Failure(instance.Subject{Machine: machine}) != nil
					}
					addition, err := view.AddTag(inv, tag, slices.DeleteFunc(slices.Clone(machines), failing))
					if err != nil {
						return err
					}
					if err := newTag(c, addition); err != nil {
						return err
					}
				}
				return hint.Each(machines, func(machine string) error { return s.AddTags(machine, tag) })
			})
			if c.Bool("dry-run") && (errors.Is(err, instance.ErrNotLocal) || errors.Is(err, store.ErrUnread)) {
				say(c, "%v; if the tag is added elsewhere:", err)
				return whatIf(c, tag, machines)
			}
			return err
		}),
	}
}

// newTag has a tag that no machine has be one that is meant, and no typing error.
func newTag(c *cli.Context, addition *view.TagAddition) error {
	if !addition.New || c.Bool("new") || addition.Tag == "" { // an empty one is the store's to refuse
		return nil
	}
	text := fmt.Sprintf("no machine has the tag %q", addition.Tag)
	near := ""
	if len(addition.Nearest) > 0 {
		near = "; there is " + nearest.List(addition.Nearest)
	}
	switch {
	case c.Bool("dry-run"):
		say(c, "%s yet%s", text, near)
		return nil
	case !canAsk(c):
		return hint.With(errors.New(text+near), "give --new to make it a new tag")
	}
	yes, err := confirm(c, text+near+". Make it a new tag?")
	if err == nil && !yes {
		return errors.New("nothing was written")
	}
	return err
}

func tagsRemoveCommand() *cli.Command {
	return &cli.Command{
		Name:      "remove",
		Usage:     "remove a tag from machines; it must be in inventory.json",
		ArgsUsage: "TAG MACHINE...",
		Flags:     changeFlags(),
		Action: takes(2, -1, func(c *cli.Context) error {
			return changeClan(c, func(s *store.Store) error {
				return hint.Each(c.Args().Tail(), func(machine string) error {
					return s.RemoveTags(machine, c.Args().First())
				})
			})
		}),
	}
}
