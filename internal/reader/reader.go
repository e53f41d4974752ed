// Package reader asks Nix about a clan: the Nix files in nix/ and their typed answers, with each part that
// does not evaluate marked and explained. What the facts mean is for package instance to say.
package reader

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/sync/errgroup"

	"github.com/clanctl/clanctl/internal/filetree"
	"github.com/clanctl/clanctl/internal/hint"
	"github.com/clanctl/clanctl/internal/sourcetree"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

//go:embed nix/*.nix
var nixFiles embed.FS

// function is the one in nix/reader.nix, with the files that it imports.
var function = sync.OnceValue(func() nixeval.Function {
	f := nixeval.Function{Name: "reader.nix", Beside: map[string]string{}}
	entries, _ := nixFiles.ReadDir("nix")
	for _, entry := range entries {
		text, _ := nixFiles.ReadFile("nix/" + entry.Name())
		if entry.Name() == f.Name {
			f.Source = string(text)
		} else {
			f.Beside[entry.Name()] = string(text)
		}
	}
	return f
})

// schema is the number that nix/reader.nix must answer with.
const schema = 2

// Query says how to ask; see nix/reader.nix for the meaning of each field.
type Query struct {
	Instances  []string    `json:"instances,omitempty"`
	DeferLines bool        `json:"deferLines,omitempty"`
	Origins    bool        `json:"origins,omitempty"`
	Places     bool        `json:"places,omitempty"`
	Checks     bool        `json:"checks,omitempty"`
	Exports    bool        `json:"exports,omitempty"`
	Setting    *SettingRef `json:"setting,omitempty"`
	Inputs     []string    `json:"inputs,omitempty"`
	AllInputs  bool        `json:"allInputs,omitempty"`
	Modules    bool        `json:"modules,omitempty"`
	Interfaces bool        `json:"interfaces,omitempty"`
	Written    bool        `json:"written,omitempty"`
	Named      []string    `json:"named,omitempty"`
	ByInstance bool        `json:"byInstance,omitempty"`
	// Moved are the inputs that are overridden or updated.
	Moved []string `json:"moved,omitempty"`
	// MovedBelow are the inputs of inputs that are, each as the names that lead to it.
	MovedBelow [][]string `json:"movedBelow,omitempty"`
}

// SettingRef names one setting of one member.
type SettingRef struct {
	Instance string   `json:"instance"`
	Role     string   `json:"role"`
	Machine  string   `json:"machine"`
	Path     []string `json:"path"`
}

// question is what goes to Nix.
type question struct {
	Query
	Schema int        `json:"schema"`
	Select [][]string `json:"select"`
	Dir    string     `json:"dir,omitempty"`
	Omit   [][]string `json:"omit,omitempty"`
	// Isolate: each part puts its path into the trace of an error that passes through it. Announce: into the
	// log instead.
	Isolate  bool `json:"isolate,omitempty"`
	Announce bool `json:"announce,omitempty"`
	Strict   bool `json:"strict,omitempty"`
}

// Want is a part of the facts, and where its value goes.
type Want struct {
	Path []string
	Into any
}

// Reader puts questions to one flake, in one state of its files. It is for one load, and safe for concurrent use.
type Reader struct {
	evaluator *nixeval.Evaluator
	ref       nixeval.Ref
	slots     chan struct{}

	// Progress, if set, is called with the number of parts that are left out, and of those left to explain.
	Progress func(leftOut, left int)

	mutex sync.Mutex
	// left are the parts to explain.
	left int
	// culprits are the parts that kill a process, and omitted are their paths.
	culprits []error
	omitted  [][]string
	// trees are those of all answers, see [sourcetree.Known.Trees].
	trees  map[string]string
	events []nixeval.Event
	// LocalInputs are those of the last answer, see [sourcetree.Known].
	LocalInputs []filetree.Source
	// Sources maps the store paths in the first answer that knew any.
	Sources nixeval.Sources
}

// New makes a reader that runs at most so many Nix processes at once.
func New(evaluator *nixeval.Evaluator, ref nixeval.Ref) *Reader {
	return &Reader{evaluator: evaluator, ref: ref, slots: make(chan struct{}, evaluator.Jobs),
		trees: map[string]string{}}
}

// ErrChanged: the files of the flake, or of an input in a directory beside it, changed between two answers,
// which so belong to different states of it.
var ErrChanged error = &hint.Error{Text: "the flake's files changed while they were read",
	Advice: "run it again when nothing writes to the flake"}

// Events are the warnings and traces of all answers, in order.
func (r *Reader) Events() []nixeval.Event { return r.events }

// once runs one Nix process.
func (r *Reader) once(ctx context.Context, q question) (*nixeval.Result[json.RawMessage], error) {
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done(): // Apply says so
	}
	q.Schema, q.Dir = schema, sourcetree.Subdirectory(r.ref.URL)
	result, err := r.evaluator.Apply(ctx, r.ref, function(), q)
	r.mutex.Lock()
	defer r.mutex.Unlock()
	var source nixeval.Sources
	if err == nil {
		source = result.Sources
		r.LocalInputs = sourcetree.Of(&source).LocalInputs
	} else if nixErr, is := errors.AsType[*nixeval.Error](err); is {
		source = nixErr.Sources
	}
	if sourcetree.Of(&r.Sources).Store == "" {
		r.Sources = source
	}
	for input, store := range sourcetree.Of(&source).Trees {
		if was, known := r.trees[input]; known && was != store {
			return nil, ErrChanged
		}
		r.trees[input] = store
	}
	return result, err
}

// Ask gets some parts of the facts, and stores them where the wants say. Those that evaluate are had in one
// Nix process; each that kills it takes about one more, and has a [Failure] of the kind Omitted. The error is
// one that leaves no answer: the flake itself does not evaluate, or no Nix could be run.
func (r *Reader) Ask(ctx context.Context, q Query, wants ...Want) error {
	ask := question{Query: q, Omit: r.omitted}
	for _, want := range wants {
		ask.Select = append(ask.Select, want.Path)
	}
	for {
		result, err := r.once(ctx, ask)
		if err == nil {
			r.mutex.Lock()
			r.events = append(r.events, result.Events...)
			r.mutex.Unlock()
			return Decode(result.Value, wants)
		}
		if !isolates(err) || len(r.culprits) == mostCulprits {
			return err
		}
		if !ask.Isolate {
			ask.Isolate = true
			continue
		}
		path := r.blamed(err)
		if path == nil && !ask.Announce && !wasFetching(err) {
			ask.Announce = true // a stack overflow leaves no trace
			continue
		}
		if path == nil || len(path) == 1 && path[0] == "flake" {
			return err
		}
		r.mutex.Lock()
		r.omitted, r.culprits = append(r.omitted, path), append(r.culprits, err)
		r.mutex.Unlock()
		r.remain(0)
		ask.Omit = r.omitted
	}
}

// mostCulprits bounds how often a question is asked again.
const mostCulprits = 200

// Decode stores the parts of an answer where the wants say, which are those that were asked for.
func Decode(data []byte, wants []Want) error {
	answer := struct {
		Schema int     `json:"schema"`
		Values targets `json:"values"`
	}{}
	for _, want := range wants {
		answer.Values = append(answer.Values, want.Into)
	}
	// Nix 2.8 passes on bytes that are no UTF-8.
	if err := jsonv2.Unmarshal(data, &answer, jsontext.AllowInvalidUTF8(true)); err != nil {
		return fmt.Errorf("decode the reader's answer: %w", err)
	}
	if answer.Schema != schema {
		return fmt.Errorf("the reader answered in schema %d, this program reads %d", answer.Schema, schema)
	}
	return nil
}

// Explain fills in what Nix says of some failures: one process for each that tryEval caught.
func (r *Reader) Explain(ctx context.Context, q Query, failures []*Failure) error {
	var g errgroup.Group
	probes := 0
	for _, f := range failures {
		switch {
		case f.Err != nil:
		case f.Kind == Omitted:
			f.Err = r.culprits[f.At]
		case f.Kind == Missing:
			f.Err = fmt.Errorf("the file %s does not exist", f.File)
		case f.Kind == Throws && probes == MostProbes:
			f.Err = ErrUnexplained
		case f.Kind == Throws:
			probes++
			r.remain(1)
			g.Go(func() error {
				defer r.remain(-1)
				_, err := r.once(ctx, question{Query: q, Omit: r.omitted, Select: [][]string{f.Path}, Strict: true})
				if err != nil && !isolates(err) {
					return err
				}
				f.Err = err
				return nil
			})
		}
	}
	return g.Wait()
}

// remain tells that there is so much more to explain than before.
func (r *Reader) remain(more int) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.left += more
	if r.Progress != nil {
		r.Progress(len(r.omitted), r.left)
	}
}

// MostProbes bounds how many processes are started for messages alone: a flake can hold any number of parts that throw.
const MostProbes = 100

// ErrUnexplained: so many parts of the clan do not evaluate that Nix was not asked about this one.
var ErrUnexplained = fmt.Errorf("does not evaluate; more than %d parts of this clan do not, and Nix's message for this one was left out",
	MostProbes)

// blamed is the innermost part that an error came through and that is not left out already; nil if there is none.
func (r *Reader) blamed(err error) []string {
	if nixErr, is := errors.AsType[*nixeval.Error](err); is {
		for _, part := range nixErr.Parts {
			if !slices.ContainsFunc(r.omitted, func(o []string) bool { return slices.Equal(o, part) }) {
				return part
			}
		}
	}
	return nil
}

// wasFetching reports whether Nix could not get something, which takes it long to find out.
func wasFetching(err error) bool {
	nixErr, is := errors.AsType[*nixeval.Error](err)
	return is && (nixErr.Reason == "fetch" || nixErr.Reason == "offline")
}

// isolates reports whether an error is of the flake's making, so that smaller questions may have answers.
func isolates(err error) bool {
	nixErr, is := errors.AsType[*nixeval.Error](err)
	return errors.Is(err, nixeval.ErrEvaluation) ||
		errors.Is(err, nixeval.ErrCrashed) && is && nixErr.Reason != "invalid-output"
}
