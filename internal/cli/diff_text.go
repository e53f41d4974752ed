package cli

import (
	"bytes"
	"fmt"
	"io"

	"github.com/clanctl/clanctl/pkg/diff"
	"github.com/clanctl/clanctl/pkg/instance"
)

// printDiff prints a difference for people: what changed, which findings appeared and went, and which machines it touches.
// The lines that findings are about are those of the trees, the old and the new one.
func printDiff(w io.Writer, width int, paint painter, d *diff.Difference, trees [2]*sourceTree) error {
	var b bytes.Buffer
	if d.Empty() {
		fmt.Fprintln(&b, "nothing changed in the inventory")
	}
	t := &table{header: []string{"CHANGE", "WHERE", "WHAT", "OLD", "NEW", "MACHINES"}}
	for _, r := range diffRows(d) {
		t.rows = append(t.rows, []cell{newCell(string(r.change)).in(changeStyle(r.change)), newCell(r.where), textCell(r.what),
			newCell(r.old...), newCell(r.new...), newCell(r.machines...)})
	}
	if len(t.rows) > 0 {
		t.print(&b, width, paint)
	}
	for _, part := range []struct {
		title    string
		findings []instance.Finding
		source   *sourceTree
	}{{"findings that appeared", d.Findings.Appeared, trees[1]}, {"findings that went", d.Findings.Gone, trees[0]}} {
		if len(part.findings) == 0 {
			continue
		}
		separate(&b)
		fmt.Fprintf(&b, "%s\n", paint(bold, part.title))
		(&findingPrinter{out: &b, paint: paint, width: width, source: part.source}).all(part.findings)
	}
	printAffectedTable(&b, width, paint, d)
	_, err := b.WriteTo(w)
	return err
}

// printAffectedTable prints which machines a difference touches, and why.
func printAffectedTable(b *bytes.Buffer, width int, paint painter, d *diff.Difference) {
	t := &table{header: []string{"AFFECTED", "MACHINES", "BECAUSE OF"}}
	for _, r := range affectedRows(d) {
		t.rows = append(t.rows, []cell{newCell(kindText(r.kind)), newCell(r.machines...), newCell(r.because...)})
	}
	if len(t.rows) > 0 {
		separate(b)
		t.print(b, width, paint)
	}
}

// separate puts an empty line behind what is there.
func separate(b *bytes.Buffer) {
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
}

func textCell(text string) cell {
	if text == "" {
		return newCell()
	}
	return newCell(text)
}

func changeStyle(c diff.Change) style {
	switch c {
	case diff.Added:
		return green
	case diff.Removed:
		return red
	}
	return yellow
}
