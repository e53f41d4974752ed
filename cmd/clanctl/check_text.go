package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/clipperhouse/displaywidth"

	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/internal/term"
	"github.com/clanctl/clanctl/pkg/instance"
)

// textPrinter prints a report for people: each finding with its place, the line in question and what to do, then a line that
// counts.
type textPrinter struct {
	out    *bufio.Writer
	paint  painter
	source *sourceTree
	// width is that of the terminal; zero breaks no lines.
	width int
}

func printText(w io.Writer, width int, paint painter, r *report) error {
	p := &textPrinter{out: bufio.NewWriter(w), paint: paint, source: r.source, width: width}
	for _, f := range r.Findings {
		p.finding(f)
	}
	fmt.Fprintln(p.out, r.summary())
	return p.out.Flush()
}

func (p *textPrinter) finding(f instance.Finding) {
	colour := yellow
	if f.Severity == instance.SeverityError {
		colour = red
	}
	if f.File != "" {
		fmt.Fprintf(p.out, "%s: ", p.paint(bold, flat(f.Position.String())))
	}
	fmt.Fprintf(p.out, "%s: %s\n", p.paint(colour, string(f.Severity)), f.Code)
	p.excerpt(f, colour)
	if subject := f.Subject(); subject != "" {
		p.text("  in ", subject)
	}
	if len(f.Machines) > 1 {
		p.text("  for ", nearest.List(f.Machines))
	}
	p.text("  ", f.Message)
	for _, d := range f.Definitions {
		p.text("  - ", shortened(d))
	}
	if f.Hint != "" {
		p.text("  hint: ", f.Hint)
	}
	fmt.Fprintln(p.out)
}

// text prints a text behind a label, its further lines indented.
func (p *textPrinter) text(label, text string) {
	text = strings.TrimRight(term.Escape(text), "\n")
	for i, line := range strings.Split(text, "\n") {
		switch {
		case strings.TrimSpace(line) == "":
			fmt.Fprintln(p.out)
			continue
		case i > 0:
			label = "  "
		}
		fmt.Fprint(p.out, label, wrapWords(line, p.width-2, len(label)-2), "\n")
	}
}

// wrapWords breaks a line between words, so that it and the two columns in front fit into a width; used is what else stands in
// front of its beginning.
func wrapWords(line string, width, used int) string {
	if width < 20 || used+displaywidth.String(line) <= width {
		return line
	}
	body := strings.TrimLeft(line, " ")
	margin := line[:len(line)-len(body)]
	b := strings.Builder{}
	column := used
	for i, word := range strings.Fields(body) {
		w := displaywidth.String(word)
		switch {
		case i == 0:
			b.WriteString(margin)
			column += len(margin)
		case column+1+w > width:
			b.WriteString("\n  " + margin)
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

// excerpt prints the line that a finding is about, with a caret under the place.
func (p *textPrinter) excerpt(f instance.Finding, colour style) {
	line, ok := p.source.line(f.Position)
	if !ok {
		return
	}
	gutter := fmt.Sprintf("%6d | ", f.Line)
	width := p.width
	if width < 40 {
		width = 120 // of a file that is one long line, what is around the place is enough
	}
	before, after := cut(line, f.Column, width-len(gutter))
	blank := strings.Repeat(" ", len(gutter)-2) + "| "
	fmt.Fprintf(p.out, "%s%s%s\n", p.paint(dim, gutter), before, after)
	fmt.Fprintf(p.out, "%s%s%s\n", p.paint(dim, blank), strings.Repeat(" ", displaywidth.String(before)), p.paint(colour, "^"))
}

// cut returns what to show of a line before and after a column, in as many columns of a terminal as there are.
func cut(line string, column, width int) (before, after string) {
	before, after = splitLine(line, column)
	before, after = showable(before), showable(after)
	used := displaywidth.String(before)
	if used+displaywidth.String(after) <= width {
		return before, after
	}
	if used > width/2 {
		left := used - width/2 + len("...")
		rest := before
		for g := displaywidth.StringGraphemes(before); left > 0 && g.Next(); left -= g.Width() {
			rest = rest[len(g.Value()):]
		}
		before = "..." + rest
	}
	return before, displaywidth.TruncateString(after, width-displaywidth.String(before), "...")
}

// showable is a part of a line as a terminal may show it, every character of the same width anywhere in the line.
func showable(text string) string {
	return term.Escape(strings.ReplaceAll(text, "\t", "    "))
}
