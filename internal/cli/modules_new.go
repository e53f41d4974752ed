package cli

import (
	"fmt"
	"path"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/scaffold"
	"github.com/clanctl/clanctl/internal/shell"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

func modulesNewCommand() *cli.Command {
	return &cli.Command{
		Name:      "new",
		Usage:     "create a small service module",
		ArgsUsage: "NAME",
		Description: "Writes modules/NAME beside the flake.nix: a module that works, with two roles, and a README. It overwrites no file.\n\n" +
			"Exit codes: 0 written, 1 failed, 2 usage.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "flake", EnvVars: []string{clanDir},
				Usage:       "write to the flake in the directory `DIR`",
				DefaultText: "$CLAN_DIR, or the flake around the working directory"},
		},
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return usagef("modules new takes the name of the new module")
			}
			ref, err := nixeval.ResolveRef(c.String("flake"))
			if err != nil {
				return err
			}
			if ref.Dir == "" {
				return usageError{fmt.Sprintf("%s is not a directory that could be written to", c.String("flake")),
					"work in a checkout of the flake"}
			}
			m, err := scaffold.Write(ref.Dir, c.Args().First())
			if err != nil {
				return err
			}
			for _, file := range m.Files {
				fmt.Fprintln(stdout(c), flat(fromHere(filepath.Join(ref.Dir, filepath.FromSlash(file)))))
			}
			explainModule(c, ref, m)
			return nil
		},
	}
}

// explainModule says how to use a new module.
func explainModule(c *cli.Context, ref nixeval.Ref, m *scaffold.Module) {
	w := stderr(c)
	if ref.Git {
		fmt.Fprintf(w, "\nNix sees only files that git knows:\n\n  git add %s\n",
			shell.Join([]string{fromHere(filepath.Join(ref.Dir, filepath.FromSlash(m.Dir)))}))
	}
	name := m.Attribute()
	fmt.Fprintf(w, `
Expose it as clan.modules.%[1]s. In the clan's configuration (what lib.clan or flake.clan is given):

  modules.%[1]s = ./%[2]s;

In a flake without clan-core, as an output:

  clan.modules.%[1]s = ./%[2]s;

Then use it:

  inventory.instances.%[3]s = {
    module = { name = "%[4]s"; input = "self"; };
    roles.server.machines.MACHINE = { };
    roles.client.tags.all = { };
  };

clanctl modules check %[5]s says what is wrong with it.
`, name, m.Dir, path.Base(m.Dir), m.Name, shell.Join([]string{m.Name}))
}
