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
