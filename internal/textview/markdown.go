package textview

import (
	"bytes"
	"fmt"
	"strings"
)

// MarkdownTable writes a table, if there is anything in it.
func MarkdownTable(b *bytes.Buffer, title string, header []string, fill func(add func(...string))) {
	empty := true
	fill(func(cells ...string) {
		if empty {
			empty = false
			if title != "" {
				fmt.Fprintf(b, "\n#### %s\n", title)
			}
			fmt.Fprintf(b, "\n| %s |\n|%s\n", strings.Join(header, " | "), strings.Repeat("---|", len(header)))
		}
		fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | "))
	})
}

// CodeSpans are texts as code spans, with commas between them.
func CodeSpans(texts []string) string {
	spans := make([]string, len(texts))
	for i, text := range texts {
		spans[i] = CodeSpan(text)
	}
	return strings.Join(spans, ", ")
}

// CodeSpan is a text as a code span that can stand in a cell of a table. Nothing for nothing.
func CodeSpan(text string) string {
	if text == "" {
		return ""
	}
	return Fenced(strings.ReplaceAll(Flat(text), "|", `\|`))
}

// Fenced is a text on one line as a code span, whatever is in it.
func Fenced(text string) string {
	fence := fenceOf("`", text)
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") || strings.TrimSpace(text) == "" {
		text = " " + text + " "
	}
	return fence + text + fence
}

// CodeBlock is a text of several lines as a code block.
func CodeBlock(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = Flat(line)
	}
	text = strings.Join(lines, "\n")
	fence := fenceOf("```", text)
	return fence + "\n" + text + "\n" + fence + "\n"
}

// fenceOf is a fence that does not occur in the text.
func fenceOf(fence, text string) string {
	for strings.Contains(text, fence) {
		fence += "`"
	}
	return fence
}
