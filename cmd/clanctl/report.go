package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/pkg/check"
	"github.com/clanctl/clanctl/pkg/instance"
	htmlpage "github.com/clanctl/clanctl/pkg/report"
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
			watchFlag(),
		},
		Action: func(c *cli.Context) error {
			out, err := pageFile(c)
			if err != nil {
				return err
			}
			page := func(w io.Writer, inv *instance.Inventory) error {
				return htmlpage.Write(w, inv, check.All(inv), htmlpage.Options{Live: c.Bool("watch")})
			}
			show := func(inv *instance.Inventory, loadErr error) error {
				if inv == nil {
					return explainLoad(c, loadErr)
				}
				write := func(w io.Writer) error { return page(w, inv) }
				if out == "" {
					err = write(stdout(c))
				} else {
					err = replaceFile(out, write)
				}
				if err != nil {
					return err
				}
				return partial(c, inv, loadErr)
			}
			want := instance.Config{Need: instance.NeedOrigins}
			if c.Bool("watch") {
				return watchClan(c, want, page, show)
			}
			return show(load(c, want))
		},
	}
}

// pageFile is the file to write; "" is standard output. What is wrong with it is said before anything is evaluated.
func pageFile(c *cli.Context) (string, error) {
	out := c.Path("out")
	switch {
	case c.NArg() > 0:
		return "", usageError{fmt.Sprintf("report takes no names, but there is %q", c.Args().First()), "it is about the whole clan"}
	case out == "":
		return "", usageError{"report needs a file to write to", "give --out clan.html, or --out - for standard output"}
	case out == "-" && c.Bool("watch"):
		return "", usageError{"--watch writes a page again and again, and standard output is no place for that", "give --out clan.html"}
	case out == "-":
		return "", nil
	}
	dir := filepath.Dir(out)
	if info, err := os.Stat(dir); err != nil {
		return "", err
	} else if !info.IsDir() {
		return "", fmt.Errorf("%s is no directory", dir)
	}
	if info, err := os.Stat(out); err == nil && !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is no regular file", out)
	}
	return out, nil
}

// replaceFile writes a file beside the old one and puts it in its place: whoever reads sees one or the other.
func replaceFile(name string, write func(io.Writer) error) (err error) {
	if target, err := filepath.EvalSymlinks(name); err == nil {
		name = target // a link stays one
	}
	temporary := filepath.Join(filepath.Dir(name), "."+filepath.Base(name)+"."+rand.Text())
	file, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666) // as far as the user's umask lets others read
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temporary)
		}
	}()
	err = write(file)
	if info, statErr := os.Stat(name); err == nil && statErr == nil {
		err = file.Chmod(info.Mode().Perm())
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	return os.Rename(temporary, name)
}
