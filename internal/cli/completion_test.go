package cli

import (
	"io"
	"strings"
	"testing"
)

// TestEveryValueHasAKind looks for a flag, or an argument, of which completion does not know what it is.
func TestEveryValueHasAKind(t *testing.T) {
	_, commands := manualCommands()
	for _, command := range commands {
		for at := range strings.Fields(command.ArgsUsage) {
			if placeholder(command.ArgsUsage, at) == nil {
				t.Errorf("%s: nothing is known of %s in %q", command.name, strings.Fields(command.ArgsUsage)[at],
					command.ArgsUsage)
			}
		}
		for _, flag := range command.Flags {
			for at := range valueCount(flag) {
				if valuesOf(flag, at) == nil {
					t.Errorf("%s: nothing is known of the values of %s", command.name, flagTerm(flag))
				}
			}
		}
	}
}

// TestChoices takes what a flag offers, and nothing else.
func TestChoices(t *testing.T) {
	app := newApp(io.Discard, io.Discard)
	for _, command := range app.Commands {
		for _, flag := range command.Flags {
			of, isValue := flag.(valueFlag)
			if !isValue || of.Action == nil {
				continue
			}
			for _, c := range of.values(nil) {
				if err := of.Action(nil, c.text); err != nil {
					t.Errorf("%s --%s: %v", command.Name, of.Name, err)
				}
			}
			if of.Action(nil, "something else") == nil {
				t.Errorf("%s --%s takes anything", command.Name, of.Name)
			}
		}
	}
}
