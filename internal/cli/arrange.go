package cli

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/nearest"
)

// pairSeparator joins the two values of a flag like --override-input; no argument of a process can hold it.
const pairSeparator = "\x00"

// commandLine is what arrange makes of a command line.
type commandLine struct {
	program string
	// path is the command, and the commands above it: instances, create.
	path []*cli.Command
	// flags have their values joined: --jobs=3.
	flags, names []string
	// waits is a flag at the end that lacks a value, and waitsAt how many it has; nil for none.
	waits   cli.Flag
	waitsAt int
}

// command is the one that is meant; nil if none is named.
func (l *commandLine) command() *cli.Command {
	if len(l.path) == 0 {
		return nil
	}
	return l.path[len(l.path)-1]
}

// commandName has the names of all commands on the way: "instances create".
func (l *commandLine) commandName() string {
	var names []string
	for _, command := range l.path {
		names = append(names, command.Name)
	}
	return strings.Join(names, " ")
}

// has reports whether a flag without a value is given.
func (l *commandLine) has(flag cli.Flag) bool {
	return slices.ContainsFunc(l.flags, func(given string) bool {
		return slices.Contains(flag.Names(), strings.TrimLeft(given, "-"))
	})
}

// helped is the line, or the one that asks for help where this one does so in another way. Without a command it asks
// for an overview, if somebody is there to read it, who is told why there is none.
func (l *commandLine) helped(app *cli.App) *commandLine {
	command := l.command()
	switch {
	case command == nil && !l.has(helpFlag) && app.Writer.(*stream).terminal != nil:
		if err := inClan(); err != nil {
			printError(app.ErrWriter, err)
			fmt.Fprintln(app.ErrWriter)
			break
		}
		return &commandLine{program: l.program, path: []*cli.Command{app.Command("overview")}}
	case command != nil && command.Action != nil && !l.has(helpFlag):
		return l
	}
	return &commandLine{program: l.program, path: []*cli.Command{app.Command("help")},
		names: strings.Fields(l.commandName())}
}

// withoutCommand is a line of flags only that name a clan, of which it asks for the overview; the error is otherwise
// that of the line, or of what stands for a command in it.
func withoutCommand(app *cli.App, args []string, wrong error) (*commandLine, error) {
	line, err := arrange(app, slices.Insert(slices.Clone(args), 1, "overview"))
	namesClan := func(flag string) bool { return strings.HasPrefix(flag, "--flake=") }
	switch {
	case err != nil || !slices.ContainsFunc(line.flags, namesClan):
		return nil, wrong
	case len(line.names) > 0 && app.Command(line.names[0]) == nil:
		return nil, unknownCommand(app, &commandLine{}, line.names[0])
	case len(line.names) > 0:
		return nil, wrong
	}
	return line, nil
}

// args is the line in the order that the library reads.
func (l *commandLine) args() []string {
	out := []string{l.program}
	for _, command := range l.path {
		out = append(out, command.Name)
	}
	out = append(out, l.flags...)
	if len(l.names) > 0 {
		out = append(append(out, "--"), l.names...)
	}
	return out
}

// arrange puts a command line in the order that the library reads: commands, flags, names. Flags may stand anywhere,
// flags of two values become one, and an unknown flag is an error, never a name. The first name may be that of a
// command below the command; behind "--" it never is.
func arrange(app *cli.App, args []string) (*commandLine, error) {
	line := &commandLine{program: args[0]}
	var given []string // the flags as they were written
	for rest := args[1:]; len(rest) > 0; {
		arg := rest[0]
		rest = rest[1:]
		switch {
		case arg == "--":
			line.names = append(line.names, rest...)
			rest = nil
			if command := line.command(); command != nil && command.Action != nil {
				command.Subcommands = nil // the library would look for them among the names
			}
		case !strings.HasPrefix(arg, "-") || arg == "-":
			line.name(app, arg)
		default:
			given = append(given, arg)
			var err error
			if rest, err = line.flag(app, arg, rest); err != nil {
				return line, err
			}
		}
	}
	return line, line.check(app, given)
}

// name takes a word that is no flag: a command, or a name.
func (l *commandLine) name(app *cli.App, word string) {
	if command := below(app, l.command(), word); command != nil && len(l.names) == 0 {
		l.path = append(l.path, command)
		return
	}
	l.names = append(l.names, word)
}

// flag takes a flag, with its values, which may be among the words that follow, and returns the words behind them.
func (l *commandLine) flag(app *cli.App, word string, rest []string) ([]string, error) {
	name, value, hasValue := strings.Cut(strings.TrimLeft(word, "-"), "=")
	flag := flagNamed(app, l.command(), rest, name)
	if flag == nil {
		return nil, unknownFlag(app, l, rest, word)
	}
	takes := valueCount(flag)
	if takes == 0 || hasValue && takes == 1 {
		l.flags = append(l.flags, word)
		return rest, nil
	}
	if hasValue {
		rest = append([]string{value}, rest...)
	}
	if len(rest) < takes {
		l.waits, l.waitsAt = flag, len(rest)
		return nil, usagef("flag --%s needs %s", name, []string{"", "a value", "two values"}[takes])
	}
	l.flags = append(l.flags, "--"+name+"="+strings.Join(rest[:takes], pairSeparator))
	return rest[takes:], nil
}

// check tells what is wrong with the whole line.
func (l *commandLine) check(app *cli.App, given []string) error {
	if command := l.command(); len(l.names) > 0 && (command == nil || command.Action == nil) {
		return unknownCommand(app, l, l.names[0])
	}
	for _, name := range l.names {
		if !utf8.ValidString(name) {
			// JSON, in which names and values go to Nix and into inventory.json, would make something else of it.
			return usagef("%q is not UTF-8, as all names and values in a clan are", name)
		}
	}
	// A flag of a command may stand before the one below it, which need not know it.
	for _, arg := range given {
		name, _, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		if flagNamed(app, l.command(), nil, name) == nil {
			return unknownFlag(app, l, nil, arg)
		}
	}
	return nil
}

// below is the command of this name below another, or the app's own; nil if there is none.
func below(app *cli.App, command *cli.Command, name string) *cli.Command {
	if command == nil {
		return app.Command(name)
	}
	return command.Command(name)
}

// commandsBelow are all of them.
func commandsBelow(app *cli.App, command *cli.Command) []*cli.Command {
	if command == nil {
		return app.Commands
	}
	return command.Subcommands
}

// flagsOf are the flags that may be given: those of the command, also where its name is still to come.
func flagsOf(app *cli.App, command *cli.Command, rest []string) []cli.Flag {
	flags := []cli.Flag{helpFlag}
	if command != nil {
		flags = append(flags, command.Flags...)
	}
	named := command != nil
	for _, arg := range rest {
		if next := below(app, command, arg); next != nil {
			command, named = next, true
			flags = append(flags, next.Flags...)
		}
	}
	if !named {
		flags = append(flags, versionFlag)
	}
	return flags
}

// flagNamed is the flag of a name that may be given; nil if there is none.
func flagNamed(app *cli.App, command *cli.Command, rest []string, name string) cli.Flag {
	for _, flag := range flagsOf(app, command, rest) {
		if slices.Contains(flag.Names(), name) {
			return flag
		}
	}
	return nil
}

// valueCount is how many values a flag takes: two, as some of Nix's, where its usage has a word for each, as in
// `INPUT REF`.
func valueCount(flag cli.Flag) int {
	if doc, ok := flag.(cli.DocGenerationFlag); !ok || !doc.TakesValue() {
		return 0
	}
	return max(1, len(strings.Fields(valueName(flag))))
}

func unknownFlag(app *cli.App, line *commandLine, rest []string, arg string) error {
	var known []string
	for _, flag := range flagsOf(app, line.command(), rest) {
		for _, name := range flag.Names() {
			if len(name) > 1 {
				known = append(known, "--"+name)
			}
		}
	}
	name, _, _ := strings.Cut(arg, "=")
	err := usageError{message: fmt.Sprintf("there is no flag %s", name), hint: "see clanctl --help"}
	if len(line.path) > 0 {
		err.hint = fmt.Sprintf("see clanctl %s --help", line.commandName())
	}
	near := nearest.Of(name, known)
	for _, mistaken := range []string{"--tag", "--machine", "--host"} {
		if len(near) == 0 && strings.HasPrefix(name, mistaken) && slices.Contains(known, "--on") {
			near = []string{"--on MACHINE,@TAG"}
		}
	}
	if len(near) > 0 {
		err.hint = "did you mean " + strings.Join(near, " or ") + "?"
	}
	return err
}

func unknownCommand(app *cli.App, line *commandLine, name string) error {
	var known []string
	for _, command := range commandsBelow(app, line.command()) {
		known = append(known, command.Name)
	}
	program := strings.TrimSpace("clanctl " + line.commandName())
	message := fmt.Sprintf("there is no command %q", name)
	if len(line.path) > 0 {
		message = fmt.Sprintf("%s has no command %q", program, name)
	}
	near := nearest.Of(name, known)
	if len(near) == 0 && line.command() == nil {
		near = otherWords[name]
	}
	return usageError{message, nearest.Hint(near, nil, "", "see "+program+" --help")}
}

// otherWords are commands by the words that other tools have for them.
var otherWords = map[string][]string{
	"apply": {"set"}, "config": {"eval"}, "docs": {"explain", "man"}, "get": {"eval"}, "groups": {"tags"},
	"hosts": {"machines"}, "info": {"overview"}, "json": {"eval"}, "lint": {"check"}, "list": {"machines", "instances"},
	"ls": {"machines", "instances"}, "nodes": {"machines"}, "options": {"modules show", "schema"},
	"services": {"instances", "modules"}, "settings": {"why", "instances"}, "show": {"machines", "instances", "eval"},
	"ssh": {"export", "reach"}, "status": {"overview", "check"}, "validate": {"check"}, "where": {"refs", "why"},
}

// pair splits a value that arrange joined.
func pair(value string) (first, second string) {
	first, second, _ = strings.Cut(value, pairSeparator)
	return first, second
}
