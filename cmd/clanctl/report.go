package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/pkg/check"
	"github.com/clanctl/clanctl/pkg/instance"
	reportpage "github.com/clanctl/clanctl/pkg/report"
)

func reportCommand() *cli.Command {
	return &cli.Command{
		Name:  "report",
		Usage: "write one HTML page of the clan: what runs where, which settings come from where, and what is wrong",
		Description: "The page is one file that needs no other and no network. A browser opens it from anywhere.\n\n" +
			"Exit codes: 0 written, 1 nothing could be had or written, 2 usage, 3 partial: parts could not be evaluated, the\n" +
			"page's findings say which and why, 130 interrupted.",
		Flags: []cli.Flag{
			&cli.PathFlag{Name: "out", Aliases: []string{"o"}, Usage: "write the page to `FILE`; - is standard output"},
		},
		Action: func(c *cli.Context) error {
			out := c.Path("out")
			switch {
			case c.NArg() > 0:
				return usageError{fmt.Sprintf("report takes no names, but there is %q", c.Args().First()), "it is about the whole clan"}
			case out == "":
				return usageError{"report needs a file to write to", "give --out clan.html, or --out - for standard output"}
			}
			inv, loadErr := load(c, instance.Config{Origins: true})
			if inv == nil {
				return explainLoad(c, loadErr)
			}
			write := func(w io.Writer) error { return reportpage.Write(w, inv, check.All(inv), reportpage.Options{}) }
			var err error
			if out == "-" {
				err = write(c.App.Writer)
			} else {
				err = replaceFile(out, write)
			}
			if err != nil {
				return err
			}
			return partial(c, inv, loadErr)
		},
	}
}

// replaceFile writes a file beside the old one and puts it in its place: whoever reads sees one or the other.
func replaceFile(name string, write func(io.Writer) error) (err error) {
	// A link stays one.
	if target, linkErr := filepath.EvalSymlinks(name); linkErr == nil {
		name = target
	}
	mode := os.FileMode(0o644)
	if info, statErr := os.Stat(name); statErr == nil {
		mode = info.Mode().Perm()
	}
	temporary, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(temporary.Name()))
		}
	}()
	if err := errors.Join(write(temporary), temporary.Chmod(mode), temporary.Close()); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), name)
}
