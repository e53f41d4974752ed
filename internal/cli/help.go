package cli

import (
	"io"
	"slices"
	"strings"

	"github.com/clipperhouse/displaywidth"
	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/textview"
)

// Help is made of what the manual is made of, and laid out for the terminal.

var (
	helpFlag    = &cli.BoolFlag{Name: "help", Aliases: []string{"h"}, Usage: "show help"}
	versionFlag = &cli.BoolFlag{Name: "version", Usage: "print the version"}
)

// commandGroups are the commands as the help lists them, by what people want to do.
var commandGroups = []struct {
	title    string
	commands []string
}{
	{"Ask", []string{"overview", "machines", "instances", "tags", "why", "refs", "reach", "exports", "graph",
		"report", "eval"}},
	{"Check", []string{"check", "explain", "diff", "upgrade"}},
	{"Change", []string{"set", "unset", "roles add", "roles remove", "tags add", "tags remove", "instances create",
		"instances delete", "instances rename", "instances set-module", "machines describe"}},
	{"Author", []string{"modules", "modules show", "modules new", "modules check", "schema", "gen go", "lsp"}},
	{"Other", []string{"export", "mcp", "completion", "man", "version", "help"}},
}

func helpCommand() *cli.Command {
	return &cli.Command{
		Name:      "help",
		Usage:     "list the commands, or explain one",
		ArgsUsage: "[COMMAND...]",
		Action: func(c *cli.Context) error {
			paint := stdout(c).painter(c)
			h := &helpText{paint: paint, width: stdout(c).width()}
			if h.width == 0 {
				h.width = 80
			}
			h.width = min(h.width, maxHelpWidth)
			app, commands := manualCommands()
			if c.NArg() == 0 {
				h.app(app, commands)
			} else {
				name := app.Name + " " + strings.Join(c.Args().Slice(), " ")
				at := slices.IndexFunc(commands, func(command manualCommand) bool { return command.name == name })
				if at < 0 {
					return unknownHelp(app, c.Args().Slice())
				}
				h.command(commands[at])
			}
			_, err := io.WriteString(stdout(c), h.String())
			return err
		},
	}
}

// unknownHelp is the error for a command that there is not: that of the command line with it.
func unknownHelp(app *cli.App, words []string) error {
	line, _ := arrange(app, append([]string{app.Name}, words...))
	if len(line.names) > 0 {
		return unknownCommand(app, line, line.names[0])
	}
	return usagef("help takes the name of a command")
}

// maxHelpWidth is how wide lines are at most that are easy to read.
const maxHelpWidth = 100

// helpText is help as it is written.
type helpText struct {
	strings.Builder
	paint painter
	width int
}

func (h *helpText) app(app *cli.App, commands []manualCommand) {
	h.paragraph("", app.Name+": "+app.Usage)
	h.usage(app.UsageText)
	for _, group := range commandGroups {
		var rows []manualItem
		for _, name := range group.commands {
			at := slices.IndexFunc(commands, func(c manualCommand) bool { return c.name == app.Name+" "+name })
			rows = append(rows, manualItem{name, commands[at].Usage})
		}
		h.rows(group.title, rows)
	}
	h.WriteByte('\n')
	h.paragraph("", "clanctl help COMMAND, or clanctl COMMAND --help, explains a command and its flags.")
}

func (h *helpText) command(c manualCommand) {
	h.paragraph("", c.name+": "+c.Usage)
	h.usage(c.UsageText)
	for _, text := range paragraphs(c.Description) {
		h.WriteByte('\n')
		if strings.HasPrefix(text, " ") {
			h.WriteString(text + "\n")
		} else {
			h.paragraph("", text)
		}
	}
	var below []manualItem
	for _, sub := range c.Subcommands {
		below = append(below, manualItem{sub.Name, sub.Usage})
	}
	h.rows("Commands", below)
	h.flags("Flags", c.own)
	for i, group := range flagGroups() {
		h.flags(group.title, c.shared[i])
	}
	var examples []manualItem
	for _, section := range manualSections {
		for _, item := range section.items {
			if section.title == "Examples" && strings.HasPrefix(item.term+" ", c.name+" ") {
				examples = append(examples, item)
			}
		}
	}
	h.rows("Examples", examples)
}

func (h *helpText) usage(text string) {
	h.WriteByte('\n')
	h.paragraph("       ", "Usage: "+text)
}

func (h *helpText) flags(title string, flags []cli.Flag) {
	var rows []manualItem
	for _, flag := range flags {
		rows = append(rows, manualItem{flagTerm(flag), flagText(flag)})
	}
	h.rows(title, rows)
}

// termWidth is how wide terms are at most that have their text beside them.
const termWidth = 24

// rows are terms with their texts, under a title.
func (h *helpText) rows(title string, rows []manualItem) {
	if len(rows) == 0 {
		return
	}
	h.WriteString("\n" + h.paint(bold, title) + "\n")
	h.list(rows, termWidth)
}

// list has the texts beside the terms that are no wider than most.
func (h *helpText) list(rows []manualItem, most int) {
	column := 0
	for _, row := range rows {
		if w := displaywidth.String(row.term); w <= most {
			column = max(column, w)
		}
	}
	margin := strings.Repeat(" ", 2+column+2)
	for _, row := range rows {
		h.WriteString("  " + h.paint(cyan, row.term))
		if w := displaywidth.String(row.term); w <= column {
			h.WriteString(strings.Repeat(" ", column-w+2))
		} else {
			h.WriteString("\n" + margin)
		}
		h.WriteString(textview.WrapWords(row.text, margin, h.width) + "\n")
	}
}

// paragraph is a text whose lines after the first begin with a margin.
func (h *helpText) paragraph(margin, text string) {
	h.WriteString(textview.WrapWords(text, margin, h.width+len(margin)) + "\n")
}
