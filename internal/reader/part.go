package reader

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/clanctl/clanctl/internal/jsonvalue"
)

// Part is a part of an answer that can fail by itself: its value, or why there is none.
type Part[T any] struct {
	Value   T
	Failure *Failure
}

// OK reports whether there is a value.
func (p Part[T]) OK() bool { return p.Failure == nil }

// Failure is why a part has no value.
type Failure struct {
	Kind FailureKind `json:"$clanctl"`
	// Path leads to the part from the root of the facts.
	Path []string `json:"path"`
	// At is where among the omitted parts it is.
	At int `json:"at"`
	// Undefined: an option that nobody set and that has no default. Unset: one that nobody set, and whose
	// default fails. Hidden: one that no documentation shows.
	Undefined bool `json:"undefined"`
	Unset     bool `json:"unset"`
	Hidden    bool `json:"hidden"`
	// Bare: the settings of a role without options.
	Bare bool `json:"bare"`
	// File is the one that is missing.
	File string `json:"file"`
	// Err is what Nix says; see [Reader.Explain].
	Err error `json:"-"`
}

// FailureKind says how a part failed.
type FailureKind string

// The kinds that the Nix side marks parts with.
const (
	// Throws: tryEval caught it, and dropped the message.
	Throws FailureKind = "throws"
	// Omitted: it kills the process, and was left out.
	Omitted FailureKind = "omitted"
	// Blocked: it was not tried, because something that it needs failed.
	Blocked FailureKind = "blocked"
	// Absent: there is no such part.
	Absent FailureKind = "absent"
	// Missing: a file is not there.
	Missing FailureKind = "missing"
	// Opaque: nothing that a document could hold: a package set, or endless.
	Opaque FailureKind = "opaque"
)

var (
	markPrefix  = []byte(`{"$clanctl":`)
	pairsPrefix = []byte(`{"$clanctl":"pairs"`)
	filePrefix  = []byte(`{"$clanctl":"file"`)
)

// ahead returns what the decoder reads next. All of an answer is in its buffer.
func ahead(dec *jsontext.Decoder) []byte { return bytes.TrimLeft(dec.UnreadBuffer(), ",: \n") }

// isFailure reports whether what comes next marks a part that failed.
func isFailure(next []byte) bool {
	return bytes.HasPrefix(next, markPrefix) && !bytes.HasPrefix(next, pairsPrefix) &&
		!bytes.HasPrefix(next, filePrefix)
}

// UnmarshalJSONFrom reads a value, or the mark in its place. What is no [Value] has a path into the flake as a string.
func (p *Part[T]) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	next := ahead(dec)
	if isFailure(next) {
		p.Failure = &Failure{}
		return jsonv2.UnmarshalDecode(dec, p.Failure)
	}
	if _, isValue := any(p.Value).(Value); !isValue && bytes.HasPrefix(next, filePrefix) {
		var mark struct {
			File jsontext.Value `json:"file"`
		}
		if err := jsonv2.UnmarshalDecode(dec, &mark); err != nil {
			return err
		}
		return jsonv2.Unmarshal(mark.File, &p.Value)
	}
	return jsonv2.UnmarshalDecode(dec, &p.Value)
}

// Named is a set whose keys are the user's names.
type Named[T any] map[string]T

// UnmarshalJSONFrom reads an object, or the pairs that stand for one with names that Nix's toJSON misreads.
func (n *Named[T]) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if !bytes.HasPrefix(ahead(dec), pairsPrefix) {
		return jsonv2.UnmarshalDecode(dec, (*map[string]T)(n))
	}
	var set struct {
		Pairs []pair[T] `json:"pairs"`
	}
	if err := jsonv2.UnmarshalDecode(dec, &set); err != nil {
		return err
	}
	*n = make(map[string]T, len(set.Pairs))
	for _, p := range set.Pairs {
		(*n)[p.name] = p.value
	}
	return nil
}

type pair[T any] struct {
	name  string
	value T
}

func (p *pair[T]) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	if err := jsonv2.UnmarshalDecode(dec, &p.name); err != nil {
		return err
	}
	if err := jsonv2.UnmarshalDecode(dec, &p.value); err != nil {
		return err
	}
	_, err := dec.ReadToken()
	return err
}

// Value is data of the user's, of any form, with marks where parts of it failed.
type Value struct{ raw []byte }

// UnmarshalJSONFrom keeps the text, which is a piece of the answer: a copy of each would be one of nearly all of it.
func (v *Value) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	raw, err := dec.ReadValue()
	v.raw = slices.Clip(raw)
	return err
}

// Whole returns the value as JSON; false where some of it failed, has to be read as pairs, or is no UTF-8.
func (v Value) Whole() (json.RawMessage, bool) {
	return v.raw, v.raw != nil && !bytes.Contains(v.raw, markPrefix) && utf8.Valid(v.raw)
}

// Decode reads a value of a known form.
func (v Value) Decode(into any) error {
	return jsonv2.Unmarshal(v.raw, into, jsontext.AllowInvalidUTF8(true))
}

// File is a path into the flake itself, and a hash of what it leads to.
type File struct {
	Path, Hash string
}

// Files are the paths into the flake that a value holds, by their paths in it, joined with NUL.
func (v Value) Files() map[string]File {
	if !bytes.Contains(v.raw, filePrefix) {
		return nil
	}
	files := map[string]File{}
	var value any
	if json.Unmarshal(v.raw, &value) == nil {
		(&pruner{files: files}).prune(value, nil)
	}
	return files
}

// Prune returns what there is of the value, as maps, slices, strings, bools, nil and json.Number, and reports
// the rest with its path in the value; keep is false where nothing is left. A list that lacks an element is
// missing as a whole: a shorter list would be a wrong value.
func (v Value) Prune(report func(path []string, f *Failure)) (value any, keep bool) {
	if v.raw == nil {
		return nil, false
	}
	value, err := jsonvalue.Decode(v.raw)
	if err != nil {
		return nil, false
	}
	if _, whole := v.Whole(); whole {
		return value, true
	}
	return (&pruner{report: report}).prune(value, nil)
}

// PruneList is Prune of a list whose elements can do without each other.
func (v Value) PruneList(report func(path []string, f *Failure)) (list any, keep bool) {
	value, ok := v.Prune(report)
	if elements, is := value.([]any); is {
		return slices.DeleteFunc(elements, func(e any) bool { return e == nil }), true
	}
	return value, ok
}

// pruner takes the marks out of a value.
type pruner struct {
	report func(path []string, f *Failure)
	files  map[string]File
}

func (p *pruner) prune(node any, path []string) (any, bool) {
	at := func(name string) []string { return append(path[:len(path):len(path)], name) }
	switch n := node.(type) {
	case map[string]any:
		switch kind, _ := n["$clanctl"].(string); kind {
		case "":
			for name, inner := range n {
				if clean, ok := p.prune(inner, at(name)); ok {
					n[name] = clean
				} else {
					delete(n, name)
				}
			}
			return n, true
		case "pairs":
			set := map[string]any{}
			for _, entry := range n["pairs"].([]any) {
				pair := entry.([]any)
				name := pair[0].(string)
				if clean, ok := p.prune(pair[1], at(name)); ok {
					set[name] = clean
				}
			}
			return set, true
		case "file":
			file, _ := n["file"].(string)
			hash, _ := n["hash"].(string)
			if p.files != nil {
				p.files[strings.Join(path, "\x00")] = File{file, hash}
			}
			return file, true
		}
		f := &Failure{}
		if text, err := json.Marshal(n); p.report != nil && err == nil && json.Unmarshal(text, f) == nil {
			p.report(path, f)
		}
		return nil, false
	case []any:
		whole := true
		for i := range n {
			clean, ok := p.prune(n[i], at(strconv.Itoa(i)))
			n[i], whole = clean, whole && ok
		}
		return n, whole
	}
	return node, true
}

// targets are where the values of an answer go, each of a type of its own.
type targets []any

// UnmarshalJSONFrom reads a list of as many values.
func (t *targets) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for _, into := range *t {
		if err := jsonv2.UnmarshalDecode(dec, into); err != nil {
			return err
		}
	}
	_, err := dec.ReadToken()
	return err
}
