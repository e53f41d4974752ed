package cli

import (
	"bytes"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/pkg/instance"
)

// viewFlags say how the answer to a question is printed.
func viewFlags(names string) []cli.Flag {
	return append(jsonFlags("print JSON"),
		&cli.BoolFlag{Name: "names", Usage: "print only the names of the " + names + ", one per line"},
		colorFlag(),
	)
}

// viewOutput prints the answer to a question: as text for people, as JSON, or as bare names.
type viewOutput struct {
	c     *cli.Context
	text  bytes.Buffer // written by flush
	json  *jsonOutput  // nil for text
	names bool
	width int // zero: as wide as it gets
	color bool
	paint painter
	// What is in a table: see [tableFlags].
	wide    bool
	columns []string
	sortBy  string
	asTable bool // also where there are names
	// inv is what is shown; set once it is loaded.
	inv *instance.Inventory
}

func newViewOutput(c *cli.Context) (*viewOutput, error) {
	out := &viewOutput{c: c, names: c.Bool("names"), width: stdout(c).width()}
	json, err := newJSONOutput(c)
	if err != nil {
		return nil, err
	}
	if asksJSON(c) {
		out.json = json
	}
	if out.names && out.json != nil {
		return nil, usagef("--names does not go with --json and --jq")
	}
	out.color, out.paint = stdout(c).color(c), stdout(c).painter(c)
	return out, nil
}

// printTable prints a table. Without rows it tells people so, but not programs that read the output.
func (o *viewOutput) printTable(t *table, none string) error {
	if len(t.Rows) == 0 {
		if none != "" {
			say(o.c, "%s", none)
		}
		return nil
	}
	if o.wide || o.width == 0 { // a program may read it
		t.Print(&o.text, 0, o.paint)
	} else {
		t.PrintShared(&o.text, o.width, o.paint)
	}
	return o.flush()
}

func (o *viewOutput) flush() error {
	_, err := o.text.WriteTo(stdout(o.c))
	return err
}

// findings ends a text with what is wrong.
func (o *viewOutput) findings(findings []instance.Finding) {
	if len(findings) > 0 {
		fmt.Fprintln(&o.text)
		stdout(o.c).printFindings(o.c, &o.text, sourceOf(o.c), findings)
	}
}

// detailed reports whether the answer is text about single things, which says what is wrong with each.
func (o *viewOutput) detailed(names []string) bool {
	return o.json == nil && !o.names && len(names) > 0
}
