package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	htmlpage "github.com/clanctl/clanctl/internal/report"
	"github.com/clanctl/clanctl/pkg/check"
	"github.com/clanctl/clanctl/pkg/instance"
)

func reportCommand() *cli.Command {
	return &cli.Command{
		Name:  "report",
		Usage: "write the clan as one HTML page: what runs where, where settings come from, and what is wrong",
		Description: "The page is one file that needs no other and no network. A browser opens it from anywhere.\n\n" +
			"Exit codes: 0 written, 1 the clan could not be loaded or the page not written, 2 usage, 3 partial: parts could not be evaluated, the\n" +
			"page's findings say which and why, 130 interrupted.",
		Flags: []cli.Flag{
			outputFlag("write the page to `FILE`"),
			&cli.BoolFlag{Name: "exports", Usage: "show how machines are reached, and what services export, too"},
			watchFlag(),
		},
		Action: remembered(func(c *cli.Context) error {
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
				if err := out.write(c, func(w io.Writer) error { return page(w, inv) }); err != nil {
					return err
				}
				if c.Bool("exports") {
					sayNoExports(c, inv)
				}
				return partial(c, inv, loadErr)
			}
			want := instance.Config{Need: instance.NeedOrigins}
			if c.Bool("exports") {
				want.Need |= needReach
			}
			if c.Bool("watch") {
				return watchClan(c, want, page, show)
			}
			return show(load(c, want))
		}),
	}
}

// pageFile is the file to write.
func pageFile(c *cli.Context) (outputFile, error) {
	out := c.Path("output")
	switch {
	case c.NArg() > 0:
		return "",
			usageError{fmt.Sprintf("report takes no names, but there is %q", c.Args().First()),
				"it is about the whole clan"}
	case out == "":
		return "",
			usageError{"report needs a file to write to", "give --output clan.html, or --output - for standard output"}
	case out == "-" && c.Bool("watch"):
		return "",
			usageError{"--watch writes a page again and again, and standard output is no place for that",
				"give --output clan.html"}
	}
	if dir := filepath.Dir(out); out != "-" {
		if info, err := os.Stat(dir); err != nil {
			return "", err
		} else if !info.IsDir() {
			return "", fmt.Errorf("%s is not a directory", dir)
		}
	}
	return outputOf(c)
}
