package cli

import (
	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/pkg/store"
)

func rolesCommand() *cli.Command {
	return &cli.Command{
		Name:  "roles",
		Usage: "put machines and tags into roles of instances, and take them out",
		Subcommands: []*cli.Command{
			rolesMembersCommand("add", "put machines and tags into a role", (*store.Store).AddMembers),
			rolesMembersCommand("remove", "take machines and tags out of a role, and their settings in it with them", (*store.Store).RemoveMembers),
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
