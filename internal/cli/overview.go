package cli

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/hint"
	"github.com/clanctl/clanctl/internal/natural"
	"github.com/clanctl/clanctl/internal/shell"
	"github.com/clanctl/clanctl/internal/textview"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

func overviewCommand() *cli.Command {
	return &cli.Command{
		Name:  "overview",
		Usage: "summarize the clan: what it has, what is wrong with it, and what to ask next",
		Description: "The same as clanctl without arguments, on a terminal, in a clan.\n\n" +
			"Exit codes: 0 shown, 1 the clan could not be loaded, 2 usage, 3 partial: parts could not be evaluated, 130 interrupted.",
		Flags: append(jsonFlags("print JSON"), colorFlag()),
		Action: remembered(func(c *cli.Context) error {
			if err := wants(c, 0, 0, "clanctl overview"); err != nil {
				return err
			}
			out, err := newJSONOutput(c)
			if err != nil {
				return err
			}
			want, err := wantedFindings(c)
			if err != nil {
				return err
			}
			return answer(func(inv *instance.Inventory) (told, error) {
				r, err := newReport(c, inv, want)
				if err != nil {
					return told{}, err
				}
				if asksJSON(c) {
					err = out.print(overviewDocument{Findings: r.Counts, Instances: natural.Keys(inv.Instances),
						Machines: natural.Keys(inv.Machines), Name: clanName(inv), Tags: natural.Keys(inv.Tags)})
				} else {
					o := &overview{inv: inv, report: r, paint: stdout(c).painter(c), width: stdout(c).width()}
					o.write()
					_, err = o.WriteTo(stdout(c))
				}
				return told{all: inv.Findings}, err
			}).ask(c, instance.Config{Need: instance.NeedChecks})
		}),
	}
}

// inClan is the error where there is no flake around the working directory, nor one that the environment names.
func inClan() error {
	at := os.Getenv(clanDir)
	_, err := nixeval.ResolveRef(at)
	if err != nil && at == "" {
		return hint.With(err, "run it in a clan's checkout, or name one: clanctl overview --flake REF, or CLAN_DIR=REF")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", clanDir, err)
	}
	return nil
}

// overviewDocument is the overview for programs. Its fields are in the order of their JSON names.
type overviewDocument struct {
	Findings  counts   `json:"findings"`
	Instances []string `json:"instances"`
	Machines  []string `json:"machines"`
	Name      string   `json:"name"`
	Tags      []string `json:"tags"`
}

// clanName is the clan's own name; empty if it has none.
func clanName(inv *instance.Inventory) string {
	name, _ := inv.Meta["name"].(string)
	return name
}

// overview is what to know of a clan before all else.
type overview struct {
	bytes.Buffer
	inv    *instance.Inventory
	report *report
	paint  painter
	width  int
}

func (o *overview) write() {
	machines, instances := natural.Keys(o.inv.Machines), natural.Keys(o.inv.Instances)
	fmt.Fprintf(o, "%s: %s\n\n", o.paint(bold, flat(cmp.Or(clanName(o.inv), "the clan"))),
		textview.Counted(len(machines), "machine", len(instances), "instance", len(o.inv.Tags), "tag"))
	o.row("machines", newCell(machines...))
	o.row("instances", newCell(instances...))
	o.row("tags", newCell(codes.OwnTagsFirst(natural.Keys(o.inv.Tags))...))
	counts := o.report.Counts
	o.row("findings", newCell(cmp.Or(textview.Counted(counts.Errors, "error", counts.Warnings, "warning"), "none")))
	fmt.Fprintf(o, "\n%s\n", o.paint(bold, "To see more"))
	o.suggest(machines, instances)
}

// labelRoom is how wide labels are, with the gap behind them.
const labelRoom = 11

// row is a label and as much as there is room for.
func (o *overview) row(label string, c cell) {
	text := strings.Join(c.Texts(), ", ")
	if o.width > 0 {
		text = c.Fit(o.width - labelRoom)
	}
	fmt.Fprintf(o, "%s%s\n", o.paint(dim, fmt.Sprintf("%-*s", labelRoom, label)), text)
}

// suggest lists commands that answer something here.
func (o *overview) suggest(machines, instances []string) {
	var rows []manualItem
	suggest := func(text string, words ...string) {
		rows = append(rows, manualItem{shell.Join(append([]string{"clanctl"}, words...)), text})
	}
	if o.report.Counts.Errors+o.report.Counts.Warnings > 0 {
		suggest("what is wrong, where, and what to do", "check")
	}
	suggest("what runs on each machine", "machines")
	if len(machines) > 0 {
		suggest("all of one machine, with settings, and why", "machines", machines[0])
	}
	if len(instances) > 0 {
		suggest("all of one instance", "instances", instances[0])
	}
	if member := o.aMember(instances); member != nil {
		suggest("where each setting comes from", append([]string{"why"}, member...)...)
	}
	suggest("what changed since the last commit", "diff")
	suggest("everything as a page for a browser", "report", "--open")
	suggest("all commands", "help")
	h := &helpText{paint: o.paint, width: o.width}
	h.list(rows, 2*termWidth)
	o.WriteString(h.String())
}

// aMember is an instance, a role and a machine in it.
func (o *overview) aMember(instances []string) []string {
	for _, name := range instances {
		roles := o.inv.Instances[name].Roles
		for _, role := range natural.Keys(roles) {
			for _, machine := range natural.Keys(roles[role].Machines) {
				return []string{name, role, machine}
			}
		}
	}
	return nil
}
