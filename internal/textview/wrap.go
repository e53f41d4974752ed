package textview

import (
	"strings"

	"github.com/clipperhouse/displaywidth"
)

// Wrap writes items on lines that are no wider than width, unless that is zero; lines after the first are indented.
func Wrap(items []string, indent, width int) string {
	var b strings.Builder
	column := indent
	for i, item := range items {
		if i+1 < len(items) {
			item += ","
		}
		need := displaywidth.String(item)
		if i > 0 {
			if width > 0 && column+1+need > width {
				b.WriteString("\n" + strings.Repeat(" ", indent))
				column = indent
			} else {
				b.WriteByte(' ')
				column++
			}
		}
		b.WriteString(item)
		column += need
	}
	return b.String()
}

// WrapWords breaks a text between words, so that it and a margin in front fit into a width, unless that is zero; lines
// after the first begin with the margin, which the first has already.
func WrapWords(text, margin string, width int) string {
	var b strings.Builder
	column := len(margin)
	for i, word := range strings.Fields(text) {
		w := displaywidth.String(word)
		switch {
		case i == 0:
		case width > 0 && column+1+w > width:
			b.WriteString("\n" + margin)
			column = len(margin)
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += w
	}
	return b.String()
}
