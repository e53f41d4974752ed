package cli

import (
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/recall"
)

// What the manual page and docs/reference.md have in common. Both are made from the commands; this is what no command
// says.
var manualSections = []struct {
	title string
	items []manualItem
}{
	{"Exit status", []manualItem{
		{"0", "All is well; there may be warnings."},
		{"1", "It failed. For check: there are findings of severity error."},
		{"2", "The command line is wrong."},
		{"3", "Partial: something was printed, but parts of the clan could not be evaluated."},
		{"130", "It was interrupted."},
	}},
	{"Environment", []manualItem{
		{"CLAN_DIR", "The clan's flake, as --flake names it, where that is not given."},
		{"NO_COLOR", "Not empty: no colour, unless --color always is given. TERM=dumb has the same effect."},
		{"CLANCTL_PAGER, PAGER", "The pager for output longer than the screen; less if unset. Empty or cat: no pager."},
		{recall.Hyperlinks, "Places in files as hyperlinks: auto (where the terminal is known to have them), always, never, or a template such as vscode://file{path}:{line}:{column}."},
		{"PATH", "Where nix and git are found; see also --nix."},
		{"XDG_CACHE_HOME",
			"Where answers are kept, in the directory clanctl; by default in ~/.cache. On macOS they are always in ~/Library/Caches."},
		{"NIX_CONFIG, NIX_CONF_DIR, NIX_USER_CONF_FILES", "Settings of Nix, which have their meaning."},
	}},
	{"Files", []manualItem{
		{"flake.nix", "The clan. It is looked for in the working directory and above."},
		{".clanctl.json", "The clan's policy for check: what to ignore, and defaults of some flags."},
		{"inventory.json",
			"The part of the clan that set, unset, roles, tags, instances and machines describe write to."},
		{"~/.cache/clanctl",
			"Answers of earlier runs, to be given again while nothing has changed. It can be deleted at any time."},
	}},
	{"Examples", []manualItem{
		{"clanctl machines", "What runs on each machine."},
		{"clanctl machines laptop", "Everything that runs on one, with its settings, and why."},
		{"clanctl why backup client laptop schedule.every",
			"Why laptop is a client of backup, and where that setting of it comes from."},
		{"clanctl check --format github", "What is wrong with the clan, as annotations for a workflow."},
		{"clanctl diff --affected -0 | xargs -0 -r clan machines update --",
			"Deploy to the machines that the changes since the last commit touch."},
		{"clanctl eval --jq '.machines | keys'", "The clan as JSON, filtered."},
	}},
}

type manualItem struct{ term, text string }

// flagGroup are flags that many commands have, which the manual explains once.
type flagGroup struct {
	title, text string
	flags       []cli.Flag
	notes       []string
}

func flagGroups() []flagGroup {
	output := append(jsonFlags("print JSON"), colorFlag())
	return []flagGroup{
		{"Output options", "Commands that print something take these flags.", append(tableFlags((*viewOutput).machineColumns), output...), []string{
			"Each command's page describes its document. An expression of --jq sees that document; jq itself is not needed.",
			"A table fits the terminal: a cell shows what it has room for, and how much more there is; what (nearly) all rows have is said once below. Sent anywhere else, or with --wide, it is complete. What a colour says is in the text as well.",
			"--columns takes hidden columns, too: see the command's page. A blank in a title may be a dash: used-by. With --wide or --columns, names are those of rows in a table.",
			"--names and --affected print bare names. A name can hold anything, and only with --null is it always one name for xargs -0; one that holds a newline is an error without.",
		}},
		{"Writing options", "Commands that change a clan take these flags.", changeFlags()[:len(changeFlags())-len(output)], []string{
			"--force also writes names that are not known. It does not write to a file that cannot be read, or that has changed meanwhile.",
		}},
		{"Common options", "Of all commands that read a clan. Flags may stand before or after names; -- ends them.",
			commonFlags(), []string{
				"--flake takes every reference that Nix takes; a path begins with . or /. Without it, and without CLAN_DIR, the flake is looked for in the working directory and above. A command that changes a clan needs it in a directory of this machine.",
				"--offline: anything that is not available locally is an error, also where Nix alone would download it.",
				"--option: a setting with token in its name reaches Nix in NIX_CONFIG, not on a command line that others can see.",
				"--jobs: a clan that evaluates takes one process; a broken one, or both sides of diff, take more. With 1, diff reads the old clan before the new one.",
				"--timeout includes the time spent waiting for another writer.",
				"--verbose also says why an answer is not kept and, with check, how much each rule selected.",
				"An answer is given again without Nix for as long as nothing that it was computed from can have changed: the source tree, its local inputs, Nix and its configuration.",
				"Reading never writes to the flake, takes no nixConfig from it, and builds nothing, unless --option allow-import-from-derivation true allows it.",
			}},
	}
}

// manualCommand is one command as the manual shows it.
type manualCommand struct {
	*cli.Command
	name string // with the program's and those of the commands above
	// own are its flags but for those of groups, and shared which it has of each group.
	own    []cli.Flag
	shared [][]cli.Flag
}

// sharedText says which flags of groups a command has, the common ones aside: "--json, --jq".
func (c manualCommand) sharedText() string {
	var names []string
	for _, flags := range c.shared[:len(c.shared)-1] {
		for _, flag := range flags {
			names = append(names, "--"+flag.Names()[0])
		}
	}
	return strings.Join(names, ", ")
}

// manualCommands are all commands, each before those below it.
func manualCommands() (app *cli.App, all []manualCommand) {
	app = newApp(io.Discard, io.Discard)
	groups := flagGroups()
	var walk func(above string, commands []*cli.Command)
	walk = func(above string, commands []*cli.Command) {
		for _, command := range commands {
			c := manualCommand{Command: command, name: above + " " + command.Name, own: slices.Clone(command.Flags)}
			for _, group := range groups {
				var has []cli.Flag
				for _, flag := range group.flags {
					same := func(f cli.Flag) bool {
						return flagTerm(f) == flagTerm(flag) && flagText(f) == flagText(flag)
					}
					if slices.ContainsFunc(c.own, same) {
						has = append(has, flag)
						c.own = slices.DeleteFunc(c.own, same)
					}
				}
				c.shared = append(c.shared, has)
			}
			slices.SortFunc(c.own, func(a, b cli.Flag) int { return strings.Compare(a.Names()[0], b.Names()[0]) })
			all = append(all, c)
			walk(above+" "+command.Name, command.Subcommands)
		}
	}
	walk(app.Name, app.Commands)
	return app, all
}

// flagTerm is a flag as it is given, such as "--jobs N, -j N", and flagText what it does.
func flagTerm(flag cli.Flag) string {
	value := valueName(flag)
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

// valueName is what the usage of a flag calls its value, or its values; empty for none.
func valueName(flag cli.Flag) string {
	_, value, _ := strings.Cut(flag.(cli.DocGenerationFlag).GetUsage(), "`")
	value, _, _ = strings.Cut(value, "`")
	return value
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
