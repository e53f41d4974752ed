package cli

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/clipperhouse/displaywidth"

	"github.com/clanctl/clanctl/internal/policy"
	"github.com/clanctl/clanctl/internal/term"
	"github.com/clanctl/clanctl/pkg/instance"
)

// findingPrinter prints findings for people: each with its place, the line in question, what is wrong and what to do.
type findingPrinter struct {
	out   io.Writer
	paint painter
	// source shows lines of files; nil shows none.
	source *sourceTree
	// width is that of the terminal; zero breaks no lines.
	width int
}

func printText(w *stream, paint painter, r *report) error {
	out := bufio.NewWriter(w)
	p := &findingPrinter{out: out, paint: paint, source: r.source, width: w.width()}
	if len(r.Findings) > 0 {
		p.all(r.Findings)
		fmt.Fprintln(out)
	}
	fmt.Fprintln(out, r.summary())
	return out.Flush()
}

// all prints findings with empty lines between them, what is worst first.
func (p *findingPrinter) all(findings []instance.Finding) {
	for i, f := range worstFirst(findings) {
		if i > 0 {
			fmt.Fprintln(p.out)
		}
		p.print(f)
	}
}

// worstFirst are findings by severity; those of one stay as they are.
func worstFirst(findings []instance.Finding) []instance.Finding {
	sorted, severities := slices.Clone(findings), policy.Severities()
	slices.SortStableFunc(sorted, func(f, g instance.Finding) int {
		return cmp.Compare(slices.Index(severities, f.Severity), slices.Index(severities, g.Severity))
	})
	return sorted
}

// print prints a finding as its String method says, with the line of the file below the place, and a pointer where there is no hint.
func (p *findingPrinter) print(f instance.Finding) {
	place, severity, rest := "", string(f.Severity)+":", fmt.Sprintf(" [%s]", f.Code)
	if f.File != "" {
		place = f.Position.String() + ": "
	}
	if about := f.About(); about != "" {
		rest = " " + about + rest
	}
	colour := yellow
	if f.Severity == instance.SeverityError {
		colour = red
	}
	fmt.Fprintf(p.out, "%s%s%s\n", p.paint(bold, term.Escape(place)), p.paint(colour, severity), term.Escape(rest))
	p.excerpt(f, colour)
	for line := range strings.SplitSeq(term.Escape(detailsOf(f)), "\n") {
		if strings.TrimSpace(line) == "" {
			fmt.Fprintln(p.out)
			continue
		}
		fmt.Fprintf(p.out, "  %s\n", wrapWords(line, p.width-2))
	}
}

// wrapWords breaks a line between words, so that it and the two columns in front fit into a width.
func wrapWords(line string, width int) string {
	if width < 20 || displaywidth.String(line) <= width {
		return line
	}
	body := strings.TrimLeft(line, " ")
	margin := line[:len(line)-len(body)]
	b := strings.Builder{}
	column := 0
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
func (p *findingPrinter) excerpt(f instance.Finding, colour style) {
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
