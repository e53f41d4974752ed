package cli

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/recall"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// defaultLink is the template without one: kitty opens the line, and other terminals refuse what they do not know.
func defaultLink() string {
	if os.Getenv("TERM") == "xterm-kitty" {
		return "file://{host}{path}#{line}"
	}
	return "file://{host}{path}"
}

// linkTemplate is the template for hyperlinks on a stream; empty for none.
func (s *stream) linkTemplate(c *cli.Context) string {
	when := os.Getenv(recall.Hyperlinks)
	switch {
	case when == "never" || c.String("color") == "never":
		return ""
	case when == "always":
		return defaultLink()
	case s.terminal == nil || os.Getenv("TERM") == "dumb":
		return ""
	case strings.Contains(when, "{path}"):
		return when
	case terminalLinks():
		return defaultLink()
	}
	return ""
}

// terminalLinks reports whether the terminal is one of those that are known to have hyperlinks. Inside tmux and screen
// nobody knows.
func terminalLinks() bool {
	term := os.Getenv("TERM")
	begins := func(names ...string) bool {
		return slices.ContainsFunc(names, func(name string) bool { return strings.HasPrefix(term, name) })
	}
	switch {
	case begins("tmux", "screen"):
		return false
	case begins("xterm-kitty", "xterm-ghostty", "alacritty", "foot", "wezterm", "contour"):
		return true
	}
	if vte, err := strconv.Atoi(os.Getenv("VTE_VERSION")); err == nil && vte >= 5000 {
		return true // GNOME Terminal and others
	}
	return os.Getenv("KONSOLE_VERSION") != "" || os.Getenv("WT_SESSION") != "" || os.Getenv("DOMTERM") != "" ||
		slices.Contains([]string{"iTerm.app", "WezTerm", "ghostty", "vscode"}, os.Getenv("TERM_PROGRAM"))
}

// link returns what makes URLs of places in the tree, for text on a stream; it makes none of what is nowhere on disk.
func (s *sourceTree) link(c *cli.Context, on *stream) func(nixeval.Position) string {
	template := on.linkTemplate(c)
	host, _ := os.Hostname()
	return func(at nixeval.Position) string {
		path := at.File
		switch {
		case template == "" || s == nil || s.commit != "" || path == "" || strings.HasPrefix(path, "<"):
			return ""
		case !filepath.IsAbs(path) && s.root == "":
			return ""
		case !filepath.IsAbs(path):
			path = filepath.Join(s.root, filepath.FromSlash(path))
		}
		return strings.NewReplacer("{host}", host, "{path}", (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath(),
			"{line}", fmt.Sprint(max(1, at.Line)), "{column}", fmt.Sprint(max(1, at.Column))).Replace(template)
	}
}

// linkOf is link for the two sides of a difference; a side without a tree has none.
func linkOf(c *cli.Context, on *stream, old, now *sourceTree) func(side string, at nixeval.Position) string {
	before, after := old.link(c, on), now.link(c, on)
	return func(side string, at nixeval.Position) string {
		if side == "old" {
			return before(at)
		}
		return after(at)
	}
}
