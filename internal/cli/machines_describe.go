package cli

import (
	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/pkg/store"
)

func machinesDescribeCommand() *cli.Command {
	return &cli.Command{
		Name:        "describe",
		Usage:       "write a machine's description to inventory.json",
		ArgsUsage:   "MACHINE TEXT",
		Description: "An empty TEXT removes the description.",
		Flags:       changeFlags(),
		Action: takes(2, 2, func(c *cli.Context) error {
			return changeClan(c, func(s *store.Store) error { return s.Describe(c.Args().Get(0), c.Args().Get(1)) })
		}),
	}
}
