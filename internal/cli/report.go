package cli

import (
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/browser"
	"github.com/clanctl/clanctl/internal/graph"
	"github.com/clanctl/clanctl/internal/recall"
	htmlpage "github.com/clanctl/clanctl/internal/report"
	"github.com/clanctl/clanctl/internal/view"
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
			sourceURLFlag(),
			watchFlag(),
			&cli.BoolFlag{Name: "open", Usage: "show the page in a browser; with --watch it follows edits there"},
		},
		Action: remembered(func(c *cli.Context) error {
			out, err := pageFile(c)
			if err != nil {
				return err
			}
			now := recall.Now() // when the page was made, as it says
			hangsOn(c, recall.Hour(now))
			revision := recall.CommitOf(c.Context, c.String("flake"), "HEAD")
			hangsOn(c, recall.Commit(c.String("flake"), "HEAD", revision))
			if c.Bool("open") && c.Path("output") == "" {
				dir, err := os.MkdirTemp("", "clanctl-report-")
				if err != nil {
					return err
				}
				remove := os.Remove // the page is to stay, if there is one
				if c.Bool("watch") {
					remove = os.RemoveAll
				}
				defer func() { _ = remove(dir) }()
				out = outputFile(filepath.Join(dir, "clan.html"))
			}
			return writePage(c, out, now, revision)
		}),
	}
}

func writePage(c *cli.Context, out outputFile, now time.Time, revision string) error {
	page := func(w io.Writer, inv *instance.Inventory, options htmlpage.Options) error {
		options.Live, options.Manual = c.Bool("watch"), manual
		options.Follow = c.Bool("watch") && c.Bool("open")
		options.Link = sourceLinks(c, options.Source.Revision)
		found := check.All(inv)
		drawing, err := graph.Of(inv, nil, view.Query{}, found)
		if err == nil && len(drawing.Links) <= mostDrawn {
			options.Picture, options.PictureStyle = drawing.Picture()
			options.PictureScript = graph.Script
		}
		return htmlpage.Write(w, inv, found, options)
	}
	opened := !c.Bool("open")
	show := answer(func(inv *instance.Inventory) (told, error) {
		if c.Bool("watch") {
			now, revision = recall.Now(), recall.CommitOf(c.Context, c.String("flake"), "HEAD")
		}
		options := htmlpage.Options{Made: now, Source: pageSource(c, revision)}
		if err := out.write(c, func(w io.Writer) error { return page(w, inv, options) }); err != nil {
			return told{}, err
		}
		if !opened {
			opened = true
			file, err := filepath.Abs(string(out))
			if err == nil {
				say(c, "the page is %s", file)
				err = browser.Open(c.Context, file)
			}
			if err != nil {
				return told{}, err
			}
		}
		if c.Bool("exports") {
			sayNoExports(c, inv)
		}
		return told{inv.Findings, inv.Findings}, nil
	})
	want := instance.Config{Need: instance.NeedOrigins}
	if c.Bool("exports") {
		want.Need |= needReachFrom
	}
	text := func(w io.Writer, inv *instance.Inventory) error { return page(w, inv, htmlpage.Options{}) }
	return watched{want: want, text: text, show: show.shown(c, want)}.run(c)
}

// mostDrawn is how many lines the picture in a page has, at most: nobody would see anything in more.
const mostDrawn = 2000

// pageSource adds when the revision was committed, and whether the files are others. What git cannot tell is left out.
func pageSource(c *cli.Context, revision string) htmlpage.Source {
	source := htmlpage.Source{Revision: revision}
	if revision == "" {
		return source
	}
	repo := recall.RepoOf(c.String("flake"))
	source.Time, _ = repo.Time(c.Context, revision)
	changed, err := repo.ChangedFiles(c.Context, revision, "")
	source.Changed = err != nil || len(changed) > 0
	return source
}

func sourceURLFlag() cli.Flag {
	return &cli.StringFlag{Name: "source-url",
		Usage: "link files by `TEMPLATE`, such as https://git.example.org/clan/src/commit/{rev}/{file}#L{line}; also {path}, {column}"}
}

// sourceURL is the template that the command line has for links to files; empty without.
func sourceURL(c *cli.Context) (string, error) {
	template := c.String("source-url")
	if template == "" {
		return "", nil
	}
	scheme, _, isURL := strings.Cut(template, ":")
	u, err := url.Parse(scheme + "://")
	if err != nil || !isURL || slices.Contains([]string{"", "javascript", "data", "vbscript", "blob"}, u.Scheme) {
		return "", usageError{fmt.Sprintf("--source-url %s is not the URL of a page", template),
			"give one that begins with https:// or that an editor opens, such as vscode://file{path}:{line}:{column}"}
	}
	if !strings.Contains(template, "{file}") && !strings.Contains(template, "{path}") {
		return "", usageError{fmt.Sprintf("--source-url %s does not say which file", template),
			"{file} is its path in the repository, {path} the one on disk"}
	}
	return template, nil
}

// sourceLinks makes the URLs of files of the flake, which lack line and column; nil without a template.
func sourceLinks(c *cli.Context, revision string) func(file string) string {
	template, err := sourceURL(c)
	if template == "" || err != nil {
		return nil
	}
	tree := sourceOf(c)
	if revision == "" {
		revision = "HEAD"
	}
	escaped := func(path string) string {
		return (&url.URL{Path: strings.ReplaceAll(filepath.ToSlash(path), "//", "/")}).EscapedPath()
	}
	return func(file string) string {
		name := file
		if filepath.IsAbs(file) {
			var inside bool
			if name, inside = tree.named(file); !inside {
				return ""
			}
		}
		if isElsewhere(name) || tree.root == "" && strings.Contains(template, "{path}") {
			return ""
		}
		path := filepath.Join(tree.root, filepath.FromSlash(name))
		return strings.NewReplacer("{file}", escaped(name), "{path}", escaped(path), "{rev}",
			revision).Replace(template)
	}
}

// pageFile is the file to write.
func pageFile(c *cli.Context) (outputFile, error) {
	out := c.Path("output")
	if _, err := sourceURL(c); err != nil {
		return "", err
	}
	switch {
	case c.NArg() > 0:
		return "",
			usageError{fmt.Sprintf("report takes no names, but there is %q", c.Args().First()),
				"it is about the whole clan"}
	case out == "" && !c.Bool("open"):
		return "",
			usageError{"report needs a file to write to",
				"give --output clan.html, --output - for standard output, or --open to look at it now"}
	case out == "-" && c.Bool("open"):
		return "", usageError{"--open needs a file, not standard output", "write --output clan.html, or leave it out"}
	case out == "-" && c.Bool("watch"):
		return "",
			usageError{"--watch writes a page again and again, and standard output is no place for that",
				"give --output clan.html"}
	}
	if dir := filepath.Dir(out); out != "-" && out != "" {
		if info, err := os.Stat(dir); err != nil {
			return "", err
		} else if !info.IsDir() {
			return "", fmt.Errorf("%s is not a directory", dir)
		}
	}
	return outputOf(c)
}
