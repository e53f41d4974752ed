package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/nearest"
)

// pairSeparator joins the two values of a flag like --override-input; no argument of a process can hold it.
const pairSeparator = "\x00"

// pairFlags take two values, as in Nix.
var pairFlags = []string{"override-input", "option"}

// arrange puts a command line in the order that the library reads: command, flags, names. Flags may stand anywhere, flags of
// two values become one, and an unknown flag is an error, never a name.
func arrange(app *cli.App, args []string) ([]string, error) {
	var command *cli.Command
	var flags, names []string
	rest := args[1:]
	for len(rest) > 0 {
		arg := rest[0]
		rest = rest[1:]
		switch {
		case arg == "--":
			names = append(names, rest...)
			rest = nil
		case !strings.HasPrefix(arg, "-") || arg == "-":
			if command == nil {
				command = app.Command(arg)
				if command == nil {
					return nil, unknownCommand(app, arg)
				}
				continue
			}
			names = append(names, arg)
		default:
			name, value, hasValue := strings.Cut(strings.TrimLeft(arg, "-"), "=")
			takes, known := arity(app, command, rest, name)
			if !known {
				return nil, unknownFlag(app, command, rest, arg)
			}
			if takes == 0 || hasValue && takes == 1 {
				flags = append(flags, arg)
				continue
			}
			if hasValue {
				rest = append([]string{value}, rest...)
			}
			if len(rest) < takes {
				return nil, usagef("flag --%s needs %s", name, []string{"", "a value", "two values"}[takes])
			}
			flags = append(flags, "--"+name+"="+strings.Join(rest[:takes], pairSeparator))
			rest = rest[takes:]
		}
	}
	out := []string{args[0]}
	if command != nil {
		out = append(out, command.Name)
	}
	out = append(out, flags...)
	if len(names) > 0 {
		out = append(append(out, "--"), names...)
	}
	return out, nil
}

// flagsOf are the flags that may be given: those of the command, also where its name is still to come.
func flagsOf(app *cli.App, command *cli.Command, rest []string) []cli.Flag {
	for _, arg := range rest {
		if command == nil {
			command = app.Command(arg)
		}
	}
	flags := []cli.Flag{cli.HelpFlag}
	if command == nil {
		return append(flags, cli.VersionFlag)
	}
	return append(flags, command.Flags...)
}

// arity is how many values a flag takes.
func arity(app *cli.App, command *cli.Command, rest []string, name string) (takes int, known bool) {
	for _, flag := range flagsOf(app, command, rest) {
		if !slices.Contains(flag.Names(), name) {
			continue
		}
		if slices.Contains(pairFlags, name) {
			return 2, true
		}
		if doc, ok := flag.(cli.DocGenerationFlag); ok && doc.TakesValue() {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}

func unknownFlag(app *cli.App, command *cli.Command, rest []string, arg string) error {
	var known []string
	for _, flag := range flagsOf(app, command, rest) {
		for _, name := range flag.Names() {
			if len(name) > 1 {
				known = append(known, "--"+name)
			}
		}
	}
	name, _, _ := strings.Cut(arg, "=")
	err := usageError{message: fmt.Sprintf("there is no flag %s", name), hint: "see clanctl --help"}
	if command != nil {
		err.hint = fmt.Sprintf("see clanctl %s --help", command.Name)
	}
	if near := nearest.Of(name, known); len(near) > 0 {
		err.hint = "did you mean " + strings.Join(near, " or ") + "?"
	}
	return err
}

func unknownCommand(app *cli.App, name string) error {
	var known []string
	for _, command := range app.Commands {
		known = append(known, command.Name)
	}
	err := usageError{message: fmt.Sprintf("there is no command %q", name), hint: "see clanctl --help"}
	if near := nearest.Of(name, known); len(near) > 0 {
		err.hint = "did you mean " + nearest.List(near) + "?"
	}
	return err
}

// pair splits a value that arrange joined.
func pair(value string) (first, second string) {
	first, second, _ = strings.Cut(value, pairSeparator)
	return first, second
}
