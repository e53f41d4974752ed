package cli

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/term"
	"github.com/clanctl/clanctl/internal/view"
	"github.com/clanctl/clanctl/pkg/instance"
)

func modulesCommand() *cli.Command {
	return &cli.Command{
		Name:        "modules",
		Usage:       "show the service modules that the flake and its inputs offer",
		ArgsUsage:   "[MODULE...]",
		Description: "With MODULE, or INPUT#MODULE: the same as clanctl modules show.",
		Flags: append(append(viewFlags("modules, as INPUT#MODULE"), tableFlags((*viewOutput).moduleColumns)...),
			&cli.StringSliceFlag{Name: "input",
				Usage: "only the modules of the input `INPUT`; self is the flake. Can be given again"},
			&cli.StringFlag{Name: "search",
				Usage: "only modules with `WORD` in a name, a description, a category or a role"},
		),
		Subcommands: []*cli.Command{modulesShowCommand(), modulesNewCommand(), modulesCheckCommand()},
		Action: remembered(func(c *cli.Context) error {
			out, err := newViewOutput(c)
			if err != nil {
				return err
			}
			if c.NArg() > 0 {
				if c.IsSet("input") || c.IsSet("search") {
					return usageError{"--input and --search are for the list of modules, and do not go with names",
						"write the input before the name: INPUT#MODULE"}
				}
				return showModules(c, out)
			}
			if err := readTableFlags(out, out.moduleColumns()); err != nil {
				return err
			}
			modules, err := loadModules(c, facts.ModuleQuery{Inputs: c.StringSlice("input")})
			if err != nil {
				return explainLoad(c, err)
			}
			list := view.ServiceModules(modules, c.String("search"))
			err = listing[view.ServiceModule]{
				document: list, items: list.Modules, none: "no module to show",
				name:    moduleRef,
				columns: out.moduleColumns(),
			}.print(out, false)
			if err != nil {
				return err
			}
			return failedModules(c, list)
		}),
	}
}

// loadModules looks at modules as the flags say.
func loadModules(c *cli.Context, want facts.ModuleQuery) (*facts.Modules, error) {
	return loadModulesOf(c, c.String("flake"), want)
}

func loadModulesOf(c *cli.Context, flake string, want facts.ModuleQuery) (*facts.Modules, error) {
	config := instance.Config{Need: facts.NeedModules}
	facts.Ask(&config).Modules = want
	inv, err := askOf(c, flake, config, instance.Load)
	if inv == nil {
		return nil, err
	}
	return facts.Of(inv).Modules, err
}

func (*viewOutput) moduleColumns() []column[view.ServiceModule] {
	return []column[view.ServiceModule]{
		{heading{Title: "MODULE"}, func(m view.ServiceModule) cell {
			return newCell(append([]string{m.Name}, m.Aliases...)...)
		}},
		{heading{Title: "INPUT", Shared: itself("from")}, func(m view.ServiceModule) cell { return newCell(m.Input) }},
		{heading{Title: "ROLES"}, func(m view.ServiceModule) cell { return newCell(moduleRoles(m)...) }},
		{heading{Title: "USED BY"}, func(m view.ServiceModule) cell { return newCell(m.UsedBy...) }},
		{heading{Title: "CATEGORIES", Optional: true}, func(m view.ServiceModule) cell {
			return newCell(m.Categories...)
		}},
		{heading{Title: "DESCRIPTION", Prose: true}, func(m view.ServiceModule) cell {
			if m.Error != "" && m.Description == "" {
				return newCell("does not evaluate").In(red)
			}
			return newCell(given(strings.Join(strings.Fields(m.Description), " "))...)
		}},
	}
}

func moduleRef(m view.ServiceModule) string { return m.Input + "#" + m.Name }

func moduleRoles(m view.ServiceModule) []string {
	var names []string
	for _, role := range m.Roles {
		names = append(names, role.Name)
	}
	return names
}

// given is a text, if there is one.
func given(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

// failedModules says on stderr what does not evaluate, and ends with the exit code for it.
func failedModules(c *cli.Context, list *view.ModuleList) (end error) {
	say := func(what, why string) {
		if why == "" {
			return
		}
		end = exitStatus(exitPartial)
		fmt.Fprintf(stderr(c), "error: %s does not evaluate\n  %s\n", flat(what), indent(term.Escape(why)))
	}
	for _, failure := range list.Failures {
		say("the input "+failure.Input, failure.Error)
	}
	for _, m := range list.Modules {
		say("the module "+moduleRef(m), m.Error)
		for _, role := range m.Roles {
			say("the role "+role.Name+" of the module "+moduleRef(m), role.Error)
		}
	}
	return end
}
