package cli

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

func manCommand() *cli.Command {
	return &cli.Command{
		Name:      "man",
		Usage:     "print the manual page of clanctl, or of one command",
		ArgsUsage: "[COMMAND]",
		Description: "To have all pages:\n\n" +
			"   mkdir -p ~/.local/share/man/man1\n" +
			"   for page in $(clanctl man --names); do clanctl man $page > ~/.local/share/man/man1/$page.1; done",
		Flags: []cli.Flag{&cli.BoolFlag{Name: "names", Usage: "print only the names of the pages, one per line"}},
		Action: func(c *cli.Context) error {
			pages := manualPages()
			text := ""
			switch {
			case c.NArg() > 1 || c.Bool("names") && c.NArg() > 0:
				return usagef("man takes the name of one command, or --names")
			case c.Bool("names"):
				text = strings.Join(slices.Sorted(maps.Keys(pages)), "\n") + "\n"
			default:
				name := strings.TrimPrefix(strings.TrimPrefix(c.Args().First(), c.App.Name), "-")
				page, known := pages[strings.TrimSuffix(c.App.Name+"-"+name, "-")]
				if !known {
					return usageError{fmt.Sprintf("there is no command %q", name),
						"one of " + strings.Join(slices.Sorted(maps.Keys(pages)), ", ")}
				}
				text = page
			}
			_, err := io.WriteString(stdout(c), text)
			return err
		},
	}
}

// manualPages are the pages by their names: clanctl, which has all of it, and one for each command, with those below
// it. They are in roff, with the macros of man(7), which every man knows, and have no date, so that a release can be
// built again, byte for byte.
func manualPages() map[string]string {
	app, commands := manualCommands()
	pages := map[string]string{}

	all := newManPage(app, app.Name, app.Usage)
	fmt.Fprintf(all, ".SH SYNOPSIS\n.B %s\n", roff(app.UsageText))
	all.commands(commands)
	for _, group := range flagGroups() {
		all.flagGroup(group, group.flags)
	}
	for _, section := range manualSections {
		all.section(section.title, section.items)
	}
	var seeAlso []string
	for _, command := range app.Commands {
		seeAlso = append(seeAlso, app.Name+"-"+command.Name)
	}
	pages[app.Name] = all.end(seeAlso)

	for i, command := range commands {
		if strings.Count(command.name, " ") != 1 {
			continue // it is below another, and on its page
		}
		name := strings.ReplaceAll(command.name, " ", "-")
		page := newManPage(app, name, command.Usage)
		fmt.Fprintf(page, ".SH SYNOPSIS\n.B %s\n", roff(command.UsageText))
		if command.Description != "" {
			page.WriteString(".SH DESCRIPTION\n")
			page.description(command)
		}
		if len(command.own) > 0 || command.sharedText() != "" {
			page.WriteString(".SH OPTIONS\n")
			page.options(command)
		}
		below := commands[i+1:]
		if end := slices.IndexFunc(below, func(c manualCommand) bool {
			return strings.Count(c.name, " ") == 1
		}); end >= 0 {
			below = below[:end]
		}
		page.commands(below)
		for g, group := range flagGroups() {
			for _, c := range append([]manualCommand{command}, below...) {
				if len(c.shared[g]) > 0 {
					page.flagGroup(group, c.shared[g])
					break
				}
			}
		}
		for _, section := range manualSections {
			items := section.items
			if section.title == "Examples" {
				items = slices.DeleteFunc(slices.Clone(items), func(i manualItem) bool {
					return !strings.HasPrefix(i.term+" ", command.name+" ")
				})
			}
			page.section(section.title, items)
		}
		pages[name] = page.end([]string{app.Name})
	}
	return pages
}

// manPage is a page as it is written.
type manPage struct{ strings.Builder }

func newManPage(app *cli.App, name, usage string) *manPage {
	page := &manPage{}
	fmt.Fprintf(page, ".TH %s 1 \"\" \"clanctl %s\" \"User Commands\"\n.nh\n.ad l\n", strings.ToUpper(roff(name)),
		roff(app.Version))
	fmt.Fprintf(page, ".SH NAME\n%s \\- %s\n", roff(name), roffText(usage))
	return page
}

func (p *manPage) item(term, text string) {
	fmt.Fprintf(p, ".TP\n.B %s\n%s\n", roff(term), roffText(text))
}

func (p *manPage) flags(flags []cli.Flag) {
	for _, flag := range flags {
		p.item(flagTerm(flag), flagText(flag))
	}
}

func (p *manPage) commands(all []manualCommand) {
	if len(all) > 0 {
		p.WriteString(".SH COMMANDS\n")
	}
	for _, c := range all {
		fmt.Fprintf(p, ".SS %s\n%s.\n.PP\n", roff(c.name), roffText(c.Usage))
		p.command(c)
	}
}

// command writes how a command is called, what it does, and its own flags.
func (p *manPage) command(c manualCommand) {
	fmt.Fprintf(p, ".B %s\n", roff(c.UsageText))
	p.description(c)
	p.options(c)
}

func (p *manPage) description(c manualCommand) {
	for _, text := range paragraphs(c.Description) {
		if strings.HasPrefix(text, " ") {
			p.WriteString(".PP\n.EX\n" + roffText(text) + "\n.EE\n")
		} else {
			p.WriteString(".PP\n" + roffText(text) + "\n")
		}
	}
}

// options are the command's own flags, and which it shares with others.
func (p *manPage) options(c manualCommand) {
	p.flags(c.own)
	if also := c.sharedText(); also != "" {
		fmt.Fprintf(p, ".PP\nAlso %s, see below.\n", roffText(also))
	}
}

// flagGroup writes those flags of a group that are given.
func (p *manPage) flagGroup(group flagGroup, flags []cli.Flag) {
	fmt.Fprintf(p, ".SH %s\n%s\n", strings.ToUpper(group.title), roffText(group.text))
	p.flags(flags)
	for _, note := range group.notes {
		p.WriteString(".PP\n" + roffText(note) + "\n")
	}
}

func (p *manPage) section(title string, items []manualItem) {
	if len(items) == 0 {
		return
	}
	fmt.Fprintf(p, ".SH %s\n", strings.ToUpper(title))
	for _, i := range items {
		p.item(i.term, i.text)
	}
}

// end is the page, with what to read besides.
func (p *manPage) end(others []string) string {
	p.WriteString(".SH SEE ALSO\n")
	for _, name := range slices.Concat(others, []string{"nix", "nix3-eval", "git"}) {
		fmt.Fprintf(p, ".BR %s (1),\n", roff(name))
	}
	fmt.Fprintf(p, ".BR jq (1)\n.PP\nThe manual: %s\n", roff(homepage+"/tree/main/docs"))
	return p.String()
}

var roffEscapes = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`, `"`,
	`\(dq`)

// roff escapes what roff would read, or print, as something else: a hyphen is one that can be searched for and pasted.
func roff(text string) string { return roffEscapes.Replace(text) }

// roffText is text with lines of its own, none of which is a request.
func roffText(text string) string {
	lines := strings.Split(roff(text), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
