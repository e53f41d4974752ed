package main

import (
	"io"

	"github.com/urfave/cli/v2"
)

func manCommand() *cli.Command {
	return &cli.Command{
		Name:        "man",
		Usage:       "print the manual page, for man",
		Description: "   clanctl man > ~/.local/share/man/man1/clanctl.1",
		Action: func(c *cli.Context) error {
			page, err := c.App.ToManWithSection(1)
			if err != nil {
				return err
			}
			_, err = io.WriteString(stdout(c), page)
			return err
		},
	}
}

// readsNoClan are the commands without the flags that say which clan to read, and how.
var readsNoClan = []string{"completion", "man", "new"}
