package module

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/clanctl/clanctl/internal/nearest"
)

// InvalidError: a value is not what the schema describes.
type InvalidError struct {
	// Problems in the order of their paths; at least one.
	Problems []Problem
}

func (e *InvalidError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Problem is one thing that is wrong with a value.
type Problem struct {
	// Path is where, from the root of the settings.
	Path []string
	// Message says what, in a few words; Hint, which may be empty, what to do about it.
	Message, Hint string
}

// String is the path, with dots between its names, and the message.
func (p Problem) String() string {
	where := "the settings"
	if len(p.Path) > 0 {
		where = strings.Join(p.Path, ".")
	}
	return where + ": " + p.Message
}

// Validate checks a value, which is anything that marshals to JSON. The error is an [*InvalidError]; or what is wrong with a
// schema that cannot be used, which does not happen to one made by [NewSchema].
func (s *Schema) Validate(value any) error {
	instance, err := throughJSON(value)
	if err != nil {
		return fmt.Errorf("module: the value: %w", err)
	}
	compiled, err := s.compiled()
	if err != nil {
		return fmt.Errorf("module: the schema: %w", err)
	}
	err = compiled.Validate(instance)
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return err
	}
	result := &InvalidError{Problems: s.problems(invalid, instance)}
	slices.SortStableFunc(result.Problems, func(a, b Problem) int { return slices.Compare(a.Path, b.Path) })
	return result
}

// compile makes a validator of the document, which has no address of its own.
func (s *Schema) compile() (*jsonschema.Schema, error) {
	document, err := throughJSON(s.document)
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("settings:schema", document); err != nil {
		return nil, err
	}
	return compiler.Compile("settings:schema")
}

func throughJSON(value any) (any, error) {
	data, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	return jsonschema.UnmarshalJSON(bytes.NewReader(data))
}

// problems are the leaves of a validator's tree of errors, in the words of the interface.
func (s *Schema) problems(e *jsonschema.ValidationError, instance any) []Problem {
	path := e.InstanceLocation
	switch k := e.ErrorKind.(type) {
	case *kind.AdditionalProperties:
		var found []Problem
		for _, name := range k.Properties {
			problem := Problem{Path: extend(path, name), Message: "there is no such option"}
			known := s.of.NamesAt(path)
			if near := nearest.Of(name, known); len(near) > 0 {
				problem.Hint = "did you mean " + nearest.List(near) + "?"
			} else if len(known) > 0 {
				problem.Hint = "the options are " + nearest.List(known)
			}
			found = append(found, problem)
		}
		return found
	case *kind.Required:
		var found []Problem
		for _, name := range k.Missing {
			found = append(found, Problem{Path: extend(path, name), Message: "has to be set"})
		}
		return found
	case *kind.AnyOf:
		if cause := deepest(e); cause != nil {
			return s.problems(cause, instance)
		}
	case *kind.MinProperties, *kind.MaxProperties:
		return []Problem{{Path: path, Message: "must have exactly one of " + nearest.List(s.of.NamesAt(path))}}
	default:
		if len(e.Causes) > 0 {
			var found []Problem
			for _, cause := range e.Causes {
				found = append(found, s.problems(cause, instance)...)
			}
			return found
		}
	}
	return []Problem{{Path: path, Message: s.mismatch(path, valueAt(instance, path))}}
}

// deepest is the alternative of a union that a value was meant for: the one that gets furthest, if one gets further than the
// value itself.
func deepest(e *jsonschema.ValidationError) *jsonschema.ValidationError {
	var best *jsonschema.ValidationError
	most := len(e.InstanceLocation)
	for _, cause := range e.Causes {
		if depth := depthOf(cause); depth > most {
			best, most = cause, depth
		}
	}
	return best
}

func depthOf(e *jsonschema.ValidationError) int {
	depth := len(e.InstanceLocation)
	switch e.ErrorKind.(type) {
	case *kind.AdditionalProperties, *kind.Required:
		depth++
	}
	for _, cause := range e.Causes {
		depth = max(depth, depthOf(cause))
	}
	return depth
}

// mismatch says that a value is not of the type that is declared.
func (s *Schema) mismatch(path []string, value any) string {
	got := "a set"
	switch v := value.(type) {
	case map[string]any:
	case []any:
		got = "a list"
	default:
		data, _ := json.Marshal(v)
		got = string(data)
		if runes := []rune(got); len(runes) > 60 {
			got = string(runes[:57]) + "..."
		}
	}
	t := s.of.TypeAt(path)
	if t == nil {
		return got + " where a set of options belongs"
	}
	return got + " is not of the type: " + t.describe()
}

func valueAt(value any, path []string) any {
	for _, key := range path {
		switch v := value.(type) {
		case map[string]any:
			value = v[key]
		case []any:
			var i int
			if _, err := fmt.Sscan(key, &i); err != nil || i >= len(v) {
				return nil
			}
			value = v[i]
		}
	}
	return value
}

func extend(path []string, name string) []string { return append(slices.Clip(path), name) }
