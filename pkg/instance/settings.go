package instance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
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

// Decode stores the settings in the value that v points to, as encoding/json does, but strictly: a setting that has no
// field, or does not fit its field, is a [*DecodeError] that names the setting.
func (s *Settings) Decode(v any) error {
	return decodeError(jsonv2.Unmarshal(s.raw, v, jsonv2.RejectUnknownMembers(true)))
}

// DecodeLenient is Decode for a struct that wants only some of the settings: those without a field are passed over.
func (s *Settings) DecodeLenient(v any) error {
	return decodeError(jsonv2.Unmarshal(s.raw, v))
}

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

// Decode is [Settings.Decode] into a new T.
func Decode[T any](s *Settings) (T, error) {
	var v T
	if s == nil {
		return v, ErrNoSettings
	}
	err := s.Decode(&v)
	return v, err
}

// ErrNoSettings: the member's settings could not be evaluated; the inventory's findings say why.
var ErrNoSettings = errors.New("no settings")

// DecodeError says which setting does not fit.
type DecodeError struct {
	// Path leads to the setting: object keys and list indices.
	Path []string
	err  error
}

func (e *DecodeError) Error() string {
	path := strings.Join(e.Path, ".")
	if path == "" {
		path = "(all)"
	}
	return fmt.Sprintf("setting %s: %v", path, e.err)
}

// Unwrap returns what the JSON decoder said.
func (e *DecodeError) Unwrap() error { return e.err }

func decodeError(err error) error {
	var semantic *jsonv2.SemanticError
	if !errors.As(err, &semantic) {
		return err
	}
	out := &DecodeError{err: err}
	for token := range semantic.JSONPointer.Tokens() {
		out.Path = append(out.Path, token)
	}
	switch {
	case errors.Is(err, jsonv2.ErrUnknownName):
		out.err = fmt.Errorf("%w in %s", errUnknownSetting, semantic.GoType)
	case semantic.GoType != nil && semantic.Err == nil:
		out.err = fmt.Errorf("a JSON %s does not fit %s", semantic.JSONKind, semantic.GoType)
	}
	return out
}

var errUnknownSetting = errors.New("no such field")
