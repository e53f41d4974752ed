package instance

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	jsonv2 "github.com/go-json-experiment/json"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/jsonvalue"
)

// Settings is the value of a member's settings. It is immutable.
//
// What JSON cannot carry stands as follows: a path is its string (one into the flake is relative to it), a function
// {"$function": true}, a derivation {"$derivation": "name"}.
type Settings struct {
	raw   json.RawMessage
	files map[string]facts.FlakeFile
}

// NewSettings makes settings of any value that marshals to JSON.
func NewSettings(value any) (*Settings, error) {
	raw, err := jsonvalue.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("settings: %w", err)
	}
	return &Settings{raw: raw}, nil
}

// JSON is the value as JSON, object keys sorted. The caller must not change it.
func (s *Settings) JSON() json.RawMessage { return s.raw }

// MarshalJSON returns the value as JSON.
func (s *Settings) MarshalJSON() ([]byte, error) { return s.raw, nil }

// Value returns the settings as maps, slices, strings, bools, nil and json.Number.
func (s *Settings) Value() any { return jsonvalue.Parse(s.raw) }

// UnmarshalJSON keeps the value.
func (s *Settings) UnmarshalJSON(data []byte) error {
	var b bytes.Buffer
	if err := json.Compact(&b, data); err != nil {
		return err
	}
	s.raw = b.Bytes()
	return nil
}

// Lookup returns one setting, by the names that lead to it; false if there is none.
func (s *Settings) Lookup(path ...string) (any, bool) { return jsonvalue.Lookup(s.Value(), path) }

// Decode stores settings in a new T, as encoding/json does, but strictly: a setting that has no field, or does not fit
// its field, is an error that names the setting. (For a struct that wants only some of the settings, unmarshal
// [Settings.JSON].)
func Decode[T any](s *Settings) (T, error) {
	var v T
	if s == nil {
		return v, ErrNoSettings
	}
	err := jsonv2.Unmarshal(s.raw, &v, jsonv2.RejectUnknownMembers(true))
	return v, decodeError(err)
}

// ErrNoSettings: the member's settings could not be evaluated; the inventory's findings say why.
var ErrNoSettings = errors.New("no settings")

// decodeError says which setting does not fit: object keys and list indices.
func decodeError(err error) error {
	semantic, is := errors.AsType[*jsonv2.SemanticError](err)
	if !is {
		return err
	}
	path := strings.Join(slices.Collect(semantic.JSONPointer.Tokens()), ".")
	switch {
	case errors.Is(err, jsonv2.ErrUnknownName):
		err = fmt.Errorf("no such field in %s", semantic.GoType)
	case semantic.GoType != nil && semantic.Err == nil:
		err = fmt.Errorf("a JSON %s does not fit %s", semantic.JSONKind, semantic.GoType)
	}
	return fmt.Errorf("setting %s: %w", cmp.Or(path, "(all)"), err)
}
