package cli

import (
	"errors"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/modulecheck"
	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/pkg/instance"
)

func modulesCheckCommand() *cli.Command {
	return &cli.Command{
		Name:      "check",
		Usage:     "list what is wrong with the flake's own service modules, and where",
		ArgsUsage: "[NAME...]",
		Description: "Looks at the modules themselves, whether an instance uses them or not. clanctl explain CODE explains a finding.\n\n" +
			"Exit codes: 0 nothing of severity error was found (with --strict: no warning either), 1 something was, 2 usage,\n" +
			"130 interrupted.",
		Flags: checkFlags(),
		Action: func(c *cli.Context) error {
			show, err := reportFormat(c)
			if err != nil {
				return err
			}
			want, err := wantedOfModules(c)
			if err != nil {
				return err
			}
			other := want.files.other()
			return remember(c, want.files.state(), func(c *cli.Context) error {
				if other != "" {
					say(c, "%s", other)
				}
				own, err := loadOwnModules(c)
				if err == nil {
					return newModulesReport(c, own, want).show(c, want, show)
				}
				if r := failedReport(c, err); r != nil {
					forget(c) // why a flake fails is looked for in files that git ignores, too
					return r.show(c, want, show)
				}
				return err
			})
		},
	}
}

// loadOwnModules looks at the flake's own modules as closely as can be: all of them, or those that are named.
func loadOwnModules(c *cli.Context) (services.Input, error) {
	found, err := loadModules(c, facts.ModuleQuery{Inputs: []string{"self"}, Interfaces: true, Written: true})
	if none := (*services.NoServicesError)(nil); errors.As(err, &none) && c.NArg() == 0 {
		return services.Input{}, nil
	}
	if err != nil {
		return services.Input{}, err
	}
	own := found.Catalogue.Inputs["self"]
	if c.NArg() == 0 || own.Err != nil {
		return own, nil
	}
	named := map[string]*services.Service{}
	for _, name := range c.Args().Slice() {
		service, err := found.Catalogue.Find("self#" + name)
		if err != nil {
			return services.Input{}, err
		}
		named[service.Name] = service
	}
	own.Modules = named
	return own, nil
}

func newModulesReport(c *cli.Context, own services.Input, want wanted) *report {
	r := &report{SchemaVersion: 1, Findings: []instance.Finding{}, Checked: &checked{Modules: len(own.Modules)}, source: sourceOf(c)}
	for _, service := range own.Modules {
		r.Checked.Roles += len(service.Roles)
	}
	if len(own.Modules) == 0 && own.Err == nil {
		r.none = "the flake has no service modules of its own: clanctl modules new NAME writes one"
	}
	var written []instance.Position
	for _, service := range own.Modules {
		if service.Written != nil {
			at := service.Written.Position
			written = append(written, instance.Position{File: at.File, Line: at.Line, Column: at.Column})
		}
	}
	r.judge(nil, modulecheck.Run(own), want, moduleCodes(), c.NArg() == 0, written...)
	return r
}
