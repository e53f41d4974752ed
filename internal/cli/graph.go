package cli

import (
	"io"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/graph"
	"github.com/clanctl/clanctl/pkg/check"
	"github.com/clanctl/clanctl/pkg/instance"
)

// graphFormats are what a picture can be written as.
var graphFormats = map[string]func(*graph.Graph, io.Writer) error{
	"dot": (*graph.Graph).WriteDOT, "mermaid": (*graph.Graph).WriteMermaid, "svg": (*graph.Graph).WriteSVG,
	"html": (*graph.Graph).WriteHTML,
}

func graphCommand() *cli.Command {
	return &cli.Command{
		Name:      "graph",
		Usage:     "draw the fleet: machines, instances and roles as a picture",
		ArgsUsage: "[INSTANCE...]",
		Description: "Machines with the same roles are one box, so that large fleets stay legible. With INSTANCE or selectors only a part is\n" +
			"drawn: names, globs, @tags and !exceptions with commas between them, such as 'web-*,@backup,!laptop'.",
		Flags: append([]cli.Flag{
			choiceFlag(&cli.StringFlag{Name: "format", Usage: "write `FORMAT`", Value: "svg"},
				"svg", "html", "dot (Graphviz)", "mermaid"),
			&cli.BoolFlag{Name: "exports",
				Usage: "draw which instances read what others export, and which are networks"},
		}, selectFlags("on", "instance", "service", "role")...),
		Action: notOnTerminal(remembered(func(c *cli.Context) error {
			query, err := queryOf(c)
			if err != nil {
				return err
			}
			names, err := instanceNames(c)
			if err != nil {
				return err
			}
			want := instance.Config{Need: instance.NeedInstances, Instances: names}
			if c.Bool("exports") {
				want.Need = instance.NeedSettings | instance.NeedExports
			}
			return answer(func(inv *instance.Inventory) (told, error) {
				if c.Bool("exports") {
					sayNoExports(c, inv)
				}
				g, err := graph.Of(inv, names, query, check.All(inv))
				if err != nil {
					return told{}, err
				}
				return told{g.Findings, g.Findings}, graphFormats[c.String("format")](g, stdout(c))
			}).ask(c, want)
		})),
	}
}

// notOnTerminal refuses to show people the text of a picture.
func notOnTerminal(action cli.ActionFunc) cli.ActionFunc {
	return func(c *cli.Context) error {
		format := c.String("format")
		if stdout(c).terminal != nil && (format == "svg" || format == "html") {
			return usageError{"graph writes a picture, which a terminal does not show",
				"clanctl graph > fleet." + format + "; or clanctl report --open, which has it"}
		}
		return action(c)
	}
}
