package services

import (
	"encoding/json"
	"math/big"
	"reflect"
	"regexp"
	"slices"

	"github.com/clanctl/clanctl/internal/jsonvalue"
)

// takes reports whether a value is of a type that has no parts. A type of which nothing is known takes everything.
func (t *Type) takes(value any) bool {
	switch t.Kind {
	case KindBool:
		_, is := value.(bool)
		return is
	case KindInt, KindNumber:
		number, is := value.(json.Number)
		_, err := number.Int64() // of which Nix makes an integer; of any other number a float, or another integer
		return is && t.inBounds(number) && (t.Kind == KindNumber || err == nil)
	case KindString, KindPath:
		text, is := value.(string)
		return is && t.matches(text)
	case KindEnum:
		return t.Err != nil || slices.ContainsFunc(t.Values, func(one json.RawMessage) bool {
			decoded, err := jsonvalue.Decode(one)
			return err == nil && equal(decoded, value)
		})
	case KindModule:
		_, is := value.(map[string]any)
		return is
	}
	return true
}

func (t *Type) inBounds(number json.Number) bool {
	return (t.Minimum == nil || compare(number, *t.Minimum) >= 0) &&
		(t.Maximum == nil || compare(number, *t.Maximum) <= 0) &&
		(t.ExclusiveMinimum == nil || compare(number, *t.ExclusiveMinimum) > 0)
}

// matches holds a string against what the schema has as its pattern.
func (t *Type) matches(text string) bool {
	pattern, _ := t.ecma()
	return pattern == "" || regexp.MustCompile(pattern).MatchString(text)
}

func equal(a, b any) bool {
	x, isNumber := a.(json.Number)
	if y, both := b.(json.Number); isNumber && both {
		return compare(x, y) == 0
	}
	return reflect.DeepEqual(a, b)
}

func compare(a, b json.Number) int {
	const precision = 128 // integers of 64 bits are exact
	x, _, _ := big.ParseFloat(a.String(), 10, precision, big.ToNearestEven)
	y, _, _ := big.ParseFloat(b.String(), 10, precision, big.ToNearestEven)
	if x == nil || y == nil {
		return 0 // not a number
	}
	return x.Cmp(y)
}
