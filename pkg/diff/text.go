package diff

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/clipperhouse/displaywidth"

	"github.com/clanctl/clanctl/internal/textview"
	"github.com/clanctl/clanctl/pkg/instance"
)

// TextOptions say how [Difference.WriteText] lays a difference out. The zero value suits a file or a log: no line is
// cut, and there is no colour.
type TextOptions struct {
	// Width is that of the terminal, in columns; zero for no limit.
	Width int
	// Color has changes and severities in the colours of a terminal.
	Color bool
	// Line returns the line of a source file that a finding of a side, "old" or "new", is about, which is shown below
	// it. Nil shows none.
	Line func(side string, at instance.Position) (line string, ok bool)
	// Link returns the URL of a place of a side, to which it is a hyperlink; or nothing, as nil does.
	Link func(side string, at instance.Position) string
	// Elsewhere reports whether a finding that appeared is shown by the caller, and is not shown here. Nil shows all.
	Elsewhere func(instance.Finding) bool
}

// WriteText writes the difference for people, as `clanctl diff` prints it: a summary, a table of what changed, the
// findings that appeared and went, and a table of the machines that it affects. What could not be compared and what
// else changed ([Difference.Unknown], [Difference.Sources]) it leaves to the caller. Text from the flake is escaped: it
// cannot command a terminal.
func (d *Difference) WriteText(w io.Writer, opts TextOptions) error {
	paint := textview.Painter(textview.Colourless)
	if opts.Color {
		paint = textview.Colourful
	}
	var b bytes.Buffer
	fmt.Fprintln(&b, paint(textview.Bold, d.summary()))
	changes := &textview.Table{Columns: textview.Headings("CHANGE", "WHERE", "WHAT", "OLD", "NEW", "MACHINES")}
	for _, r := range d.rows() {
		changes.Rows = append(changes.Rows,
			[]textview.Cell{textview.NewCell(string(r.change)).In(styleOf(r.change)), textview.NewCell(r.where),
				textCell(r.what), textview.NewCell(r.old...), textview.NewCell(r.new...),
				textview.NewCell(r.machines...)})
	}
	if opts.Width > 0 && !changes.Fits(opts.Width) {
		d.writeByPlace(&b, opts.Width, paint)
	} else {
		writeTable(&b, changes, opts.Width, paint)
	}
	appeared := d.Findings.Appeared
	if opts.Elsewhere != nil {
		appeared = slices.DeleteFunc(slices.Clone(appeared), opts.Elsewhere)
	}
	for _, part := range []struct {
		title    string
		findings []instance.Finding
		side     string
	}{{"findings that appeared", appeared, "new"}, {"findings that went", d.Findings.Gone, "old"}} {
		if len(part.findings) == 0 {
			continue
		}
		separate(&b)
		fmt.Fprintf(&b, "%s\n", paint(textview.Bold, part.title))
		printer := &textview.FindingPrinter{Out: &b, Paint: paint, Width: opts.Width}
		if opts.Line != nil {
			printer.Line = func(at instance.Position) (string, bool) { return opts.Line(part.side, at) }
		}
		if opts.Link != nil {
			printer.Link = func(at instance.Position) string { return opts.Link(part.side, at) }
		}
		printer.All(part.findings)
	}
	affected := &textview.Table{Columns: textview.Headings("AFFECTED", "MACHINES", "BECAUSE OF")}
	for _, r := range d.affectedRows() {
		affected.Rows = append(affected.Rows,
			[]textview.Cell{textview.NewCell(kindText(r.kind)), textview.NewCell(r.machines...),
				textview.NewCell(r.because...)})
	}
	writeTable(&b, affected, opts.Width, paint)
	_, err := b.WriteTo(w)
	return err
}

// writeByPlace writes what changed below the place that it is in, over as many lines as it takes: where a table of it
// would have to be cut.
func (d *Difference) writeByPlace(b *bytes.Buffer, width int, paint textview.Painter) {
	separate(b)
	const margin = "           "
	where := ""
	for i, r := range d.rows() {
		if i == 0 || r.where != where {
			where = r.where
			fmt.Fprintln(b, paint(textview.Bold, textview.Flat(where)))
		}
		text := textview.WrapWords(r.text(), margin, width)
		if len(r.machines) > 0 {
			machines := textview.NewCell(r.machines...)
			beside := " (" + machines.All() + ")"
			last := text[strings.LastIndexByte(text, '\n')+1:]
			if displaywidth.String(margin+strings.TrimPrefix(last, margin)+beside) > width {
				beside = "\n" + margin + machines.Fit(width-len(margin))
			}
			text += beside
		}
		fmt.Fprintf(b, "  %s  %s\n", paint(styleOf(r.change), fmt.Sprintf("%-7s", r.change)), text)
	}
}

// text is what changed, and from what to what, on one line.
func (r entry) text() string {
	old, new := textview.NewCell(r.old...).All(), textview.NewCell(r.new...).All()
	values := old + " -> " + new
	switch {
	case len(r.old) == 0 && len(r.new) == 0:
		return textview.Flat(r.what)
	case len(r.old) == 0:
		values = new
	case len(r.new) == 0:
		values = old
	}
	if r.what == "" {
		return values
	}
	return textview.Flat(r.what) + ": " + values
}

// writeTable writes a table, if there is anything in it.
func writeTable(b *bytes.Buffer, t *textview.Table, width int, paint textview.Painter) {
	if len(t.Rows) > 0 {
		separate(b)
		t.Print(b, width, paint)
	}
}

// separate puts an empty line behind what is there.
func separate(b *bytes.Buffer) {
	if b.Len() > 0 {
		b.WriteByte('\n')
	}
}

func textCell(text string) textview.Cell {
	if text == "" {
		return textview.NewCell()
	}
	return textview.NewCell(text)
}

func styleOf(c Change) textview.Style {
	switch c {
	case Added:
		return textview.Green
	case Removed:
		return textview.Red
	}
	return textview.Yellow
}
