package jsonvalue

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/clanctl/clanctl/internal/hint"
	"github.com/clanctl/clanctl/internal/lazyregexp"
)

// Fault is what is wrong with a JSON text, and where.
type Fault struct {
	Line, Column int
	Reason       string
}

const (
	conflictReason = "unresolved merge conflict"
	emptyReason    = "the file is empty, which is not valid JSON"
)

// In is the fault as an error about a file; cause, which may be nil, is what came of it.
func (f *Fault) In(file string, cause error) *hint.Error {
	err := &hint.Error{Text: fmt.Sprintf("%s:%d:%d: %s", file, f.Line, f.Column, f.Reason),
		Advice: "fix the file by hand", Err: cause}
	switch f.Reason {
	case conflictReason:
		err.Advice = "resolve the conflict, then run clanctl again"
	case emptyReason:
		err.Advice = "delete it"
	}
	return err
}

var conflictMarker = lazyregexp.New(`(?m)^(<{7}|={7}|>{7})( |$)`)

// Body is a JSON text without the byte order mark that may stand before it: Nix, and editors, pass it over.
func Body(text []byte) []byte { return bytes.TrimPrefix(text, []byte("\ufeff")) }

// Check says what is wrong with a JSON text; nil if nothing is. Keys that stand twice, and bytes that are not
// UTF-8, are wrong only if it is to be strict: Nix takes them.
func Check(text []byte, strict bool) *Fault {
	at := func(offset int, reason string) *Fault {
		line, column := Line(text, offset)
		return &Fault{line, column, reason}
	}
	text = Body(text)
	if conflict := conflictMarker.FindIndex(text); conflict != nil {
		return at(conflict[0], conflictReason)
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return at(0, emptyReason)
	}
	dec := jsontext.NewDecoder(bytes.NewReader(text), jsontext.AllowDuplicateNames(!strict),
		jsontext.AllowInvalidUTF8(!strict))
	_, err := dec.ReadValue()
	var syntactic *jsontext.SyntacticError
	switch {
	case err == nil:
	case errors.Is(err, io.ErrUnexpectedEOF):
		return at(len(text), "not valid JSON: unexpected end of file")
	case errors.As(err, &syntactic) && errors.Is(err, jsontext.ErrDuplicateName):
		return at(int(syntactic.ByteOffset), fmt.Sprintf("duplicate key %q", syntactic.JSONPointer.LastToken()))
	case errors.As(err, &syntactic):
		return at(int(syntactic.ByteOffset), "not valid JSON: "+syntactic.Err.Error())
	default:
		return at(0, err.Error())
	}
	if rest := bytes.TrimLeft(text[dec.InputOffset():], " \t\r\n"); len(rest) > 0 {
		return at(len(text)-len(rest), "trailing data after top-level value")
	}
	return nil
}

// CheckObject is Check for a text that has to be an object.
func CheckObject(text []byte, strict bool) *Fault {
	fault := Check(text, strict)
	kind := jsontext.NewDecoder(bytes.NewReader(Body(text))).PeekKind()
	if what, other := notObjects[kind]; fault == nil && other {
		return &Fault{Line: 1, Column: 1, Reason: "it is " + what + ", not an object"}
	}
	return fault
}

var notObjects = map[jsontext.Kind]string{'n': "null", 't': "a boolean", 'f': "a boolean", '"': "a string",
	'0': "a number",
	'[': "a list"}
