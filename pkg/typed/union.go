package typed

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	jsonv2 "github.com/go-json-experiment/json"
)

var strict = jsonv2.JoinOptions(jsonv2.RejectUnknownMembers(true), jsonv2.Deterministic(true))

// UnmarshalUnion decodes JSON into the first of the branches that it fits, and makes the others zero. Each
// branch is a pointer to a field that is nil where the value is of another branch: a pointer, a slice or a
// map. Objects are decoded strictly, for it is by their names that they are told apart.
func UnmarshalUnion(data []byte, branches ...any) error {
	var errs []error
	for i, branch := range branches {
		field := reflect.ValueOf(branch).Elem()
		field.SetZero()
		err := jsonv2.Unmarshal(data, branch, strict)
		if err == nil && !field.IsNil() {
			for _, other := range branches[i+1:] {
				reflect.ValueOf(other).Elem().SetZero()
			}
			return nil
		}
		field.SetZero()
		if err == nil {
			err = fmt.Errorf("null is no %s", field.Type())
		}
		errs = append(errs, err)
	}
	return fmt.Errorf("the value fits none of %s: %w", typesOf(branches), errors.Join(errs...))
}

// MarshalUnion encodes the one branch that is not nil. None, or more than one, is an error.
func MarshalUnion(branches ...any) ([]byte, error) {
	var chosen any
	for _, branch := range branches {
		if reflect.ValueOf(branch).IsNil() {
			continue
		}
		if chosen != nil {
			return nil, fmt.Errorf("a value must be one of %s, not more than one at once", typesOf(branches))
		}
		chosen = branch
	}
	if chosen == nil {
		return nil, fmt.Errorf("a value must be one of %s, and is none of them", typesOf(branches))
	}
	return jsonv2.Marshal(chosen, strict)
}

func typesOf(branches []any) string {
	names := make([]string, len(branches))
	for i, branch := range branches {
		names[i] = strings.TrimLeft(reflect.TypeOf(branch).String(), "*")
	}
	return strings.Join(names, ", ")
}
