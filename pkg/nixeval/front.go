package nixeval

import (
	"context"
	_ "embed" // the Nix half
	"encoding/json"
	"fmt"
	"strings"

	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/internal/question"
)

//go:embed eval.nix
var evalSource string

// Eval evaluates what is at a path and decodes it, as JSON, into a T. What Nix prints as JSON is what you get: a
// derivation is the path of its output, a function an error.
//
// src is a flake reference as Nix's own command line takes it, with or without an output after "#", below which the
// path goes on; or a [Ref] of [ResolveRef], [File] or [Expr]. Where there is no such attribute the error is
// [ErrMissing].
//
// With an [Evaluator] it is asked in another way than the zero one would: at most one is given.
func Eval[T any, S ~string | Ref](ctx context.Context, src S, attr Path, with ...Evaluator) (value T, err error) {
	e := evaluator(with)
	ref, at, err := source(e, src)
	if err != nil {
		return value, err
	}
	q := lookup{Path: at.to(attr), Names: attr.names, System: e.systemFor(at)}
	return find[T](ctx, e, ref, q, "")
}

// Apply applies a Nix function to what a reference names (a flake's outputs and its inputs, or, after "#", one output)
// and, unless args is nil, to args, any value that JSON can express, and decodes the result as [Eval] does:
//
//	nixeval.Apply[string](ctx, ".", "flake: { host }: flake.nixosConfigurations.${host}.config.system.stateVersion", args)
//	nixeval.Apply[[]string](ctx, ".#packages", "builtins.attrNames", nil)
//
// Nothing needs to be put into the text of fn: values go into args. A set that fn makes with an outPath in it stays a
// set; a derivation is its path. To apply fn to one output, and have [ErrMissing] where there is none, name it: ref +
// "#" + Attr(...).String().
func Apply[T any, S ~string | Ref](ctx context.Context, src S, fn string, args any, with ...Evaluator) (value T,
	err error) {
	e := evaluator(with)
	ref, at, err := source(e, src)
	if err != nil {
		return value, err
	}
	q := lookup{Path: at.to(Path{}), System: e.systemFor(at), Apply: true}
	if args != nil {
		if q.Args, err = json.Marshal(args); err != nil {
			return value, fmt.Errorf("nixeval: arguments: %w", err)
		}
	}
	return find[T](ctx, e, ref, q, fn)
}

// evaluator is the one that was given, or the zero one.
func evaluator(with []Evaluator) *Evaluator {
	if len(with) == 0 {
		return &Evaluator{}
	}
	return &with[len(with)-1]
}

// systemFor is the system of an output that is named without one.
func (e *Evaluator) systemFor(output Path) string {
	if len(output.Segments) == 0 {
		return ""
	}
	return e.System
}

// lookup is what eval.nix is asked. Path is never nil, which is null in JSON.
type lookup struct {
	Path   []string        `json:"path"`
	Names  bool            `json:"names,omitempty"`
	System string          `json:"system,omitempty"`
	Apply  bool            `json:"apply,omitempty"`
	Args   json.RawMessage `json:"args,omitempty"`
	Each   []lookup        `json:"each,omitempty"`
}

// found is what eval.nix says of one path.
type found struct {
	JSON    *string  `json:"json"`
	Missing *int     `json:"missing"`
	Names   []string `json:"names"`
	Kind    string   `json:"kind"`
}

// functionName is the name of a function's file, beside eval.nix.
const functionName = "function.nix"

// find puts a question that has one result; fn is the function to apply, if there is one.
func find[T any](ctx context.Context, e *Evaluator, ref Ref, q lookup, fn string) (value T, err error) {
	f, sources, err := e.find(ctx, ref, q, fn)
	if err != nil {
		return value, err
	}
	return decodeFound[T](ref, q, f, sources)
}

func (e *Evaluator) find(ctx context.Context, ref Ref, q lookup, fn string) (f found, sources Sources, err error) {
	if e.Answer != nil {
		value, err := e.answer(ctx, ref,
			question.Question{Path: q.Path, Names: q.Names, System: q.System, Function: fn, Args: q.Args})
		text := string(value)
		return found{JSON: &text}, sources, err
	}
	function := Function{Name: "eval.nix", Source: evalSource}
	if fn != "" {
		function.Beside = map[string]string{functionName: fn}
	}
	result, err := e.ask(ctx, ref, function, q, nil)
	if err != nil {
		return f, sources, err
	}
	return f, result.Sources, json.Unmarshal(result.Value, &f)
}

// answer puts a question to [Evaluator.Answer].
func (e *Evaluator) answer(ctx context.Context, ref Ref, q question.Question) (json.RawMessage, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	switch ref.kind {
	case fileSource:
		q.File, q.With = ref.Text, json.RawMessage(ref.args)
	case exprSource:
		q.Expr, q.With = ref.expr, json.RawMessage(ref.args)
	default:
		q.Flake = ref.Text
	}
	text, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	return e.Answer(ctx, text)
}

func decodeFound[T any](ref Ref, q lookup, f found, sources Sources) (value T, err error) {
	where := nixlang.PathString(q.Path)
	switch {
	case f.JSON != nil:
		if err := json.Unmarshal([]byte(*f.JSON), &value); err != nil {
			return *new(T), fmt.Errorf("decode %s of %s: %w", orWhole(where), ref.Text, err)
		}
		return value, nil
	case f.Missing != nil && *f.Missing < len(q.Path):
		missing := q.Path[*f.Missing]
		failed := &Error{Kind: ErrMissing, Sources: sources,
			Message: fmt.Sprintf("%s has no attribute %s", ref.Text, nixlang.PathString(q.Path[:*f.Missing+1]))}
		if near := nearest.Of(missing, f.Names); len(near) > 0 {
			failed.Hint = "did you mean " + strings.Join(near, ", ") + "?"
		}
		return value, failed
	default:
		return value, &Error{Kind: ErrEvaluation, Sources: sources,
			Message: fmt.Sprintf("%s of %s is of type %s: it has no attributes", orWhole(where), ref.Text, f.Kind)}
	}
}

func orWhole(path string) string {
	if path == "" {
		return "the value"
	}
	return path
}
