package cli

import (
	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/textview"
)

// What commands print, as package textview lays it out.
type (
	table   = textview.Table
	cell    = textview.Cell
	heading = textview.Heading
	item    = textview.Item
	style   = textview.Style
	painter = textview.Painter
)

const (
	plain     = textview.Plain
	bold      = textview.Bold
	dim       = textview.Dim
	italic    = textview.Italic
	underline = textview.Underline
	red       = textview.Red
	green     = textview.Green
	yellow    = textview.Yellow
	cyan      = textview.Cyan
)

func newCell(items ...string) cell { return textview.NewCell(items...) }

func wrap(items []string, indent, width int) string { return textview.Wrap(items, indent, width) }

func flat(text string) string { return textview.Flat(text) }

func colorFlag() cli.Flag {
	return choiceFlag(&cli.StringFlag{Name: "color", Value: "auto", Usage: "colour text `WHEN`"},
		"auto (on a terminal, unless NO_COLOR is set)", "always", "never")
}
