package cli

import "github.com/urfave/cli/v2"

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
