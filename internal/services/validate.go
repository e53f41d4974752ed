package services

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/internal/nearest"
)

// InvalidError: a value is not what the interface accepts.
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

// Validate checks a value, which is anything that marshals to JSON, against the interface that the schema is
// of. What it accepts the schema accepts, too; where it knows more than a schema can express, it accepts
// less. The error is an [*InvalidError], or says why the value is not JSON.
func (s *Schema) Validate(value any) error {
	decoded, err := jsonvalue.Of(value)
	if err != nil {
		return fmt.Errorf("module: the value: %w", err)
	}
	problems := spot{required: s.whole}.settings(s.of, decoded)
	if len(problems) == 0 {
		return nil
	}
	slices.SortStableFunc(problems, func(a, b Problem) int { return slices.Compare(a.Path, b.Path) })
	return &InvalidError{Problems: problems}
}

// spot is where in the settings a value is.
type spot struct {
	path []string
	// around are the types that the value is inside of, from the outside in; those from own on are of this very value.
	around []*Type
	own    int
	// required: what has no default must be set, see [SchemaOptions.Whole].
	required bool
}

func (s spot) at(name string) spot {
	s.path = append(slices.Clip(s.path), name)
	return s
}

func (s spot) inside(types ...*Type) spot {
	s.around = append(slices.Clip(s.around), types...)
	return s
}

// wrong is a problem at the spot itself.
func (s spot) wrong(message string) []Problem { return []Problem{{Path: s.path, Message: message}} }

// settings checks a set of options.
func (s spot) settings(of *Interface, value any) []Problem {
	set, isSet := value.(map[string]any)
	if !isSet {
		return s.wrong(shown(value) + " where a set of options belongs")
	}
	found := s.attributes(of, set)
	for name, option := range of.Options {
		if _, given := set[name]; s.required && !given && option.Required() {
			found = append(found, s.at(name).wrong("has to be set")...)
		}
	}
	return found
}

func (s spot) attributes(of *Interface, set map[string]any) []Problem {
	var found []Problem
	free, inside := attributesOf(of.Freeform)
	for name, value := range set {
		option, there := of.Options[name], s.at(name)
		switch {
		case option == nil && free != nil:
			found = append(found, there.inside(inside...).value(free, value)...)
		case option == nil && of.Freeform == nil:
			found = append(found,
				Problem{there.path, "there is no such option",
					nearest.Hint(nearest.Of(name, of.Names()), of.Names(), "the options are ", "")})
		case option == nil:
		case option.IsSet():
			found = append(found, there.settings(&Interface{Options: option.Options}, value)...)
		case option.Type != nil:
			found = append(found, there.value(option.Type, value)...)
		}
	}
	return found
}

// value checks a value against the type that is declared for it.
func (s spot) value(t *Type, value any) []Problem {
	s.own = len(s.around)
	found := s.typ(t, value)
	if t.Up > 0 && t.Up <= len(s.around) {
		t = s.around[len(s.around)-t.Up]
	}
	for i := range found {
		if found[i].Message == "" {
			found[i].Message = shown(value) + " is not of the type: " + t.describe()
		}
	}
	return found
}

// typ checks a value against the declared type, or against a part of it. That it is not of it is a problem
// without a message.
func (s spot) typ(t *Type, value any) []Problem {
	if t.Up > 0 && t.Up <= len(s.around) {
		target := len(s.around) - t.Up
		if target >= s.own {
			return nil // itself, or something else: it says nothing
		}
		t, s.around, s.own = s.around[target], s.around[:target], target
	}
	s = s.inside(t)
	mismatch := s.wrong("")

	switch t.Kind {
	case KindNullable:
		if t.Elem == nil || value == nil {
			return nil
		}
		return s.typ(t.Elem, value)
	case KindUnion, KindCoerced:
		return s.alternatives(t, value)
	case KindList:
		list, isList := value.([]any)
		if !isList || t.NonEmpty && len(list) == 0 {
			return mismatch
		}
		var found []Problem
		for i, inner := range list {
			if t.Elem != nil {
				there := s.at(strconv.Itoa(i))
				there.required = true
				found = append(found, there.value(t.Elem, inner)...)
			}
		}
		return found
	case KindMap:
		set, isSet := value.(map[string]any)
		if !isSet {
			return mismatch
		}
		var found []Problem
		for name, inner := range set {
			if t.Elem != nil {
				found = append(found, s.at(name).value(t.Elem, inner)...)
			}
		}
		return found
	case KindSubmodule, KindTagged:
		if t.Interface == nil {
			return nil
		}
		set, isSet := value.(map[string]any)
		if !isSet {
			return mismatch
		}
		if t.Kind == KindSubmodule {
			return s.settings(t.Interface, value)
		}
		if len(set) != 1 {
			return s.wrong("must have exactly one of " + nearest.List(t.Interface.Names()))
		}
		return s.attributes(t.Interface, set)
	}
	if !t.takes(value) {
		return mismatch
	}
	return nil
}

// alternatives checks a value against a union. One that fits none was meant for the alternative in which it
// gets furthest, if it gets further than the value itself.
func (s spot) alternatives(t *Type, value any) []Problem {
	best, most := s.wrong(""), len(s.path)
	for _, alternative := range t.Alternatives {
		found := s.typ(alternative, value)
		if len(found) == 0 {
			return nil
		}
		for _, problem := range found {
			if len(problem.Path) > most {
				best, most = found, len(problem.Path)
			}
		}
	}
	if len(t.Alternatives) == 0 {
		return nil
	}
	return best
}

// shown is a value in a message, in a few characters.
func shown(value any) string {
	switch value.(type) {
	case map[string]any:
		return "a set"
	case []any:
		return "a list"
	}
	data, _ := json.Marshal(value)
	if runes := []rune(string(data)); len(runes) > 60 {
		return string(runes[:57]) + "..."
	}
	return string(data)
}
