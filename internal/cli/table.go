package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/clipperhouse/displaywidth"

	"github.com/clanctl/clanctl/internal/term"
)

// A table shows one thing a line, also where it does not fit: a cell then shows as many of its items as it has room for, and
// counts the others. Whoever wants all of them asks for one thing by name, or sends the table somewhere else than to a terminal.
type table struct {
	header []string
	rows   [][]cell
}

// cell is a list of items; the first column's name is a list of one.
type cell struct {
	items []string
	style style
}

const (
	columnGap = 2
	// What a column keeps when there is too little room, if it has so much in it.
	leastColumn = 8
)

// newCell makes a cell; one without items shows a dash, so that columns can be counted.
func newCell(items ...string) cell {
	if len(items) == 0 {
		return cell{items: []string{"-"}}
	}
	flattened := make([]string, len(items))
	for i, item := range items {
		flattened[i] = flat(item)
	}
	return cell{items: flattened}
}

func (c cell) in(s style) cell { c.style = s; return c }

// flat escapes text from a flake for a place where it must stay on one line.
func flat(s string) string { return term.EscapeLine(s) }

// print writes the table; no line is wider than width, unless that is zero.
func (t *table) print(w io.Writer, width int, paint painter) {
	header := make([]cell, len(t.header))
	for i, title := range t.header {
		header[i] = newCell(title).in(bold)
	}
	widths := t.widths(width)
	for _, row := range append([][]cell{header}, t.rows...) {
		var line strings.Builder
		for i, c := range row {
			text := fit(c.items, widths[i])
			line.WriteString(paint(c.style, text))
			if i+1 < len(row) {
				line.WriteString(strings.Repeat(" ", widths[i]-displaywidth.String(text)+columnGap))
			}
		}
		fmt.Fprintln(w, line.String())
	}
}

// widths shares the room: each column has what it needs, or else the widest give way to the others, the names last of all.
func (t *table) widths(room int) []int {
	widths, least := make([]int, len(t.header)), make([]int, len(t.header))
	total := columnGap * (len(widths) - 1)
	for i, title := range t.header {
		widths[i] = displaywidth.String(title)
		least[i] = max(widths[i], leastColumn)
		for _, row := range t.rows {
			widths[i] = max(widths[i], displaywidth.String(strings.Join(row[i].items, ", ")))
		}
		if i == 0 {
			least[i] = max(least[i], room/3)
		}
		total += widths[i]
	}
	for ; room > 0 && total > room; total-- {
		widest := -1
		for i, width := range widths {
			if width > least[i] && (widest < 0 || width > widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			break // too narrow for any table
		}
		widths[widest]--
	}
	return widths
}

// fit writes as many items as there is room for, and the number of those left out.
func fit(items []string, width int) string {
	all := strings.Join(items, ", ")
	if displaywidth.String(all) <= width {
		return all
	}
	for n := len(items) - 1; n > 0; n-- {
		text := fmt.Sprintf("%s, +%d", strings.Join(items[:n], ", "), len(items)-n)
		if displaywidth.String(text) <= width {
			return text
		}
	}
	rest := ""
	if len(items) > 1 {
		rest = fmt.Sprintf(", +%d", len(items)-1)
	}
	return displaywidth.TruncateString(items[0], max(1, width-len(rest)), "…") + rest
}

// wrap writes items on lines that are no wider than width, unless that is zero; lines after the first are indented.
func wrap(items []string, indent, width int) string {
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
