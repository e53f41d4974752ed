package instance

import (
	"bytes"
	"context"
	_ "embed" // the reader
	"encoding/json"
	"errors"
	"fmt"

	"github.com/clanctl/clanctl/pkg/nixeval"
)

//go:embed reader.nix
var readerSource string

//go:embed services.nix
var servicesSource string

//go:embed stand-in.nix
var standInSource string

//go:embed written.nix
var writtenSource string

// reader is the function in reader.nix.
var reader = nixeval.Function{
	Name: "reader.nix", Source: readerSource,
	Beside: map[string]string{"services.nix": servicesSource, "stand-in.nix": standInSource, "written.nix": writtenSource},
}

// readerSchema is the schema number that reader.nix must answer with.
const readerSchema = 1

// query is one question to reader.nix; see there for the meaning of each field.
type query struct {
	Schema int        `json:"schema"`
	Select [][]string `json:"select"`
	// Instances and Inputs are left out if nil.
	Instances []string `json:"instances,omitempty"`
	Inputs    []string `json:"inputs,omitempty"`

	// Named, ByInstance and Distinct are for the parts of services.nix.
	Named      []string `json:"named,omitempty"`
	ByInstance bool     `json:"byInstance,omitempty"`
	Distinct   bool     `json:"distinct,omitempty"`

	// Dir is the flake's directory below the top of its source tree.
	Dir string `json:"dir,omitempty"`
	// Setting is for the part "setting".
	Setting *SettingRef `json:"setting,omitempty"`

	// Origins is that of every query of a load; ask sets it.
	Origins bool `json:"origins,omitempty"`

	Outline bool `json:"outline,omitempty"`
	Strict  bool `json:"strict,omitempty"`
	Blind   bool `json:"blind,omitempty"`
	Raw     bool `json:"raw,omitempty"`
}

// mode is how a query asks, without what it asks for.
func (q query) mode() query { q.Select = nil; return q }

// asker puts queries to one flake, a bounded number at a time.
type asker struct {
	evaluator *nixeval.Evaluator
	flake     string
	dir       string // of the flake, below the top of its tree
	slots     chan struct{}
	origins   bool
}

func newAsker(evaluator *nixeval.Evaluator, flake string, jobs int) *asker {
	return &asker{evaluator: evaluator, flake: flake, slots: make(chan struct{}, jobs)}
}

// ask runs one Nix process and returns one tree for each selected path.
func (a *asker) ask(ctx context.Context, q query) ([]any, *nixeval.Result, error) {
	select {
	case a.slots <- struct{}{}:
		defer func() { <-a.slots }()
	case <-ctx.Done(): // Apply says so
	}
	q.Schema, q.Dir, q.Origins = readerSchema, a.dir, a.origins
	result, err := a.evaluator.Apply(ctx, a.flake, reader, q)
	if err != nil {
		return nil, nil, err
	}
	values, err := parseAnswer(result.Value, len(q.Select))
	return values, result, err
}

// parseAnswer checks the schema of an answer and returns its trees: maps, slices, strings, bools, nil and json.Number.
func parseAnswer(data []byte, want int) ([]any, error) {
	var answer struct {
		Schema int   `json:"schema"`
		Values []any `json:"values"`
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	if err := dec.Decode(&answer); err != nil {
		return nil, fmt.Errorf("the reader's answer: %w", err)
	}
	if answer.Schema != readerSchema {
		return nil, fmt.Errorf("the reader answered in schema %d, this program reads %d", answer.Schema, readerSchema)
	}
	if len(answer.Values) != want {
		return nil, fmt.Errorf("the reader answered with %d values to %d questions", len(answer.Values), want)
	}
	if bytes.Contains(data, []byte(`"pairs"`)) {
		for i, value := range answer.Values {
			answer.Values[i] = unpair(value)
		}
	}
	return answer.Values, nil
}

// isolates reports whether an error is of the flake's making, so that smaller questions may have answers.
func isolates(err error) bool {
	return errors.Is(err, nixeval.ErrEvaluation) || errors.Is(err, nixeval.ErrCrashed) || errors.Is(err, nixeval.ErrTooLarge)
}
