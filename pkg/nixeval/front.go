package nixeval

import (
	"context"
	_ "embed" // the Nix half
	"encoding/json"
	"fmt"
	"strings"

	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/internal/nixlang"
)

//go:embed eval.nix
var evalSource string

// Eval evaluates what is at a path and decodes it, as JSON, into a T. What Nix prints as JSON is what you get: a derivation is the path
// of its output, a function an error.
//
// src is a flake reference as Nix's own command line takes it, with or without an output after "#", below which the path goes on;
// or a [Ref] of [ResolveRef], [File] or [Expr]. Where there is no such attribute the error is [ErrMissing].
//
// With an [Evaluator] it is asked in another way than the zero one would: at most one is given.
func Eval[T any, S ~string | Ref](ctx context.Context, src S, attr Path, with ...Evaluator) (T, error) {
	e := evaluator(with)
	ref, at, err := source(e, src)
	if err != nil {
		return zero[T](), err
	}
	q := lookup{Path: append(at.Segments, attr.Segments...), Names: attr.names}
	result, err := e.ask(ctx, ref, Function{Name: "eval.nix", Source: evalSource}, q, nil)
	return decodeAnswer[T](ref, q, result, err)
}

// Apply applies a Nix function to what a reference names (a flake's outputs and its inputs, or, after "#", one output) and to
// args, which any value is that JSON can express, and decodes the result as [Eval] does:
//
//	nixeval.Apply[string](ctx, ".", "flake: { host }: flake.nixosConfigurations.${host}.config.system.stateVersion", args)
//
// Nothing needs to be put into the text of fn: values go into args.
func Apply[T any, S ~string | Ref](ctx context.Context, src S, fn string, args any, with ...Evaluator) (T, error) {
	e := evaluator(with)
	ref, at, err := source(e, src)
	if err != nil {
		return zero[T](), err
	}
	text, err := json.Marshal(args)
	if err != nil {
		return zero[T](), fmt.Errorf("nixeval: arguments: %w", err)
	}
	q := lookup{Path: at.Segments, Args: text}
	function := Function{Name: "eval.nix", Source: evalSource, Beside: map[string]string{"function.nix": fn}}
	result, err := e.ask(ctx, ref, function, q, nil)
	return decodeAnswer[T](ref, q, result, err)
}

// evaluator is the one that was given, or the zero one.
func evaluator(with []Evaluator) *Evaluator {
	if len(with) == 0 {
		return &Evaluator{}
	}
	return &with[len(with)-1]
}

func zero[T any]() (none T) { return none }

// lookup is what eval.nix is asked.
type lookup struct {
	Path  []string        `json:"path"`
	Names bool            `json:"names,omitempty"`
	Args  json.RawMessage `json:"args,omitempty"`
	Each  []lookup        `json:"each,omitempty"`
}

// MarshalJSON writes a list where there is no path: null is none to Nix.
func (q lookup) MarshalJSON() ([]byte, error) {
	type plain lookup
	if q.Path == nil {
		q.Path = []string{}
	}
	return json.Marshal(plain(q))
}

// found is what eval.nix says of one path.
type found struct {
	JSON    *string  `json:"json"`
	Missing *int     `json:"missing"`
	Names   []string `json:"names"`
	Kind    string   `json:"kind"`
}

// decodeAnswer decodes the only result of a question.
func decodeAnswer[T any](ref Ref, q lookup, result *Result[json.RawMessage], err error) (T, error) {
	if err != nil {
		return zero[T](), err
	}
	var f found
	if err := json.Unmarshal(result.Value, &f); err != nil {
		return zero[T](), fmt.Errorf("nixeval: %w", err)
	}
	return decodeFound[T](ref, q, f, result.Sources)
}

func decodeFound[T any](ref Ref, q lookup, f found, sources Sources) (value T, err error) {
	where := nixlang.PathString(q.Path)
	switch {
	case f.JSON != nil:
		if err := json.Unmarshal([]byte(*f.JSON), &value); err != nil {
			return zero[T](), fmt.Errorf("decode %s of %s: %w", orWhole(where), ref.Text, err)
		}
		return value, nil
	case f.Missing != nil && *f.Missing < len(q.Path):
		missing := q.Path[*f.Missing]
		failed := &Error{Kind: ErrMissing, Sources: sources,
			Message: fmt.Sprintf("%s has no attribute %s", ref.Text, nixlang.PathString(q.Path[:*f.Missing+1]))}
		if near := nearest.Of(missing, f.Names); len(near) > 0 {
			failed.Hint = "did you mean " + strings.Join(near, ", ") + "?"
		}
		return zero[T](), failed
	default:
		return zero[T](), &Error{Kind: ErrEvaluation, Sources: sources,
			Message: fmt.Sprintf("%s of %s is a %s, which has no names of attributes", orWhole(where), ref.Text, f.Kind)}
	}
}

func orWhole(path string) string {
	if path == "" {
		return "the value"
	}
	return path
}
