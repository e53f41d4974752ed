package cli

import (
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/hint"
	"github.com/clanctl/clanctl/pkg/store"
)

func instancesCreateCommand() *cli.Command {
	const usage = "clanctl instances create NAME --module [INPUT#]MODULE --role ROLE=MACHINE|@TAG[,...]..."
	return &cli.Command{
		Name:      "create",
		Usage:     "add an instance of a service, with machines and tags in its roles",
		ArgsUsage: "NAME",
		Description: "Written to inventory.json, and not before the clan was evaluated with it. A service can have any number of\n" +
			"instances; without --module it is the one of the instance's own name.",
		Flags: changeFlags(
			&cli.StringFlag{Name: "module", Usage: "the service: `[INPUT#]MODULE`; without INPUT one of clan-core's",
				DefaultText: "NAME"},
			&cli.StringSliceFlag{Name: "role",
				Usage: "who has a role: `ROLE=MEMBERS`, machines and @tags with commas between them; may be repeated"},
		),
		Action: func(c *cli.Context) error {
			if err := wants(c, 1, 1, usage); err != nil {
				return err
			}
			name := c.Args().First()
			text := name
			if c.IsSet("module") {
				text = c.String("module")
			}
			spec, err := parseModule(text)
			if err != nil {
				return err
			}
			var roles []store.Members
			for _, value := range c.StringSlice("role") {
				role, members, ok := strings.Cut(value, "=")
				if !ok || role == "" {
					return usageError{"--role takes ROLE=MACHINE|@TAG[,...], not " + value, usage}
				}
				m, err := parseMembers(role, strings.Split(members, ","))
				if err != nil {
					return err
				}
				roles = append(roles, m)
			}
			return changeClan(c, func(s *store.Store) error { return explainSpec(s.CreateInstance(name, spec, roles)) })
		},
	}
}

func instancesDeleteCommand() *cli.Command {
	return &cli.Command{
		Name:      "delete",
		Usage:     "remove instances that only inventory.json defines",
		ArgsUsage: "INSTANCE...",
		Flags:     changeFlags(),
		Action: takes(1, -1, func(c *cli.Context) error {
			return changeClan(c, func(s *store.Store) error { return hint.Each(c.Args().Slice(), s.DeleteInstance) })
		}),
	}
}

func instancesRenameCommand() *cli.Command {
	return &cli.Command{
		Name:      "rename",
		Usage:     "rename an instance that only inventory.json defines",
		ArgsUsage: "INSTANCE NAME",
		Description: "It keeps its module. What services keep under the instance's name, as generated secrets, does not follow: see\n" +
			"what the service makes of its instance's name.",
		Flags: changeFlags(),
		Action: takes(2, 2, func(c *cli.Context) error {
			return changeClan(c, func(s *store.Store) error {
				return s.RenameInstance(c.Args().Get(0), c.Args().Get(1))
			})
		}),
	}
}

func instancesSetModuleCommand() *cli.Command {
	return &cli.Command{
		Name:      "set-module",
		Usage:     "change the service module of an instance",
		ArgsUsage: "INSTANCE [INPUT#]MODULE",
		Flags:     changeFlags(),
		Action: takes(2, 2, func(c *cli.Context) error {
			spec, err := parseModule(c.Args().Get(1))
			if err != nil {
				return err
			}
			return changeClan(c, func(s *store.Store) error { return explainSpec(s.SetModule(c.Args().First(), spec)) })
		}),
	}
}
