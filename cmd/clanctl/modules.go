package main

import "github.com/urfave/cli/v2"

func modulesCommand() *cli.Command {
	return &cli.Command{
		Name:        "modules",
		Usage:       "write service modules, and check them",
		Subcommands: []*cli.Command{modulesNewCommand(), modulesCheckCommand()},
	}
}
