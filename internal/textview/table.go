package textview

import (
	"fmt"
	"io"
	"strings"

	"github.com/clipperhouse/displaywidth"

	"github.com/clanctl/clanctl/internal/term"
)

// A Table shows one thing a line. A cell that does not fit shows as many of its items as it has room for, and the number of the
// others.
type Table struct {
	Header []string
	Rows   [][]Cell
}

// Cell is a list of items; a name is a list of one.
type Cell struct {
	items []string
	style Style
}

const (
	columnGap = 2
	// What a column keeps when there is too little room, if it has so much in it.
	leastColumn = 6
)

// NewCell makes a cell of items from a flake, which it escapes. One without items shows a dash, so that columns can be counted.
func NewCell(items ...string) Cell {
	if len(items) == 0 {
		return Cell{items: []string{"-"}}
	}
	flattened := make([]string, len(items))
	for i, item := range items {
		flattened[i] = Flat(item)
	}
	return Cell{items: flattened}
}

// In is the cell in a style.
func (c Cell) In(s Style) Cell { c.style = s; return c }

// Flat escapes text from a flake for a place where it must stay on one line.
func Flat(s string) string { return term.EscapeLine(s) }

// Print writes the table; no line is wider than width, unless that is zero.
func (t *Table) Print(w io.Writer, width int, paint Painter) {
	header := make([]Cell, len(t.Header))
	for i, title := range t.Header {
		header[i] = NewCell(title).In(Bold)
	}
	widths := t.widths(width)
	for _, row := range append([][]Cell{header}, t.Rows...) {
		var line strings.Builder
		for i, c := range row {
			text := c.Fit(widths[i])
			line.WriteString(paint(c.style, text))
			if i+1 < len(row) {
				line.WriteString(strings.Repeat(" ", widths[i]-displaywidth.String(text)+columnGap))
			}
		}
		fmt.Fprintln(w, line.String())
	}
}

// widths shares the room: each column has what it needs, or else the widest give way to the others, the names last of all.
func (t *Table) widths(room int) []int {
	widths, least := make([]int, len(t.Header)), make([]int, len(t.Header))
	total := columnGap * (len(widths) - 1)
	for i, title := range t.Header {
		widths[i] = displaywidth.String(title)
		least[i] = max(widths[i], leastColumn)
		for _, row := range t.Rows {
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

// Fit is as many items as there is room for, and the number of those left out.
func (c Cell) Fit(width int) string {
	items := c.items
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
