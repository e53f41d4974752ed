package cli

import (
	"fmt"
	"io"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/internal/textview"
	"github.com/clanctl/clanctl/pkg/diff"
	"github.com/clanctl/clanctl/pkg/instance"
)

// affectedOutput prints the machines that a difference touches: as names, as a document, or as the matrix of a
// workflow.
type affectedOutput struct {
	c      *cli.Context
	json   *jsonOutput // nil for names
	matrix bool
}

// newAffectedOutput reads the flags; nil where the machines are not all that is asked for.
func newAffectedOutput(c *cli.Context, format string, json *jsonOutput) (*affectedOutput, error) {
	if !c.Bool("affected") {
		for _, name := range []string{"order", "keep-going"} {
			if c.Bool(name) {
				return nil, usagef("--%s goes with --affected", name)
			}
		}
		if format == "matrix" {
			return nil, usageError{"the format matrix is of machines only", "clanctl diff --affected --format matrix"}
		}
		return nil, nil
	}
	out := &affectedOutput{c: c, matrix: format == "matrix"}
	switch {
	case format == "markdown" || format == "text" && c.IsSet("format"):
		return nil,
			usageError{fmt.Sprintf("--affected does not go with --format %s", format),
				"it prints names, JSON (--json), or a matrix (--format matrix)"}
	case format == "json":
		out.json = json
	}
	if c.Bool("null") && (out.matrix || out.json != nil && !c.IsSet("jq")) {
		return nil, usagef("--null goes with names, or with --jq")
	}
	return out, nil
}

// affectedDocument is what --affected --json prints. Fields are in the order of their JSON names.
type affectedDocument struct {
	Affected      []affectedMachine `json:"affected"`
	SchemaVersion int               `json:"schemaVersion"`
}

type affectedMachine struct {
	diff.Affected
	// Wave is there with --order.
	Wave *int `json:"wave,omitempty"`
}

// matrix is what a workflow of GitHub or Forgejo makes jobs of.
type matrix struct {
	Include []matrixJob `json:"include"`
}

type matrixJob struct {
	// Attribute is where the flake has the machine's system; Class tells which kind it is.
	Attribute string `json:"attribute"`
	Class     string `json:"class"`
	Kind      string `json:"kind"`
	Machine   string `json:"machine"`
	Wave      *int   `json:"wave,omitempty"`
}

// mostJobs is how many jobs GitHub makes of a matrix.
const mostJobs = 256

// print prints the machines of a difference; the inventory is the new clan's.
func (o *affectedOutput) print(d *diff.Difference, inv *instance.Inventory) error {
	machines := o.ordered(d, inv)
	switch {
	case o.matrix:
		return o.printMatrix(machines, inv)
	case o.json != nil:
		return o.json.print(affectedDocument{machines, d.SchemaVersion})
	}
	names := make([]string, len(machines))
	for i, m := range machines {
		names[i] = m.Machine
	}
	return printNames(o.c, names)
}

// ordered are the machines by name, or with --order as they are to be deployed.
func (o *affectedOutput) ordered(d *diff.Difference, inv *instance.Inventory) []affectedMachine {
	machines := []affectedMachine{}
	at := map[string]diff.Affected{}
	var names []string
	for _, a := range d.Affected {
		machines, names = append(machines, affectedMachine{Affected: a}), append(names, a.Machine)
		at[a.Machine] = a
	}
	if !o.c.Bool("order") || inv == nil {
		return machines
	}
	waves := diff.Order(inv, names)
	machines = machines[:0]
	for wave, names := range waves {
		for _, name := range names {
			machines = append(machines, affectedMachine{at[name], &wave})
		}
	}
	switch {
	case len(machines) < 2:
	case len(waves[0]) > 0:
		say(o.c, "the canary is %s: of the machines here that serve no other, it is in the fewest roles", waves[0][0])
	default:
		say(o.c, "there is no canary: each of these machines serves another")
	}
	return machines
}

func (o *affectedOutput) printMatrix(machines []affectedMachine, inv *instance.Inventory) error {
	jobs := matrix{Include: []matrixJob{}}
	for _, m := range machines {
		job := matrixJob{Class: "nixos", Kind: m.Kind, Machine: m.Machine, Wave: m.Wave}
		if inv != nil && inv.Machines[m.Machine] != nil {
			job.Class = inv.Machines[m.Machine].Class
		}
		job.Attribute = nixlang.PathString([]string{job.Class + "Configurations", m.Machine, "config", "system",
			"build", "toplevel"})
		jobs.Include = append(jobs.Include, job)
	}
	if len(jobs.Include) > mostJobs {
		say(o.c, "%d machines: GitHub makes at most %d jobs of a matrix", len(jobs.Include), mostJobs)
	}
	_, err := io.WriteString(stdout(o.c), textview.CompactJSON(jobs)+"\n")
	return err
}
