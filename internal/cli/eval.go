package cli

import (
	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/pkg/check"
	"github.com/clanctl/clanctl/pkg/instance"
)

func evalCommand() *cli.Command {
	return &cli.Command{
		Name:      "eval",
		Usage:     "print the clan as one JSON document: machines, tags, instances, members and their final settings",
		ArgsUsage: "[INSTANCE...]",
		Description: "The document is described by docs/eval.schema.json. With INSTANCE only these instances are evaluated and printed.\n\n" +
			"Exit codes: 0 all is well, 1 the clan could not be loaded, 2 usage, 3 partial: parts could not be evaluated, the\n" +
			"document's findings say which and why, 130 interrupted.",
		Flags: append(jsonFlags("print JSON (the only format)"),
			&cli.BoolFlag{Name: "exports", Usage: "include what services export to each other, under exports"},
			colorFlag(), watchFlag()),
		Action: remembered(func(c *cli.Context) error {
			out, err := newJSONOutput(c)
			if err != nil {
				return err
			}
			names, err := instanceNames(c)
			if err != nil {
				return err
			}
			want := instance.Config{Instances: names}
			if c.Bool("exports") {
				want.Need = instance.NeedSettings | instance.NeedExports
			}
			show := answer(func(inv *instance.Inventory) (told, error) {
				inv.Findings = check.All(inv)
				return told{inv.Findings, inv.Findings}, out.print(inv)
			})
			return watched{want: want, show: show.shown(c, want), onScreen: true}.run(c)
		}),
	}
}
