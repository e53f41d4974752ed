package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"
)

func manCommand() *cli.Command {
	return &cli.Command{
		Name:        "man",
		Usage:       "print the manual page, for man",
		Description: "   mkdir -p ~/.local/share/man/man1\n   clanctl man > ~/.local/share/man/man1/clanctl.1",
		Action: func(c *cli.Context) error {
			_, err := io.WriteString(stdout(c), manualPage())
			return err
		},
	}
}

// manualPage is the manual in roff, with the macros of man(7), which every man knows. It has no date, so that a release can be
// built again, byte for byte.
func manualPage() string {
	app, commands := manualCommands()
	var b strings.Builder
	item := func(term, text string) { fmt.Fprintf(&b, ".TP\n.B %s\n%s\n", roff(term), roffText(text)) }
	flags := func(flags []cli.Flag) {
		for _, flag := range flags {
			item(flagTerm(flag), flagText(flag))
		}
	}
	fmt.Fprintf(&b, ".TH CLANCTL 1 \"\" \"clanctl %s\" \"User Commands\"\n.nh\n.ad l\n", roff(app.Version))
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n.SH SYNOPSIS\n.B %s\n", app.Name, roffText(app.Usage), roff(app.UsageText))
	b.WriteString(".SH COMMANDS\n")
	for _, command := range commands {
		fmt.Fprintf(&b, ".SS %s\n%s.\n.PP\n.B %s\n", roff(command.name), roffText(command.Usage), roff(command.UsageText))
		for _, text := range paragraphs(command.Description) {
			if strings.HasPrefix(text, " ") {
				b.WriteString(".PP\n.EX\n" + roffText(text) + "\n.EE\n")
			} else {
				b.WriteString(".PP\n" + roffText(text) + "\n")
			}
		}
		flags(command.own)
		if also := command.sharedText(); also != "" {
			fmt.Fprintf(&b, ".PP\nAlso %s, see below.\n", roffText(also))
		}
	}
	for _, group := range flagGroups() {
		fmt.Fprintf(&b, ".SH %s\n%s\n", strings.ToUpper(group.title), roffText(group.text))
		flags(group.flags)
		for _, note := range group.notes {
			b.WriteString(".PP\n" + roffText(note) + "\n")
		}
	}
	for _, section := range manualSections {
		fmt.Fprintf(&b, ".SH %s\n", strings.ToUpper(section.title))
		for _, i := range section.items {
			item(i.term, i.text)
		}
	}
	fmt.Fprintf(&b, ".SH SEE ALSO\n.BR nix (1),\n.BR nix3-eval (1),\n.BR git (1),\n.BR jq (1)\n.PP\nThe manual: %s\n", roff(homepage+"/tree/main/docs"))
	return b.String()
}

var roffEscapes = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`, `"`, `\(dq`)

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
