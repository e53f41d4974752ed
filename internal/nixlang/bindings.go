package nixlang

import (
	"bytes"
	"slices"
)

// Place is a line and a column in a file, counted from one; columns are bytes.
type Place struct{ Line, Column int }

// Bindings returns where the attributes stand that a Nix file plainly writes: those of the set that is the
// file's value (or that of a function, with its arguments written in front), and of sets written in that.
// Each is found by the names that lead to it, joined with NUL, and stands where Nix says that it does: where
// the path of names begins. Nothing is found behind what has to be evaluated: `//`, ${...}, a call. A
// file that is not understood has none. With json they are the members of the objects in a JSON file.
func Bindings(text []byte, json bool) map[string]Place {
	if !json && bytes.IndexByte(text, '\r') >= 0 {
		return nil // versions of Nix count lines differently
	}
	file, o := outline(text, json, -1)
	if o.faults > 0 || !file.Whole {
		return nil
	}
	found := map[string]int{}
	file.Set.each("", found)
	places := make(map[string]Place, len(found))
	lines := NewLines(text)
	for path, at := range found {
		places[path] = lines.Place(at)
	}
	return places
}

// Complete reports whether nothing in a text looks half-written. Nix may nevertheless find something wrong.
func Complete(text []byte, json bool) bool {
	_, o := outline(text, json, -1)
	return o.faults == 0
}

// Lines are where the lines of a text begin, to find places in it.
type Lines struct {
	starts []int
	end    int
}

// NewLines finds the lines of a text.
func NewLines(text []byte) Lines {
	starts := []int{0}
	for i, c := range text {
		if c == '\n' {
			starts = append(starts, i+1)
		}
	}
	return Lines{starts, len(text)}
}

// Offset is the place of a line and a column in bytes, both counted from one.
func (l Lines) Offset(line, column int) int {
	if line = max(line, 1); line > len(l.starts) {
		return l.end
	}
	return min(l.starts[line-1]+max(column-1, 0), l.end)
}

// Place is the opposite of Offset.
func (l Lines) Place(at int) Place {
	line, _ := slices.BinarySearch(l.starts, at+1) // of those before
	return Place{line, at - l.starts[line-1] + 1}
}

// each finds the attributes of a set. One that is written in several places stands in the first.
func (s *Set) each(path string, found map[string]int) {
	for _, attr := range s.Attrs {
		whole, plain := path, true
		for _, name := range attr.Path {
			if plain = plain && name.Text != ""; !plain {
				break
			}
			whole += "\x00" + name.Text
			if _, known := found[whole[1:]]; !known {
				found[whole[1:]] = attr.Path[0].Start
			}
		}
		if plain && attr.Whole && !attr.called {
			attr.Set.each(whole, found)
		}
	}
}

// scanner reads a file. Its methods report false for what they do not understand.
type scanner struct {
	text []byte
	at   int
	json bool // in which strings are text alone
}

// next is the character that comes next, behind spaces and comments; 0 at the end.
func (s *scanner) next() byte {
	for s.at < len(s.text) {
		rest := s.text[s.at:]
		switch {
		case bytes.IndexByte([]byte(" \t\r\n"), rest[0]) >= 0:
			s.at++
		case rest[0] == '#':
			s.skipTo("\n", 1)
		case bytes.HasPrefix(rest, []byte("/*")):
			s.skipTo("*/", 2)
		default:
			return rest[0]
		}
	}
	return 0
}

func (s *scanner) skipTo(end string, from int) {
	if i := bytes.Index(s.text[s.at+from:], []byte(end)); i >= 0 {
		s.at += from + i + len(end)
	} else {
		s.at = len(s.text)
	}
}

// word reads an identifier; empty if there is none.
func (s *scanner) word() string {
	start := s.at
	for s.at < len(s.text) && inIdentifier(rune(s.text[s.at]), s.at == start) {
		s.at++
	}
	return string(s.text[start:s.at])
}

// token skips a word, a string, what is in brackets or a sign. It returns the word, or unended for what does not end.
func (s *scanner) token() string {
	rest := s.text[s.at:]
	ended := true
	switch c := rest[0]; {
	case c == '"':
		ended = s.str()
	case bytes.HasPrefix(rest, []byte("''")):
		ended = s.indented()
	case c == '{' || c == '(' || c == '[':
		ended = s.balanced()
	case bytes.HasPrefix(rest, []byte("${")):
		s.at++
		ended = s.balanced()
	default:
		if word := s.word(); word != "" {
			if s.at < len(s.text) && s.text[s.at] == '.' || len(rest) < len(s.text) &&
				s.text[len(s.text)-len(rest)-1] == '.' {
				return "" // a.let is no let
			}
			return word
		}
		s.at++
	}
	if !ended {
		return unended
	}
	return ""
}

// unended is no word of Nix.
const unended = "!"

// balanced skips brackets, and what is in them.
func (s *scanner) balanced() bool {
	end := map[byte]byte{'{': '}', '(': ')', '[': ']'}[s.text[s.at]]
	s.at++
	for {
		switch c := s.next(); c {
		case 0:
			return false
		case end:
			s.at++
			return true
		case '}', ')', ']':
			return false
		default:
			if s.token() == unended {
				return false
			}
		}
	}
}

// str skips a string in quotes.
func (s *scanner) str() bool {
	for s.at++; s.at < len(s.text); {
		switch rest := s.text[s.at:]; {
		case rest[0] == '\\':
			s.at += 2
		case rest[0] == '"':
			s.at++
			return true
		case s.json:
			s.at++
		case bytes.HasPrefix(rest, []byte("$$")):
			s.at++ // and the second may begin with what comes
			if !bytes.HasPrefix(rest, []byte("$${")) {
				continue
			}
			s.at++
		default:
			if !s.character() {
				return false
			}
		}
	}
	return false
}

// character skips one character of a string, or what is put into it.
func (s *scanner) character() bool {
	s.at++
	return s.text[s.at-1] != '$' || s.at == len(s.text) || s.text[s.at] != '{' || s.balanced()
}

// indented skips a string between two quotes each.
func (s *scanner) indented() bool {
	for s.at += 2; s.at < len(s.text); {
		switch rest := s.text[s.at:]; {
		case bytes.HasPrefix(rest, []byte("'''")), bytes.HasPrefix(rest, []byte("''$")):
			s.at += 3
		case bytes.HasPrefix(rest, []byte(`''\`)):
			s.at += 4
		case bytes.HasPrefix(rest, []byte("''")):
			s.at += 2
			return true
		case bytes.HasPrefix(rest, []byte("$${")):
			s.at += 3
		default:
			if !s.character() {
				return false
			}
		}
	}
	return false
}
