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
	// Prose: the column reads also where it is cut, so that it gives way before others, down to a third of the room.
	Prose bool
	// Wrap: of the last column, what has no room goes on in the next line.
	Wrap bool
	// Optional: the column is left out where there is no room for what the others keep.
	Optional bool
	// Shared: what (nearly) all rows have in it is left out, and said once below the table, with this word before it.
	// Of what is left a cell without room shows first what the fewest rows have.
	Shared *string
	// Hidden: whoever makes the table leaves the column out, unless it is asked for.
	Hidden bool
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
	// rarity says how many rows have an item, where those that few have are shown first; nil where the order decides.
	rarity map[Item]int
}

// Item is a text; those that stand side by side and differ only in the part are shown as one: "sshd (client, server)".
type Item struct{ Text, Part string }

const (
	columnGap = 2
	// What a column keeps when there is too little room, if it has so much in it.
	leastColumn = 6
	// What a column has to have for its text to go on in the next line.
	leastWrapped = 20
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
	for _, group := range groups(items) {
		text, parts := group[0].Text, []string(nil)
		for _, it := range group {
			if it.Part != "" {
				parts = append(parts, it.Part)
			}
		}
		if parts != nil {
			text += " (" + strings.Join(parts, ", ") + ")"
		}
		texts = append(texts, Flat(text))
	}
	return texts
}

// groups are the items, those together that are shown as one.
func groups(items []Item) (all [][]Item) {
	for i, it := range items {
		if i > 0 && it.Text == items[i-1].Text && it.Part != "" && items[i-1].Part != "" {
			all[len(all)-1] = append(all[len(all)-1], it)
		} else {
			all = append(all, []Item{it})
		}
	}
	return all
}

// Flat escapes text from a flake for a place where it must stay on one line.
func Flat(s string) string { return term.EscapeLine(s) }

// Print writes the table; no line is wider than width, unless that is zero.
func (t *Table) Print(w io.Writer, width int, paint Painter) {
	t.makeRoom(width)
	t.rank()
	header := make([]Cell, len(t.Columns))
	for i, column := range t.Columns {
		header[i] = NewCell(column.Title).In(Bold)
	}
	widths := t.widths(width)
	margin := strings.Repeat(" ", total(widths)-widths[len(widths)-1])
	for _, row := range append([][]Cell{header}, t.Rows...) {
		var line strings.Builder
		for i, c := range row {
			text := c.Fit(widths[i])
			if t.Columns[i].Wrap && i+1 == len(row) && widths[i] >= leastWrapped {
				text = strings.ReplaceAll(WrapWords(c.All(), "", widths[i]), "\n", "\n"+margin)
			}
			line.WriteString(paint(c.style, text))
			if i+1 < len(row) {
				line.WriteString(strings.Repeat(" ", widths[i]-displaywidth.String(text)+columnGap))
			}
		}
		fmt.Fprintln(w, line.String())
	}
}

// Fits reports whether nothing of the table has to be cut on so many columns.
func (t *Table) Fits(width int) bool { return total(t.sizes(width).full) <= width }

// makeRoom leaves out optional columns, the last first, while they would leave prose less than half of the room, or
// others less than one item.
func (t *Table) makeRoom(room int) {
	for at := len(t.Columns) - 1; room > 0 && at > 0; at-- {
		s := t.sizes(room)
		for i, column := range t.Columns {
			if column.Prose {
				s.whole[i] = min(s.full[i], max(s.whole[i], room/2))
			}
		}
		if total(s.whole) <= room {
			return
		}
		if t.Columns[at].Optional {
			t.drop(at)
		}
	}
}

// rank has the cells of columns whose items tell rows apart show first what few rows have.
func (t *Table) rank() {
	for at, column := range t.Columns {
		if column.Shared == nil {
			continue
		}
		rowsWith := map[Item]int{}
		for _, row := range t.Rows {
			for _, it := range row[at].items {
				rowsWith[it]++
			}
		}
		for i := range t.Rows {
			t.Rows[i] = slices.Clone(t.Rows[i])
			t.Rows[i][at].rarity = rowsWith
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

// sizes are how wide columns are: with all that is in them; as prose that gave way; with one whole item in each cell;
// as prose that gave way further; and at least.
type sizes struct{ full, prose, items, whole, least []int }

func (t *Table) sizes(room int) (s sizes) {
	for i, column := range t.Columns {
		width := displaywidth.String(column.Title)
		least, whole := max(width, leastColumn), width
		if i == 0 {
			least = max(least, room/3)
		}
		for _, row := range t.Rows {
			width = max(width, displaywidth.String(row[i].All()))
			whole = max(whole, displaywidth.String(row[i].one()))
		}
		least, whole = min(width, least), min(width, max(whole, least))
		prose, items := width, whole
		if column.Prose {
			prose = min(width, max(least, room/3))
			items, whole = prose, min(prose, max(least, room/4))
		}
		s.full, s.prose, s.items = append(s.full, width), append(s.prose, prose), append(s.items, items)
		s.whole, s.least = append(s.whole, whole), append(s.least, least)
	}
	return s
}

func total(widths []int) int {
	sum := columnGap * (len(widths) - 1)
	for _, width := range widths {
		sum += width
	}
	return sum
}

// widths shares the room: each column has what it needs, or else prose gives way, then lists down to one item, and at
// last all; the widest first.
func (t *Table) widths(room int) []int {
	s := t.sizes(room)
	widths := s.full
	for _, least := range [][]int{s.prose, s.items, s.whole, s.least} {
		for excess := total(widths) - room; room > 0 && excess > 0; excess-- {
			widest := -1
			for i, width := range widths {
				if width > least[i] && (widest < 0 || width > widths[widest]) {
					widest = i
				}
			}
			if widest < 0 {
				break
			}
			widths[widest]--
		}
	}
	return widths
}

// All are all of the items.
func (c Cell) All() string { return strings.Join(c.Texts(), ", ") }

// Fit is as many items as there is room for, and the number of those left out.
func (c Cell) Fit(width int) string {
	texts := c.Texts()
	if all := c.All(); displaywidth.String(all) <= width {
		return all
	}
	order := c.order()
	for n := len(texts) - 1; n > 0; n-- {
		if text := some(texts, order[:n]); displaywidth.String(text) <= width {
			return text
		}
	}
	rest := left(len(texts) - 1)
	return displaywidth.TruncateString(texts[order[0]], max(1, width-len(rest)), "…") + rest
}

// one is the item that the cell shows where there is room for one.
func (c Cell) one() string { return some(c.Texts(), c.order()[:1]) }

// some are the chosen texts, in the order that they have, and the number of the others.
func some(texts []string, chosen []int) string {
	var shown []string
	for _, at := range slices.Sorted(slices.Values(chosen)) {
		shown = append(shown, texts[at])
	}
	return strings.Join(shown, ", ") + left(len(texts)-len(shown))
}

// left counts the items that are left out.
func left(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(", +%d", n)
}

// order is which of the texts are shown first.
func (c Cell) order() []int {
	var order, rows []int
	for at, group := range groups(c.items) {
		order = append(order, at)
		least := 0
		for i, it := range group {
			if n := c.rarity[it]; i == 0 || n < least {
				least = n
			}
		}
		rows = append(rows, least)
	}
	if len(order) == 0 {
		return []int{0} // the dash
	}
	slices.SortStableFunc(order, func(a, b int) int { return rows[a] - rows[b] })
	return order
}
