package main

import (
	"io"
	"os"

	"github.com/urfave/cli/v2"
	xterm "golang.org/x/term"
)

// A style makes text stand out; what it says is always in the text as well.
type style string

const (
	plain  style = ""
	bold   style = "1"
	dim    style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
	cyan   style = "36"

	italic    style = "3"
	underline style = "4"
)

// painter puts text in a style, or leaves it as it is.
type painter func(s style, text string) string

func colourful(s style, text string) string {
	if s == plain || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

func colourless(_ style, text string) string { return text }

func colorFlag() cli.Flag {
	return &cli.StringFlag{Name: "color", Value: "auto", Usage: "colour text: `WHEN` is auto (on a terminal, unless NO_COLOR is set), always or never"}
}

func newPainter(c *cli.Context) (painter, error) { return painterFor(c, c.App.Writer) }

// painterFor is for text that goes to w.
func painterFor(c *cli.Context, w io.Writer) (painter, error) {
	switch when := c.String("color"); when {
	case "always":
		return colourful, nil
	case "never":
		return colourless, nil
	case "auto", "": // a command without the flag
		if isTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" {
			return colourful, nil
		}
		return colourless, nil
	default:
		return nil, usagef("--color is auto, always or never, not %q", when)
	}
}

// widthOf is how wide a terminal is, and zero for anything else, where nothing is cut.
func widthOf(w io.Writer) int {
	if !isTerminal(w) {
		return 0
	}
	if width, _, err := xterm.GetSize(int(w.(*os.File).Fd())); err == nil && width > 0 {
		return width
	}
	return 80
}
