package textview

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/term"
	"github.com/clanctl/clanctl/pkg/instance"
)

// FindingPrinter prints findings for people: each with its place, the line in question, what is wrong and what to do.
type FindingPrinter struct {
	Out   io.Writer
	Paint Painter
	// Line returns a line of a source file, if there is one to show; nil shows none.
	Line func(instance.Position) (line string, ok bool)
	// Link returns the URL of a place, or nothing; nil makes no hyperlinks.
	Link func(instance.Position) string
	// Width is that of the terminal; zero breaks no lines.
	Width int
}

// All prints findings with empty lines between them, what is worst first.
func (p *FindingPrinter) All(findings []instance.Finding) {
	for i, f := range WorstFirst(findings) {
		if i > 0 {
			fmt.Fprintln(p.Out)
		}
		p.Print(f)
	}
}

// WorstFirst are findings by severity; those of one stay as they are.
func WorstFirst(findings []instance.Finding) []instance.Finding {
	sorted := slices.Clone(findings)
	severities := []instance.Severity{instance.SeverityError, instance.SeverityWarning, instance.SeverityNote}
	slices.SortStableFunc(sorted, func(f, g instance.Finding) int {
		return cmp.Compare(slices.Index(severities, f.Severity), slices.Index(severities, g.Severity))
	})
	return sorted
}

// FirstLine is the first line of a message, without what announces the next one.
func FirstLine(message string) string {
	line, _, _ := strings.Cut(message, "\n")
	return strings.TrimRight(strings.TrimSuffix(line, " Definition values:"), ": ")
}

// DetailsOf are what there is to say of a finding; one without a hint points at its page.
func DetailsOf(f instance.Finding) string {
	text := facts.DetailsOf(f)
	if f.Hint() == "" && f.Cause.Message == "" {
		text += fmt.Sprintf("\nhint: clanctl explain %s", f.Code)
	}
	return text
}

// Print prints a finding as its String method says, with the line of the file below the place, and a pointer where
// there is no hint.
func (p *FindingPrinter) Print(f instance.Finding) {
	place, severity, rest := "", string(f.Severity)+":", fmt.Sprintf(" [%s]", f.Code)
	if f.File != "" {
		place = f.Position.String() + ": "
	}
	if about := f.About(); about != "" {
		rest = " " + about + rest
	}
	colour := Yellow
	if f.Severity == instance.SeverityError {
		colour = Red
	}
	place = term.Escape(place)
	if p.Link != nil {
		place = Hyperlink(p.Link(f.Position), place)
	}
	fmt.Fprintf(p.Out, "%s%s%s\n", p.Paint(Bold, place), p.Paint(colour, severity), term.Escape(rest))
	p.excerpt(f, colour)
	for line := range strings.SplitSeq(term.Escape(DetailsOf(f)), "\n") {
		if strings.TrimSpace(line) == "" {
			fmt.Fprintln(p.Out)
			continue
		}
		fmt.Fprintf(p.Out, "  %s\n", wrapWords(line, p.Width-2))
	}
}

// wrapWords breaks a line between words, so that it and the two columns in front fit into a width.
func wrapWords(line string, width int) string {
	if width < 20 || displaywidth.String(line) <= width {
		return line
	}
	body := strings.TrimLeft(line, " ")
	margin := line[:len(line)-len(body)]
	return margin + WrapWords(body, "  "+margin, width+2)
}

// excerpt prints the line that a finding is about, with a caret under the place.
func (p *FindingPrinter) excerpt(f instance.Finding, colour Style) {
	if p.Line == nil {
		return
	}
	line, ok := p.Line(f.Position)
	if !ok {
		return
	}
	gutter := fmt.Sprintf("%6d | ", f.Line)
	width := p.Width
	if width < 40 {
		width = 120 // of a file that is one long line, what is around the place is enough
	}
	before, after := cut(line, f.Column, width-len(gutter))
	blank := strings.Repeat(" ", len(gutter)-2) + "| "
	fmt.Fprintf(p.Out, "%s%s%s\n", p.Paint(Dim, gutter), before, after)
	fmt.Fprintf(p.Out, "%s%s%s\n", p.Paint(Dim, blank), strings.Repeat(" ", displaywidth.String(before)),
		p.Paint(colour, "^"))
}

// cut returns what to show of a line before and after a column, in as many columns of a terminal as there are.
func cut(line string, column, width int) (before, after string) {
	before, after = SplitLine(line, column)
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

// SplitLine cuts a line in front of a column that counts bytes.
func SplitLine(line string, column int) (before, after string) {
	at := min(max(column-1, 0), len(line))
	for at > 0 && at < len(line) && !utf8.RuneStart(line[at]) {
		at--
	}
	return line[:at], line[at:]
}
