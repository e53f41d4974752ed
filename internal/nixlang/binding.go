package nixlang

import (
	"bytes"
	"encoding/json"
)

// Binding is an attribute of a Nix file, or a member of an object in JSON, as it is written. Places are bytes
// from the start of the text.
type Binding struct {
	// Path are the names in front of the sign; those that have to be evaluated have no text.
	Path []Name
	// Value and ValueEnd are where what is bound begins and ends.
	Value, ValueEnd int
	// End is behind the sign that ends the binding, if there is one.
	End int
}

// Name is a word, or a string in quotes without anything to evaluate in it.
type Name struct {
	Start, End int
	Text       string
}

// Texts are the texts of names.
func Texts(names []Name) []string {
	texts := make([]string, len(names))
	for i, n := range names {
		texts[i] = n.Text
	}
	return texts
}

// Read reads a Nix file, or with json a JSON file. What it returns first are the attributes of the set that is the
// file's value, or that of a function, or the members of the object in it, as far as that can be told; then all
// bindings that end, wherever they stand in it, by where their paths begin.
func Read(text []byte, json bool) (attrs []*Attr, bound map[int]Binding) {
	file, o := outline(text, json, -1)
	if file.Set != nil {
		attrs = file.Set.Attrs
	}
	bound = make(map[int]Binding, len(o.attrs))
	for _, a := range o.attrs {
		if a.ValueEnd > a.Value && (json || text[a.End-1] == ';') {
			bound[a.Path[0].Start] = a.Binding
		}
	}
	return attrs, bound
}

// literal is what a string in quotes says; empty where it has to be evaluated.
func literal(quoted []byte, isJSON bool) string {
	if isJSON {
		var text string
		_ = json.Unmarshal(quoted, &text)
		return text
	}
	if bytes.Contains(quoted, []byte("${")) {
		return ""
	}
	path, err := ParsePath(string(quoted))
	if err != nil || len(path) != 1 {
		return ""
	}
	return path[0]
}

// NamesIn are the names between two places, but those in longer strings and comments.
func NamesIn(text []byte, from, to int, json bool) []Name {
	var names []Name
	s := &scanner{text: text[:to], at: from, json: json}
	for s.next() != 0 {
		start := s.at
		switch {
		case s.text[s.at] == '"':
			if !s.str() {
				return names
			}
			if name := literal(s.text[start:s.at], json); name != "" {
				names = append(names, Name{start, s.at, name})
			}
		case !json && bytes.HasPrefix(s.text[s.at:], []byte("''")):
			if !s.indented() {
				return names
			}
		default:
			if name := s.word(); name != "" {
				names = append(names, Name{start, s.at, name})
			} else {
				s.at++
			}
		}
	}
	return names
}
