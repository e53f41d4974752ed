package nixlang

import (
	"bytes"
	"slices"
	"strings"
)

// Place is a line and a column in a file, counted from one; columns are bytes.
type Place struct{ Line, Column int }

// Bindings returns where the attributes stand that a Nix file plainly writes: those of the set that is the
// file's value (or that of a function, with its arguments written in front), and of sets written in that.
// Each is found by the names that lead to it, joined with NUL, and stands where Nix says that it does: where
// the path of names begins. Nothing is found behind what has to be evaluated: `let`, `//`, ${...}, a call. A
// file that is not understood has none.
func Bindings(text []byte) map[string]Place {
	s := &scanner{text: text, found: map[string]int{}}
	if bytes.IndexByte(text, '\r') >= 0 || !s.file() {
		return nil
	}
	places := make(map[string]Place, len(s.found))
	starts := []int{0}
	for i, c := range text {
		if c == '\n' {
			starts = append(starts, i+1)
		}
	}
	for path, at := range s.found {
		line, _ := slices.BinarySearch(starts, at+1) // of those before
		places[path] = Place{line, at - starts[line-1] + 1}
	}
	return places
}

// scanner reads a file. Its methods report false for what they do not understand.
type scanner struct {
	text  []byte
	at    int
	found map[string]int
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

// file reads arguments, if the value is a function, and the set.
func (s *scanner) file() bool {
	for {
		start := s.at
		switch c := s.next(); {
		case c == '{':
			start = s.at
			if !s.balanced() {
				return false
			}
			if c := s.next(); c == '@' {
				s.at++
				s.next()
				s.word()
			} else if c != ':' {
				s.at = start
				return s.set(nil) && s.next() == 0
			}
		default:
			word := s.word()
			switch word {
			case "", "let", "with", "assert", "if", "import":
				return false
			case "rec":
				return s.next() == '{' && s.set(nil) && s.next() == 0
			}
			if s.next() == '@' {
				s.at++
				if s.next() != '{' || !s.balanced() {
					return false
				}
			}
		}
		if s.next() != ':' || s.at == start {
			return false
		}
		s.at++
	}
}

// set reads a set that begins here.
func (s *scanner) set(path []string) bool {
	s.at++
	for {
		switch s.next() {
		case 0:
			return false
		case '}':
			s.at++
			return true
		}
		start := s.at
		names, plain, ok := s.attributePath()
		if !ok {
			return false
		}
		if len(names) == 1 && names[0] == "inherit" {
			if !s.expression() {
				return false
			}
			continue
		}
		if s.next() != '=' {
			return false
		}
		s.at++
		whole := append(path[:len(path):len(path)], names...)
		for i := len(path) + 1; i <= len(whole); i++ {
			// A set that is written in several places stands in the first.
			if key := strings.Join(whole[:i], "\x00"); s.found[key] == 0 {
				s.found[key] = start
			}
		}
		if !s.value(whole, plain) {
			return false
		}
	}
}

// value reads what is bound, and the semicolon behind it.
func (s *scanner) value(path []string, plain bool) bool {
	s.next()
	start := s.at
	if s.word() == "rec" {
		s.next()
	} else {
		s.at = start
	}
	if open := s.at; plain && s.next() == '{' && s.balanced() && s.next() == ';' {
		s.at = open
		if !s.set(path) {
			return false
		}
		s.next()
		s.at++
		return true
	}
	s.at = start
	return s.expression()
}

// attributePath reads names with dots between them, up to the first that has to be evaluated: then it is not plain.
func (s *scanner) attributePath() (names []string, plain, ok bool) {
	plain = true
	for {
		name, ok := s.name()
		if !ok {
			return nil, false, false
		}
		if plain = plain && name.Text != ""; plain {
			names = append(names, name.Text)
		}
		if s.next() != '.' {
			return names, plain, true
		}
		s.at++
	}
}

// expression skips what is not read, and the semicolon behind it.
func (s *scanner) expression() bool {
	open := 0 // `let`, `with` and `assert`, in which semicolons are their own
	lets := 0
	for {
		switch c := s.next(); c {
		case 0, '}', ')', ']':
			return false
		case ';':
			s.at++
			switch {
			case lets > 0:
			case open > 0:
				open--
			default:
				return true
			}
		default:
			switch word := s.token(); word {
			case unended:
				return false
			case "let":
				lets++
			case "in":
				lets--
			case "with", "assert":
				if lets == 0 {
					open++
				}
			}
		}
	}
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
