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

// BindingAt reads the binding whose path begins at a place.
func BindingAt(text []byte, at int) (Binding, bool) {
	s := &scanner{text: text, at: at}
	var b Binding
	for {
		name, ok := s.name()
		if !ok {
			return b, false
		}
		b.Path = append(b.Path, name)
		if s.next() != '.' {
			break
		}
		s.at++
	}
	sign := s.next()
	if sign != '=' && sign != ':' {
		return b, false
	}
	s.at++
	if s.next() == '=' {
		return b, false // a comparison
	}
	b.Value, b.ValueEnd = s.at, s.at
	if sign == '=' {
		if !s.expression() {
			return b, false
		}
		b.End = s.at
		b.ValueEnd = b.Value + len(bytes.TrimRight(text[b.Value:s.at-1], " \t\r\n"))
		return b, true
	}
	for {
		switch s.next() {
		case 0:
			return b, false
		case ',':
			b.End = s.at + 1
			return b, true
		case '}', ']':
			b.End = b.ValueEnd
			return b, true
		}
		if s.token() == unended {
			return b, false
		}
		b.ValueEnd = s.at
	}
}

// name reads a name of an attribute path.
func (s *scanner) name() (Name, bool) {
	c := s.next()
	name := Name{Start: s.at}
	switch {
	case c == '"':
		if !s.str() {
			return name, false
		}
		name.Text = literal(s.text[name.Start:s.at], false)
	case bytes.HasPrefix(s.text[s.at:], []byte("${")):
		s.at++
		if !s.balanced() {
			return name, false
		}
	default:
		if name.Text = s.word(); name.Text == "" {
			return name, false
		}
	}
	name.End = s.at
	return name, true
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
func NamesIn(text []byte, from, to int) []Name {
	var names []Name
	s := &scanner{text: text[:to], at: from}
	for s.next() != 0 {
		start := s.at
		switch {
		case s.text[s.at] == '"':
			if !s.str() {
				return names
			}
			if name := literal(s.text[start:s.at], false); name != "" {
				names = append(names, Name{start, s.at, name})
			}
		case bytes.HasPrefix(s.text[s.at:], []byte("''")):
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
