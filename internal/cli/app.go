// Package cli is clanctl without the process around it: flags in, one call, one renderer.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/pager"
)

// Run runs clanctl with these arguments, of which the first is the program's name, until it ends or the context does,
// and returns the exit code.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) > 1 && args[1] == completeWord {
		for _, candidate := range complete(ctx, args[2:]) {
			fmt.Fprintln(stdout, candidate.line())
		}
		return exitOK
	}
	if len(args) > 1 && args[1] == completeBashWord {
		completeBash(ctx, args[2:], stdout)
		return exitOK
	}
	app := newApp(stdout, stderr)
	line, err := arrange(app, args)
	if err != nil && strings.HasPrefix(args[1], "-") {
		line, err = withoutCommand(app, args, err)
	}
	if err == nil && line.has(versionFlag) {
		_, err = fmt.Fprintf(app.Writer, "%s version %s\n", app.Name, app.Version)
	} else if err == nil {
		line = line.helped(app)
		if len(line.path) > 0 {
			app.Commands = []*cli.Command{line.path[0]} // the library sets up all that there are
		}
		app.Metadata = map[string]any{commandLineKey: args[1:]}
		err = app.RunContext(ctx, line.args())
	}
	return exitCode(app, err)
}

// exitCode prints the error that a command ended with, if that was not done, and is the code that stands for it.
func exitCode(app *cli.App, err error) int {
	var status exitStatus
	unwritten := app.Writer.(*stream).err
	if errors.Is(unwritten, pager.ErrLeft) {
		return exitOK
	}
	if unwritten != nil && (err == nil || errors.As(err, &status)) {
		err = unwritten // nothing else matters to who waits for the answer
	}
	if err == nil {
		return exitOK
	}
	if errors.As(err, &status) {
		return int(status)
	}
	printError(app.ErrWriter, err)
	switch {
	case errors.As(err, new(usageError)), isBadReference(err):
		return exitUsage
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	}
	return exitFailed
}

func newApp(stdout, stderr io.Writer) *cli.App {
	app := &cli.App{
		Name:      "clanctl",
		Usage:     "show what runs on each machine of a clan flake, with which settings, from which module, and why",
		UsageText: "clanctl COMMAND [FLAG...] [NAME...]",
		Version:   buildVersion(),
		Writer:    newStream(stdout, false),
		ErrWriter: newStream(stderr, true),
		Commands: []*cli.Command{
			overviewCommand(),
			evalCommand(),
			exportCommand(),
			exportsCommand(),
			machinesCommand(),
			instancesCommand(),
			tagsCommand(),
			checkCommand(),
			explainCommand(),
			diffCommand(),
			upgradeCommand(),
			graphCommand(),
			whyCommand(),
			refsCommand(),
			reachCommand(),
			reportCommand(),
			rolesCommand(),
			setCommand(),
			unsetCommand(),
			modulesCommand(),
			schemaCommand(),
			genCommand(),
			lspCommand(),
			mcpCommand(),
			completionCommand(),
			manCommand(),
			versionCommand(),
			helpCommand(),
		},
		// A comma in a flag's value is part of the value.
		DisableSliceFlagSeparator: true,
		HideHelp:                  true,
		HideVersion:               true,
		// Errors are returned, never printed or exited on by the library.
		ExitErrHandler: func(*cli.Context, error) {},
		OnUsageError:   func(_ *cli.Context, err error, _ bool) error { return badFlag(err) },
	}
	common := commonFlags() // one command runs, so that they can have them in common
	for _, command := range app.Commands {
		prepare(app, command, app.Name+" "+command.Name, common)
	}
	return app
}

// prepare gives a command, and those below it, what all of them have. A command without an action is there for those
// below.
func prepare(app *cli.App, command *cli.Command, name string, common []cli.Flag) {
	command.OnUsageError = app.OnUsageError
	command.HideHelp = true
	if command.UsageText == "" {
		arguments := "[FLAG...] " + command.ArgsUsage
		if command.Action == nil {
			arguments = "COMMAND [FLAG...] [NAME...]"
		}
		command.UsageText = strings.TrimSpace(name + " " + arguments)
	}
	if readsClan(command) {
		command.Flags = append(command.Flags, common...)
		action := command.Action
		command.Action = func(c *cli.Context) error { return sayFindings(c, sourceOf(c), paged(c, action)) }
	} else if slices.Contains([]string{"explain", "man", "help", "version"}, command.Name) {
		command.Flags = append(command.Flags, pagerFlag())
		action := command.Action
		command.Action = func(c *cli.Context) error { return paged(c, action) }
	}
	for _, sub := range command.Subcommands {
		prepare(app, sub, name+" "+sub.Name, common)
	}
}

// readsClan reports whether a command has the flags that say which clan to read, and how.
func readsClan(command *cli.Command) bool {
	return command.Action != nil && !slices.Contains([]string{"completion", "explain", "help", "man", "new",
		"version"}, command.Name)
}
