package cli

import (
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// What the manual page and docs/reference.md have in common. Both are made from the commands; this is what no command says.
var manualSections = []struct {
	title string
	items []manualItem
}{
	{"Exit status", []manualItem{
		{"0", "All is well; there may be warnings."},
		{"1", "It failed. For check: there are findings of severity error."},
		{"2", "The command line makes no sense."},
		{"3", "Partial: something was printed, but parts of the clan could not be evaluated."},
		{"130", "It was interrupted."},
	}},
	{"Environment", []manualItem{
		{"XDG_CACHE_HOME", "Where answers are kept, in the directory clanctl; by default in ~/.cache. On macOS they are always in ~/Library/Caches."},
		{"NO_COLOR", "Not empty: no colour, unless --color always is given."},
		{"PATH", "Where nix and git are found; see also --nix."},
		{"NIX_CONFIG, NIX_CONF_DIR, NIX_USER_CONF_FILES", "Settings of Nix, which have their meaning."},
	}},
	{"Files", []manualItem{
		{"flake.nix", "The clan. It is looked for in the working directory and above."},
		{".clanctl.json", "The clan's policy for check: what is ignored, and defaults of some flags."},
		{"inventory.json", "The part of the clan that set, unset, roles, tags, instances and machines describe write to."},
		{"~/.cache/clanctl", "Answers of earlier runs, to be given again while nothing has changed. It can be deleted at any time."},
	}},
	{"Examples", []manualItem{
		{"clanctl machines", "What runs on each machine."},
		{"clanctl machines laptop", "Everything that runs on one, with its settings, and why."},
		{"clanctl why backup client laptop schedule.every", "Why laptop is a client of backup, and where that setting of it comes from."},
		{"clanctl check --format github", "What is wrong with the clan, as annotations for a workflow."},
		{"clanctl diff --affected | xargs -r clan machines update", "Deploy to the machines that the changes since the last commit touch."},
		{"clanctl eval --jq '.machines | keys'", "The clan as JSON, filtered."},
	}},
}

type manualItem struct{ term, text string }

// manualCommand is one command as the manual shows it.
type manualCommand struct {
	*cli.Command
	name string // with the program's and those of the commands above
	own  []cli.Flag
}

// manualCommands are all commands, each before those below it, and the flags that all but a few have in common.
func manualCommands() (app *cli.App, all []manualCommand, common []cli.Flag) {
	app, common = newApp(io.Discard, io.Discard), commonFlags()
	var walk func(above string, commands []*cli.Command)
	walk = func(above string, commands []*cli.Command) {
		for _, command := range commands {
			own := command.Flags
			if readsClan(command) {
				own = own[:len(own)-len(common)] // where prepare put them
			}
			own = slices.SortedFunc(slices.Values(own), func(a, b cli.Flag) int { return strings.Compare(a.Names()[0], b.Names()[0]) })
			all = append(all, manualCommand{command, above + " " + command.Name, own})
			walk(above+" "+command.Name, command.Subcommands)
		}
	}
	walk(app.Name, app.Commands)
	return app, all, common
}

// flagTerm is a flag as it is given, such as "--jobs N, -j N", and flagText what it does.
func flagTerm(flag cli.Flag) string {
	_, value, _ := strings.Cut(flag.(cli.DocGenerationFlag).GetUsage(), "`")
	value, _, _ = strings.Cut(value, "`")
	var names []string
	for _, name := range flag.Names() {
		dashes := "--"
		if len(name) == 1 {
			dashes = "-"
		}
		names = append(names, strings.TrimSpace(dashes+name+" "+value))
	}
	return strings.Join(names, ", ")
}

func flagText(flag cli.Flag) string {
	doc := flag.(cli.DocGenerationFlag)
	text := strings.ReplaceAll(doc.GetUsage(), "`", "")
	if normal := doc.GetDefaultText(); doc.TakesValue() && normal != "" {
		text += " (default: " + strings.Trim(normal, `"`) + ")"
	}
	return text
}

// paragraphs are those of a command's description. One that is indented is a list of commands, and keeps its lines.
func paragraphs(description string) []string {
	var all []string
	for part := range strings.SplitSeq(description, "\n\n") {
		if !strings.HasPrefix(part, " ") {
			part = strings.ReplaceAll(part, "\n", " ")
		}
		if part != "" {
			all = append(all, part)
		}
	}
	return all
}
