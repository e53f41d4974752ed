package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/gogen"
	"github.com/clanctl/clanctl/internal/hint"
	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/internal/term"
)

func genCommand() *cli.Command {
	return &cli.Command{
		Name:        "gen",
		Usage:       "write code for a service's settings",
		Subcommands: []*cli.Command{genGoCommand()},
	}
}

func genGoCommand() *cli.Command {
	return &cli.Command{
		Name:      "go",
		Usage:     "write a Go file with a type for the settings of each role, and functions that return a role's members",
		ArgsUsage: "[INPUT#]MODULE",
		Description: "For use with go:generate. The file imports packages of clanctl, which is the only thing it needs.\n\n" +
			"Exit codes: 0 written (with --check: the file is what would be written), 1 failed (with --check: it is not), 2 usage, " +
			"3 written, but a role's interface does not evaluate and its settings have no type, 130 interrupted.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "package", Usage: "the Go package is `NAME`",
				DefaultText: "the module's name in small letters"},
			outputFlag("write to `FILE`"),
			&cli.BoolFlag{Name: "check", Usage: "write nothing: compare the file of --output, and show the difference"},
		},
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return usageError{"gen go takes one module", "clanctl modules lists them"}
			}
			file, err := outputOf(c)
			if err != nil {
				return err
			}
			if c.Bool("check") && file == "" {
				return usageError{"--check compares a file", "name it with --output FILE"}
			}
			if name := c.String("package"); name != "" && !gogen.IsPackageName(name) {
				return usagef("--package: %q cannot be the name of a Go package", name)
			}
			ref := c.Args().First()
			found, err := loadModules(c, facts.ModuleQuery{Of: []string{ref}})
			if err != nil {
				return explainLoad(c, err)
			}
			service := found.Found[ref]
			code, err := gogen.Generate(service, gogen.Config{Package: c.String("package")})
			if err != nil {
				return err
			}
			switch {
			case c.Bool("check"):
				err = checkFile(c, file, code)
			case file == "":
				_, err = stdout(c).Write(code)
			default:
				err = replaceGenerated(c, file, code)
			}
			if err != nil {
				return err
			}
			return untypedRoles(c, service)
		},
	}
}

// untypedRoles says which roles have no types, and why.
func untypedRoles(c *cli.Context, service *services.Service) error {
	var err error
	for _, name := range slices.Sorted(maps.Keys(service.Roles)) {
		if role := service.Roles[name]; role.Interface == nil {
			err = exitStatus(exitPartial)
			fmt.Fprintf(stderr(c),
				"warning: the interface of the role %s does not evaluate, its settings have no type\n  %s\n",
				term.Escape(name), indent(term.Escape(role.Err.Error())))
		}
	}
	return err
}

// checkFile reports whether a file is what was generated.
func checkFile(c *cli.Context, file outputFile, code []byte) error {
	old, err := file.read()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return hint.With(fmt.Errorf("%s does not exist", file), "the same command without --check writes it")
	case err != nil:
		return err
	case bytes.Equal(old, code):
		return nil
	}
	difference := diff.Diff(string(file), old, "generated", code)
	if _, err := io.WriteString(stdout(c), stdout(c).shown(string(difference))); err != nil {
		return err
	}
	return hint.With(fmt.Errorf("%s is not what the module says now", file),
		"run the same command without --check to update it")
}

// replaceGenerated writes a file, but not over one that somebody wrote by hand. Its directory is made, as a package of
// its own needs one; not those above it, where a missing one is a mistake in the path.
func replaceGenerated(c *cli.Context, file outputFile, code []byte) error {
	old, err := file.read()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.Mkdir(filepath.Dir(string(file)), 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	case err != nil:
		return err
	case bytes.Equal(old, code):
		return nil
	case !gogen.IsGenerated(old):
		return hint.With(fmt.Errorf("%s was not written by clanctl gen go", file),
			"choose another file, or remove this one first")
	}
	return file.write(c, func(w io.Writer) error {
		_, err := w.Write(code)
		return err
	})
}
