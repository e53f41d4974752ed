package cli

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/internal/term"
)

func schemaCommand() *cli.Command {
	return &cli.Command{
		Name:      "schema",
		Usage:     "print the JSON Schema (draft 2020-12) of a role's settings",
		ArgsUsage: "INSTANCE|[INPUT#]MODULE [ROLE]",
		Description: "The schema is for one layer: what is written for the role, for a machine, or for a tag. Nothing is required there, since\n" +
			"another layer may have it. ROLE may be left out if there is only one. Options that no schema can describe in full are\n" +
			"named on the standard error.",
		Flags: append(jsonFlags("print JSON (the only format)"),
			&cli.BoolFlag{Name: "whole",
				Usage: "the schema is for all layers of a member taken together: options without a default are required"}),
		Action: remembered(func(c *cli.Context) error {
			out, err := newJSONOutput(c)
			if err != nil {
				return err
			}
			if c.NArg() < 1 || c.NArg() > 2 {
				return usageError{"schema takes an instance or a module, and a role",
					"clanctl modules lists the modules, clanctl instances the instances"}
			}
			name := c.Args().First()
			modules, err := loadModules(c, facts.ModuleQuery{Of: []string{name}, ByInstance: true})
			if err != nil {
				return explainLoad(c, err)
			}
			service := modules.Found[name]
			role, err := service.Role(c.Args().Get(1))
			if err != nil {
				return err
			}
			of := service.Roles[role]
			if of.Interface == nil {
				return fmt.Errorf("the interface of the role %q of %s does not evaluate:\n%s", role, service.Spec(),
					of.Err)
			}
			schema := services.NewSchema(of.Interface,
				services.SchemaOptions{Title: service.Name + " " + role, Whole: c.Bool("whole")})
			for _, option := range schema.Inexpressible {
				fmt.Fprintf(stderr(c), "warning: %s: %s\n", flat(optionPath(option.Path)), term.Escape(option.Reason))
			}
			return out.print(schema)
		}),
	}
}
