package cli

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/export"
	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/internal/term"
	"github.com/clanctl/clanctl/pkg/instance"
)

func exportCommand() *cli.Command {
	return &cli.Command{
		Name:      "export",
		Usage:     "write the configuration by which ssh, Ansible or Prometheus reaches the machines",
		ArgsUsage: "FORMAT [MACHINE...]",
		Description: "FORMAT is ssh-config, known-hosts, ansible or prometheus. Selectors narrow what is written: names, globs, @tags and !exceptions with\n" +
			"commas between them, such as 'web-*,@backup,!laptop'. No machine is asked, and no network used.",
		Flags: append([]cli.Flag{
			outputFlag("write to `FILE`, which readers see whole or not at all"),
			watchFlag(),
			&cli.BoolFlag{Name: "list",
				Usage: "of ansible: all machines, as Ansible asks for them; it is so without, too"},
			&cli.StringFlag{Name: "host", Usage: "of ansible: the variables of `MACHINE` alone"},
			&cli.IntFlag{Name: "port", Usage: "of prometheus: the `PORT` of all targets",
				DefaultText: "the setting port of the membership, or that of ssh"},
		}, selectFlags("on", "instance", "service", "role")...),
		Action: remembered(exportAction),
	}
}

func exportAction(c *cli.Context) error {
	write, err := exportFormat(c)
	if err != nil {
		return err
	}
	out, err := outputOf(c)
	if err != nil {
		return err
	}
	if c.Bool("watch") && out == "" {
		return usageError{"--watch writes again and again, and standard output is no place for that",
			"give --output FILE"}
	}
	query, err := queryOf(c)
	if err != nil {
		return err
	}
	names := c.Args().Tail()
	if c.IsSet("host") {
		names = append(names, c.String("host"))
	}
	text := func(w io.Writer, inv *instance.Inventory) ([]string, error) {
		fleet, err := export.New(inv, names, query)
		if err != nil {
			return nil, err
		}
		fleet.Port = c.Int("port")
		return write(fleet, w)
	}
	show := answer(func(inv *instance.Inventory) (told, error) {
		var b bytes.Buffer
		left, err := text(&b, inv)
		if err != nil {
			return told{}, err
		}
		sayNoExports(c, inv)
		err = out.write(c, func(w io.Writer) error { _, err := b.WriteTo(w); return err })
		if err == nil {
			sayLeftOut(c, left)
		}
		return told{inv.Findings, inv.Findings}, err
	})
	want := instance.Config{Need: instance.NeedExports | instance.NeedSettings}
	return watched{want: want, show: show.shown(c, want),
		text: func(w io.Writer, inv *instance.Inventory) error { _, err := text(w, inv); return err }}.run(c)
}

// sayLeftOut says what an export leaves out, and why.
func sayLeftOut(c *cli.Context, left []string) {
	for i, what := range left {
		if rest := len(left) - i; stderr(c).terminal != nil && i == leftOutLines && rest > 1 {
			say(c, "left out: %d more; clanctl reach says by what machines are reached", rest)
			return
		}
		say(c, "left out: %s", term.EscapeLine(what))
	}
}

// leftOutLines is how many things that an export leaves out are said on a terminal, where they would push out the rest.
const leftOutLines = 5

// exportFormat is the format that a command line names.
func exportFormat(c *cli.Context) (export.Write, error) {
	formats := slices.Sorted(maps.Keys(export.Formats))
	name := c.Args().First()
	write := export.Formats[name]
	if write == nil {
		hint := "it is one of " + strings.Join(formats, ", ")
		if name == "" {
			return nil, usageError{"export needs a format", hint}
		}
		return nil, usageError{fmt.Sprintf("there is no format %q", name),
			nearest.Hint(nearest.Of(name, formats), nil, "", hint)}
	}
	for flag, of := range map[string]string{"list": "ansible", "host": "ansible", "port": "prometheus"} {
		if c.IsSet(flag) && name != of {
			return nil, usagef("--%s goes with %s", flag, of)
		}
	}
	if port := c.Int("port"); port < 0 || port > 65535 {
		return nil, usagef("--port: there is no port %d", port)
	}
	if c.IsSet("host") {
		if c.IsSet("list") || c.NArg() > 1 {
			return nil, usagef("--host is about one machine")
		}
		return export.AnsibleHost, nil
	}
	return write, nil
}
