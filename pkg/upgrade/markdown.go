package upgrade

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/clanctl/clanctl/internal/textview"
)

// WriteMarkdown writes the report for a comment on the pull request that updates flake.lock, as `clanctl upgrade
// --format markdown` prints it. Everything from the flake is a code span: it mentions no user, links nowhere and is no
// markup.
func (r *Report) WriteMarkdown(w io.Writer) error {
	var b bytes.Buffer
	summary, rest, cut := strings.Cut(textview.FirstLine(r.summary()), ": ")
	if cut {
		summary += ": " + textview.CodeSpan(rest)
	}
	fmt.Fprintf(&b, "### What the upgrade does\n\n%s%s.\n", strings.ToUpper(summary[:1]), summary[1:])
	textview.MarkdownTable(&b, "", []string{"effect", "of", "what", "where"}, func(add func(...string)) {
		for _, e := range r.shown() {
			first, _ := e.lines()
			add(e.Kind, textview.CodeSpan(e.about()), textview.CodeSpan(first), textview.CodeSpan(e.where()))
		}
	})
	// A cell has one line.
	told := map[string]bool{"": true}
	for _, e := range r.shown() {
		if _, more := e.lines(); !told[more] {
			told[more] = true
			fmt.Fprintf(&b, "\n%s in full:\n\n%s", textview.CodeSpan(e.about()), textview.CodeBlock(strings.TrimRight(e.Message(), "\n")))
		}
	}
	textview.MarkdownTable(&b, "What to do", []string{"of", "do", "where"}, func(add func(...string)) {
		for _, e := range r.shown() {
			for _, edit := range e.Edits {
				where := ""
				if edit.Position != nil {
					where = edit.Position.String()
				}
				add(textview.CodeSpan(e.about()), textview.CodeSpan(edit.text()), textview.CodeSpan(where))
			}
			if hint := e.hint(); hint != "" {
				add(textview.CodeSpan(e.about()), textview.CodeSpan(hint), "")
			}
		}
	})
	textview.MarkdownTable(&b, "Touched machines", []string{"touched", "machine"}, func(add func(...string)) {
		for _, a := range r.Affected {
			add(a.Kind, textview.CodeSpan(a.Machine))
		}
	})
	b.WriteString("\n<details><summary>What was compared</summary>\n\n")
	for _, note := range r.Notes() {
		fmt.Fprintf(&b, "- %s\n", textview.CodeSpan(note))
	}
	if r.minor > 0 {
		fmt.Fprintf(&b, "- %s left out, of options that the clan does not use, or of descriptions\n",
			textview.Count(r.minor, "change"))
	}
	b.WriteString("\n</details>\n")
	_, err := b.WriteTo(w)
	return err
}
