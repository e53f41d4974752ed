package cli

import (
	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/pkg/store"
)

func rolesCommand() *cli.Command {
	return &cli.Command{
		Name:  "roles",
		Usage: "add machines and tags to roles of instances, and remove them",
		Subcommands: []*cli.Command{
			rolesMembersCommand("add", "add machines and tags to a role", (*store.Store).AddMembers),
			rolesMembersCommand("remove", "remove machines and tags from a role, with their settings in it",
				(*store.Store).RemoveMembers),
		},
	}
}

func rolesMembersCommand(name, usage string, do func(*store.Store, string, store.Members) error) *cli.Command {
	return &cli.Command{
		Name:      name,
		Usage:     usage,
		ArgsUsage: "INSTANCE ROLE MACHINE|@TAG...",
		Flags:     changeFlags(),
		Action: takes(3, -1, func(c *cli.Context) error {
			m, err := parseMembers(c.Args().Get(1), c.Args().Slice()[2:])
			if err != nil {
				return err
			}
			return changeClan(c, func(s *store.Store) error { return do(s, c.Args().First(), m) })
		}),
	}
}
