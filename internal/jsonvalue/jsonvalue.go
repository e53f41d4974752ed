// Package jsonvalue is about values of JSON: maps, slices, strings, bools, nil and json.Number, numbers as
// they are written.
package jsonvalue

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
)

// Decode reads a value.
func Decode(text []byte) (value any, err error) {
	err = Unmarshal(text, &value)
	return value, err
}

// Parse reads a value; nil if there is none.
func Parse(text []byte) any {
	value, _ := Decode(text)
	return value
}

// Unmarshal is json.Unmarshal that keeps numbers as they are written, and takes no notice of a byte order mark.
func Unmarshal(text []byte, into any) error {
	dec := json.NewDecoder(bytes.NewReader(Body(text)))
	dec.UseNumber()
	return dec.Decode(into)
}

// Of is what a Go value comes to in JSON.
func Of(v any) (any, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return Decode(text)
}

// Marshal is json.Marshal that leaves <, > and & as they are.
func Marshal(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// Write writes a value as JSON for people: with <, > and & as they are, on lines of their own.
func Write(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// Sorted is Marshal with sorted keys, for structs whose fields cannot be in that order.
func Sorted(v any) (json.RawMessage, error) {
	value, err := Of(v)
	if err != nil {
		return nil, err
	}
	return Marshal(value)
}

// Text is a value as JSON; null if it is none.
func Text(v any) json.RawMessage {
	text, err := Marshal(v)
	if err != nil {
		return json.RawMessage("null")
	}
	return text
}

// Strings are the strings in a list, never nil.
func Strings(value any) []string {
	list, _ := value.([]any)
	texts := make([]string, 0, len(list))
	for _, item := range list {
		if text, is := item.(string); is {
			texts = append(texts, text)
		}
	}
	return texts
}

// Lookup follows names into a value; false if they lead nowhere.
func Lookup(value any, path []string) (any, bool) {
	for _, name := range path {
		set, ok := value.(map[string]any)
		if !ok {
			return nil, false
		}
		if value, ok = set[name]; !ok {
			return nil, false
		}
	}
	return value, true
}

// Equal compares values as their JSON texts, so that it does not matter who decoded them; 3 and 3.0 are not the same.
func Equal(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// Line tells the line and the column of a place in a text, both from 1 on, in bytes.
func Line(text []byte, offset int) (line, column int) {
	before := text[:min(offset, len(text))]
	return 1 + bytes.Count(before, []byte("\n")), len(before) - bytes.LastIndexByte(before, '\n')
}

// Pointer is a path as a JSON Pointer (RFC 6901).
func Pointer(path []string) string {
	var b strings.Builder
	for _, name := range path {
		b.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name))
	}
	return b.String()
}
