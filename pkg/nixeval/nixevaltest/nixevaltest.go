// Package nixevaltest has evaluators for tests of programs that use package nixeval: they run no Nix.
//
// [Fake] answers from values that the test gives. [Record] answers with a real evaluator and keeps the answers in a
// directory, of readable files to be committed; [Replay] then answers from there, in continuous integration say, where
// there is no Nix.
package nixevaltest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/clanctl/clanctl/internal/question"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

func parse(text json.RawMessage) (q question.Question, err error) { return q, json.Unmarshal(text, &q) }

// Fake answers from values: those of a flake by its reference, of a file by its path, of an expression by its text,
// each as the program gives it. A value is anything that JSON can express, and below it an error, which is then the
// answer there; what is not there is [nixeval.ErrMissing].
//
// A function that is applied is looked up by its text, and is a func(args json.RawMessage) (any, error), or a value for
// all arguments.
func Fake(values map[string]any) nixeval.Evaluator {
	return nixeval.Evaluator{Answer: func(_ context.Context, text json.RawMessage) (json.RawMessage, error) {
		q, err := parse(text)
		if err != nil {
			return nil, err
		}
		value, known := values[q.Source()]
		if q.Function != "" {
			if value, known = values[q.Function]; !known {
				return nil, fmt.Errorf("nixevaltest: the fake has no function %q", q.Function)
			}
			if f, ok := value.(func(json.RawMessage) (any, error)); ok {
				if value, err = f(q.Args); err != nil {
					return nil, err
				}
			}
			return json.Marshal(value)
		}
		if !known {
			return nil, &nixeval.Error{Kind: nixeval.ErrNoFlake, Message: "the fake has no " + q.Source()}
		}
		for i, name := range q.Path {
			if err, ok := value.(error); ok {
				return nil, err
			}
			if value, known = child(value, name); !known {
				return nil, missing(q.Source(), q.Path[:i+1])
			}
		}
		if err, ok := value.(error); ok {
			return nil, err
		}
		if !q.Names {
			return json.Marshal(value)
		}
		set := plain(value)
		if set == nil {
			return nil,
				&nixeval.Error{Kind: nixeval.ErrEvaluation,
					Message: fmt.Sprintf("%s is not a set", nixeval.Attr(q.Path...))}
		}
		return json.Marshal(slices.Sorted(maps.Keys(set)))
	}}
}

func missing(source string, path []string) error {
	return &nixeval.Error{Kind: nixeval.ErrMissing,
		Message: fmt.Sprintf("%s has no attribute %s", source, nixeval.Attr(path...))}
}

// child is what a value has under a name.
func child(value any, name string) (any, bool) {
	if set := plain(value); set != nil {
		found, ok := set[name]
		return found, ok
	}
	return nil, false
}

// plain is a value as a set; nil if it is none.
func plain(value any) map[string]any {
	if set, ok := value.(map[string]any); ok {
		return set
	}
	v := reflect.ValueOf(value)
	switch {
	case v.Kind() == reflect.Map && v.Type().Key().Kind() == reflect.String: // its values may be errors
		set := map[string]any{}
		for _, key := range v.MapKeys() {
			set[key.String()] = v.MapIndex(key).Interface()
		}
		return set
	case v.Kind() == reflect.Struct, v.Kind() == reflect.Pointer:
		var set map[string]any
		if text, err := json.Marshal(value); err == nil && json.Unmarshal(text, &set) == nil {
			return set
		}
	}
	return nil
}

// kinds are the names of the kinds of failure in recorded files.
var kinds = map[string]error{
	"no-nix": nixeval.ErrNixNotFound, "no-flake": nixeval.ErrNoFlake, "missing": nixeval.ErrMissing,
	"evaluation": nixeval.ErrEvaluation,
	"crashed":    nixeval.ErrCrashed, "not-cached": nixeval.ErrNotCached,
}

func kindOf(err error) string {
	for _, name := range slices.Sorted(maps.Keys(kinds)) {
		if errors.Is(err, kinds[name]) {
			return name
		}
	}
	return ""
}
