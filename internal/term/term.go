// Package term makes text from a flake safe to print on a terminal.
package term

import (
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// Escape replaces what could command a terminal or mislead the eye (control and format characters, invalid
// UTF-8) with Go escapes such as \x1b; newlines and tabs stay.
func Escape(s string) string {
	if isPlain(s) {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\n' || r == '\t':
			b.WriteRune(r)
		case hidden(r):
			writeEscape(&b, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// EscapeLine is Escape for text that must stay on one line, in one cell: newlines and tabs are escaped, too.
func EscapeLine(s string) string {
	if isPlain(s) {
		return s
	}
	return oneLine.Replace(Escape(s))
}

var oneLine = strings.NewReplacer("\n", `\n`, "\t", `\t`)

// isPlain reports whether a text is printable ASCII, as most names are.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// JSONWriter passes on a JSON text with the same characters inside it replaced by \u escapes; the text means
// the same as before.
type JSONWriter struct {
	w    io.Writer
	rest []byte // the beginning of a character whose end is still to come
	out  []byte
}

// NewJSONWriter returns a JSONWriter on w.
func NewJSONWriter(w io.Writer) *JSONWriter { return &JSONWriter{w: w} }

// Write writes a piece of JSON text, which may end within a character.
func (j *JSONWriter) Write(p []byte) (int, error) {
	n := len(p)
	if len(j.rest) == 0 && isASCII(p) {
		return j.w.Write(p)
	}
	p = append(j.rest, p...)
	j.out = j.out[:0]
	for len(p) > 0 && (utf8.FullRune(p) || len(p) >= utf8.UTFMax) {
		r, size := utf8.DecodeRune(p)
		switch {
		case r < 0x7f || !hidden(r):
			j.out = append(j.out, p[:size]...)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			j.out = fmt.Appendf(j.out, `\u%04x\u%04x`, high, low)
		default:
			j.out = fmt.Appendf(j.out, `\u%04x`, r)
		}
		p = p[size:]
	}
	j.rest = append([]byte(nil), p...)
	_, err := j.w.Write(j.out)
	return n, err
}

// isASCII reports whether there is nothing but ASCII, without DEL: eight bytes at once, since documents have
// megabytes of it.
func isASCII(p []byte) bool {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for ; len(p) >= 8; p = p[8:] {
		if word := binary.LittleEndian.Uint64(p); (word|(word+ones))&highs != 0 {
			return false
		}
	}
	for _, c := range p {
		if c >= 0x7f {
			return false
		}
	}
	return true
}

func hidden(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }

func writeEscape(b *strings.Builder, r rune) {
	switch {
	case r < 0x100:
		fmt.Fprintf(b, `\x%02x`, r)
	case r < 0x10000:
		fmt.Fprintf(b, `\u%04x`, r)
	default:
		fmt.Fprintf(b, `\U%08x`, r)
	}
}
