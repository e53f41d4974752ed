package textview

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/clipperhouse/displaywidth"
)

const (
	// From so many rows on it is worth saying once what they have in common; it may be missing in one of ten, and in so
	// many at most.
	sharingRows   = 4
	sharingExcept = 3
)

// PrintShared writes the table without what (nearly) all of its rows have, and that once below.
func (t *Table) PrintShared(w io.Writer, width int, paint Painter) {
	lines := t.takeShared()
	t.Print(w, width, paint)
	if len(lines) > 0 {
		fmt.Fprintln(w)
	}
	for _, line := range lines {
		label := line.label(len(t.Rows))
		fmt.Fprintf(w, "%s %s\n", paint(Dim, label), Wrap(line.texts, displaywidth.String(label)+1, width))
	}
}

// except is in how many of so many rows it may be missing.
func except(rows int) int { return min(sharingExcept, rows/10) }

// NearlyAll reports whether so many of all are worth naming by those that are missing.
func NearlyAll(n, all int) bool { return all >= sharingRows && all-n <= except(all) }

// sharedLine says what all rows but some have.
type sharedLine struct{ except, texts []string }

func (l *sharedLine) label(rows int) string {
	if len(l.except) == 0 {
		return fmt.Sprintf("all %d:", rows)
	}
	return fmt.Sprintf("%d of %d (not %s):", rows-len(l.except), rows, strings.Join(l.except, ", "))
}

// takeShared takes out of the cells what (nearly) all rows have. A column in which nothing is left goes. Where a row
// has one thing only, it has to be the same in all.
func (t *Table) takeShared() (lines []*sharedLine) {
	if len(t.Rows) < sharingRows {
		return nil
	}
	for at := len(t.Columns) - 1; at >= 0; at-- {
		shared := t.Columns[at].Shared
		if shared == nil {
			continue
		}
		most := except(len(t.Rows))
		if !slices.ContainsFunc(t.Rows, func(row []Cell) bool { return len(row[at].items) > 1 }) {
			most = 0
		}
		for _, common := range t.commonItems(at, most) {
			texts := itemTexts(common.items)
			if *shared != "" {
				texts[0] = *shared + " " + texts[0]
			}
			same := slices.IndexFunc(lines, func(l *sharedLine) bool { return slices.Equal(l.except, common.except) })
			if same < 0 {
				same, lines = len(lines), append(lines, &sharedLine{except: common.except})
			}
			lines[same].texts = append(texts, lines[same].texts...)
		}
	}
	slices.SortStableFunc(lines, func(a, b *sharedLine) int { return cmp.Compare(len(a.except), len(b.except)) })
	return lines
}

// commonItems takes the items out of a column that all rows have but so many, together with those that the same rows
// are without.
func (t *Table) commonItems(at, most int) (common []*commonItems) {
	var order []Item
	rowsWith := map[Item]int{}
	for _, row := range t.Rows {
		for _, it := range row[at].items {
			if rowsWith[it]++; rowsWith[it] == 1 {
				order = append(order, it)
			}
		}
	}
	order = slices.DeleteFunc(order, func(it Item) bool { return rowsWith[it] < len(t.Rows)-most })
	for _, it := range order {
		var except []string
		for i, row := range t.Rows {
			left := slices.DeleteFunc(slices.Clone(row[at].items), func(other Item) bool { return other == it })
			if len(left) == len(row[at].items) {
				except = append(except, row[0].Texts()[0])
			}
			t.Rows[i][at].items = left
		}
		same := slices.IndexFunc(common, func(c *commonItems) bool { return slices.Equal(c.except, except) })
		if same < 0 {
			same, common = len(common), append(common, &commonItems{except: except})
		}
		common[same].items = append(common[same].items, it)
	}
	if len(order) > 0 && !slices.ContainsFunc(t.Rows, func(row []Cell) bool { return len(row[at].items) > 0 }) {
		t.drop(at)
	}
	return common
}

type commonItems struct {
	items  []Item
	except []string
}
