package lsp

import (
	"bytes"
	"unicode/utf8"

	"github.com/clanctl/clanctl/internal/nixlang"
)

// encoding is what a position's characters are.
type encoding string

const (
	utf8Units  encoding = "utf-8"
	utf16Units encoding = "utf-16"
)

// document is the text of a file, with places in it counted in bytes from its start.
type document struct {
	text  []byte
	lines nixlang.Lines
	// version is that of an open document.
	version *version
}

func newDocument(text []byte) *document { return &document{text: text, lines: nixlang.NewLines(text)} }

// line returns where a line, counted from zero, begins and ends, without what ends it. One that is not there is the
// end of the text.
func (d *document) line(n int) (start, end int) {
	if n < 0 {
		return 0, 0
	}
	start = d.lines.Offset(n+1, 1)
	line, _, more := bytes.Cut(d.text[start:], []byte("\n"))
	if more {
		line = bytes.TrimSuffix(line, []byte("\r"))
	}
	return start, start + len(line)
}

// at is the place of a line and a column as Nix counts them: from one, and columns in bytes.
func (d *document) at(line, column int) int {
	start, end := d.line(line - 1)
	at := min(start+max(column-1, 0), end)
	for at > start && at < len(d.text) && !utf8.RuneStart(d.text[at]) {
		at--
	}
	return at
}

// offset is the place of a position. One behind the end of its line is that end.
func (d *document) offset(p Position, in encoding) int {
	start, end := d.line(p.Line)
	at := start
	for units := 0; at < end; {
		r, size := utf8.DecodeRune(d.text[at:end])
		if units += width(r, size, in); units > p.Character {
			break
		}
		at += size
	}
	return at
}

// position is the position of a place.
func (d *document) position(at int, in encoding) Position {
	place := d.lines.Place(at)
	p := Position{Line: place.Line - 1}
	for from := at - place.Column + 1; from < at; {
		r, size := utf8.DecodeRune(d.text[from:])
		p.Character += width(r, size, in)
		from += size
	}
	return p
}

func (d *document) span(from, to int, in encoding) Range {
	return Range{d.position(from, in), d.position(to, in)}
}

func width(r rune, size int, in encoding) int {
	switch {
	case in == utf8Units:
		return size
	case r > 0xffff:
		return 2
	}
	return 1
}

// name returns where what stands at a place ends: a word, or a string on one line; at least one character, if the line
// has one more.
func (d *document) name(at int) int {
	line := d.position(at, utf8Units).Line
	_, end := d.line(line)
	if at >= end {
		return at
	}
	rest := d.text[at:end]
	if rest[0] == '"' {
		for i := 1; i < len(rest); i++ {
			switch rest[i] {
			case '\\':
				i++
			case '"':
				return at + i + 1
			}
		}
		return end
	}
	n := bytes.IndexFunc(rest, func(r rune) bool { return !isWord(r) })
	switch {
	case n < 0:
		return end
	case n == 0:
		_, size := utf8.DecodeRune(rest)
		return at + size
	}
	return at + n
}

func isWord(r rune) bool {
	return r == '_' || r == '-' || r == '\'' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' ||
		r >= utf8.RuneSelf
}
