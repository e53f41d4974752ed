package textview

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/clipperhouse/displaywidth"

	"github.com/clanctl/clanctl/internal/term"
)

// A table shows one thing a line, also where it does not fit: a cell then shows as many of its items as it has room
// for, and counts the others. Whoever wants all of them asks for one thing by name, or sends the table somewhere else
// than to a terminal.
type Table struct {
	Columns []Heading
	Rows    [][]Cell
}

// Heading says what is in a column, and how it may give way to others.
type Heading struct {
	Title string
	// Half: the column keeps half of the room, if it has so much in it; others keep [leastColumn].
	Half bool
	// Optional: the column is left out where there is no room for what the others keep.
	Optional bool
	// Shared: what (nearly) all rows have in it is left out, and said once below the table, with this word before it.
	Shared *string
}

// Headings are those of columns without anything special.
func Headings(titles ...string) []Heading {
	all := make([]Heading, len(titles))
	for i, title := range titles {
		all[i].Title = title
	}
	return all
}

// Cell is a list of items; the first column's name is a list of one.
type Cell struct {
	items []Item
	style Style
}

// Item is a text; those that stand side by side and differ only in the part are shown as one: "sshd (client, server)".
type Item struct{ Text, Part string }

const (
	columnGap = 2
	// What a column keeps when there is too little room, if it has so much in it.
	leastColumn = 6
)

// NewCell makes a cell of items from a flake, which it escapes. One without items shows a dash, so that columns can be
// counted.
func NewCell(texts ...string) Cell {
	var c Cell
	for _, text := range texts {
		c.items = append(c.items, Item{Text: text})
	}
	return c
}

// CellOf makes a cell of items.
func CellOf(items ...Item) Cell { return Cell{items: items} }

// In is the cell in a style.
func (c Cell) In(s Style) Cell { c.style = s; return c }

// Texts are the items as they are shown.
func (c Cell) Texts() []string {
	if len(c.items) == 0 {
		return []string{"-"}
	}
	return itemTexts(c.items)
}

func itemTexts(items []Item) []string {
	var texts []string
	for i := 0; i < len(items); {
		text, parts := items[i].Text, []string(nil)
		for ; i < len(items) && items[i].Text == text && items[i].Part != ""; i++ {
			parts = append(parts, items[i].Part)
		}
		if parts == nil {
			i++
		} else {
			text += " (" + strings.Join(parts, ", ") + ")"
		}
		texts = append(texts, Flat(text))
	}
	return texts
}

// Flat escapes text from a flake for a place where it must stay on one line.
func Flat(s string) string { return term.EscapeLine(s) }

// Print writes the table; no line is wider than width, unless that is zero.
func (t *Table) Print(w io.Writer, width int, paint Painter) {
	t.makeRoom(width)
	header := make([]Cell, len(t.Columns))
	for i, column := range t.Columns {
		header[i] = NewCell(column.Title).In(Bold)
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

// makeRoom leaves out optional columns, the last first, while there is no room for what the columns keep.
func (t *Table) makeRoom(room int) {
	for at := len(t.Columns) - 1; room > 0 && at > 0; at-- {
		_, least := t.sizes(room)
		if total(least) <= room {
			return
		}
		if t.Columns[at].Optional {
			t.drop(at)
		}
	}
}

// drop leaves out a column.
func (t *Table) drop(at int) {
	t.Columns = slices.Delete(slices.Clone(t.Columns), at, at+1)
	for i, row := range t.Rows {
		t.Rows[i] = slices.Delete(slices.Clone(row), at, at+1)
	}
}

// sizes are how wide the columns are, and what they keep of it.
func (t *Table) sizes(room int) (widths, least []int) {
	for i, column := range t.Columns {
		width := displaywidth.String(column.Title)
		keep := max(width, leastColumn)
		if column.Half {
			keep = max(keep, room/2)
		}
		if i == 0 {
			keep = max(keep, room/3)
		}
		for _, row := range t.Rows {
			width = max(width, displaywidth.String(strings.Join(row[i].Texts(), ", ")))
		}
		widths, least = append(widths, width), append(least, min(width, keep))
	}
	return widths, least
}

func total(widths []int) int {
	sum := columnGap * (len(widths) - 1)
	for _, width := range widths {
		sum += width
	}
	return sum
}

// widths shares the room: each column has what it needs, or else the widest give way to the others, the names last of
// all.
func (t *Table) widths(room int) []int {
	widths, least := t.sizes(room)
	for excess := total(widths) - room; room > 0 && excess > 0; excess-- {
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
	items := c.Texts()
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
