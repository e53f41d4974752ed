package cli

import (
	"os"
	"slices"

	"github.com/urfave/cli/v2"
	xterm "golang.org/x/term"

	"github.com/clanctl/clanctl/internal/pager"
	"github.com/clanctl/clanctl/internal/recall"
)

// pagerFlag is that of all commands with text to read.
func pagerFlag() cli.Flag {
	return &cli.BoolFlag{Name: "no-pager", Usage: "do not show long output in a pager"}
}

// paged runs a command whose output is for reading. That of some is for programs, or never ends.
func paged(c *cli.Context, action cli.ActionFunc) error {
	if slices.Contains([]string{"lsp", "mcp"}, c.Command.Name) {
		return action(c)
	}
	defer startPaging(c)()
	return action(c)
}

// startPaging has standard output go through a pager if it is a terminal. The function that it returns shows what is
// left, and waits for the reader; it is to be called once.
func startPaging(c *cli.Context) (finish func()) {
	out, errs, command := stdout(c), stderr(c), pager.Command()
	none := func() {}
	if out.terminal == nil || command == "" || c.Bool("no-pager") || c.Bool("watch") || os.Getenv("TERM") == "dumb" {
		return none
	}
	_, rows, err := xterm.GetSize(int(out.terminal.Fd()))
	if err != nil || rows == 0 {
		return none // nobody knows what is long
	}
	p := pager.New(out.terminal, command, out.width(), rows, os.Getenv(recall.Hyperlinks) == "always")
	p.Wide = c.Bool("wide")
	direct := out.w
	out.w = p
	if errs.terminal != nil {
		errs.pager = p
	}
	return func() {
		p.Finish()
		out.w, errs.pager = direct, nil
	}
}
