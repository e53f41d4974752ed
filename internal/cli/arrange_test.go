package cli

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/urfave/cli/v2"
)

// nested is an app whose commands have commands; each says in ran that it ran.
func nested(ran *string) *cli.App {
	says := func(name string) cli.ActionFunc {
		return func(c *cli.Context) error {
			*ran = strings.Join(append([]string{name}, c.Args().Slice()...), " ")
			return nil
		}
	}
	app := &cli.App{Name: "clanctl", Writer: newStream(io.Discard, false), ErrWriter: newStream(io.Discard, false), HideHelpCommand: true, Commands: []*cli.Command{
		{
			Name: "instances", Action: says("instances"), Flags: []cli.Flag{&cli.BoolFlag{Name: "wide"}},
			Subcommands: []*cli.Command{{Name: "create", Action: says("create"),
				Flags: []cli.Flag{&cli.StringFlag{Name: "module"}}}},
		},
		{Name: "gen", Subcommands: []*cli.Command{{Name: "go", Action: says("gen go")}}},
	}}
	for _, command := range app.Commands {
		prepare(app, command, app.Name+" "+command.Name, commonFlags())
	}
	return app
}

func TestArrangeNested(t *testing.T) {
	for _, test := range []struct {
		line, want, ran string
	}{
		{"instances", "instances", "instances"},
		{"instances web --wide", "instances --wide -- web", "instances web"},
		{"instances create web --module x", "instances create --module=x -- web", "create web"},
		{"--module x instances create web", "instances create --module=x -- web", "create web"},
		{"instances --module x create web", "instances create --module=x -- web", "create web"},
		{"instances web create", "instances -- web create", "instances web create"},
		{"instances -- create", "instances -- create", "instances create"},
		{"gen go x", "gen go -- x", "gen go x"},
		{"gen", "gen", ""},
	} {
		var ran string
		app := nested(&ran)
		line, err := arrange(app, strings.Fields("clanctl "+test.line))
		if err != nil {
			t.Errorf("%s: %v", test.line, err)
			continue
		}
		if diff := cmp.Diff("clanctl "+test.want, strings.Join(line.args(), " ")); diff != "" {
			t.Errorf("%s: %s", test.line, diff)
		}
		if err := app.RunContext(context.Background(), line.args()); err != nil || ran != test.ran {
			t.Errorf("%s: ran %q, want %q (%v)", test.line, ran, test.ran, err)
		}
	}
	for line, want := range map[string]string{
		"gen rust":                     `clanctl gen has no command "rust"; see clanctl gen --help`,
		"gen -- go":                    `clanctl gen has no command "go"; see clanctl gen --help`,
		"instanecs":                    `there is no command "instanecs"; did you mean "instances"?`,
		"instances create web --modul": `there is no flag --modul; did you mean --module?`,
		"instances --wide create":      `there is no flag --wide; see clanctl instances create --help`,
		"instances --module x web":     `there is no flag --module; see clanctl instances --help`,
	} {
		_, err := arrange(nested(new(string)), strings.Fields("clanctl "+line))
		var usage usageError
		if !errors.As(err, &usage) || usage.message+"; "+usage.hint != want {
			t.Errorf("%s: %v; %s\nwant %s", line, err, usage.hint, want)
		}
	}
}
