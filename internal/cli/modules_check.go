package cli

import (
	"errors"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/modulecheck"
	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/pkg/instance"
)

func modulesCheckCommand() *cli.Command {
	return &cli.Command{
		Name:      "check",
		Usage:     "report problems in the flake's own service modules, with file and line",
		ArgsUsage: "[MODULE...]",
		Description: "Looks at the modules themselves, whether an instance uses them or not. clanctl explain CODE explains a finding.\n\n" +
			"Exit codes: 0 no errors found (with --strict: no warnings either), 1 errors found, 2 usage,\n" +
			"130 interrupted.",
		Flags: checkFlags(),
		Action: checking(false, func(c *cli.Context, want wanted, show func(*report) error) error {
			own, err := loadOwnModules(c, c.String("flake"), c.Args().Slice())
			var r *report
			if err == nil {
				if r, err = newModulesReport(c, own, want); err != nil {
					return err
				}
			} else if r = failedReport(c, err); r == nil {
				return err
			}
			return r.show(c, want, show)
		}),
	}
}

// loadOwnModules looks at a flake's own modules as closely as can be: all of them, or those that are named.
func loadOwnModules(c *cli.Context, flake string, names []string) (services.Input, error) {
	found, err := loadModulesOf(c, flake, facts.ModuleQuery{Inputs: []string{"self"}, Interfaces: true, Written: true})
	if failed, is := errors.AsType[*services.ResolveError](err); is && failed.Code == codes.InputWithoutServices &&
		len(names) == 0 {
		return services.Input{}, nil
	}
	if err != nil {
		return services.Input{}, err
	}
	own := found.Catalogue.Inputs["self"]
	if len(names) == 0 || own.Err != nil {
		return own, nil
	}
	named := map[string]*services.Service{}
	for _, name := range names {
		service, err := found.Catalogue.Find("self#" + name)
		if err != nil {
			return services.Input{}, err
		}
		named[service.Name] = service
	}
	own.Modules = named
	return own, nil
}

func newModulesReport(c *cli.Context, own services.Input, want wanted) (*report, error) {
	r := &report{SchemaVersion: 1, Findings: []instance.Finding{}, Checked: &checked{Modules: len(own.Modules)},
		source: sourceOf(c)}
	for _, service := range own.Modules {
		r.Checked.Roles += len(service.Roles)
	}
	if len(own.Modules) == 0 && own.Err == nil {
		r.none = "the flake has no service modules of its own: create one with clanctl modules new NAME"
	}
	return r, r.judge(lookAtModules(own), want, modulecheck.Codes(), c.NArg() == 0, func(flake string) (looked, error) {
		then, err := loadOwnModules(c, flake, nil)
		return lookAtModules(then), err
	})
}

// lookAtModules finds what is wrong with modules.
func lookAtModules(own services.Input) looked {
	found := looked{findings: modulecheck.Run(own)}
	for _, service := range own.Modules {
		if service.Written != nil {
			at := service.Written.Position
			found.also = append(found.also, instance.Position{File: at.File, Line: at.Line, Column: at.Column})
		}
	}
	return found
}
