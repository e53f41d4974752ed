package diff

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/clanctl/clanctl/internal/textview"
	"github.com/clanctl/clanctl/pkg/instance"
)

// WriteMarkdown writes the difference for a comment on a pull request, as `clanctl diff --format markdown` prints it. Everything from
// the flake is a code span: it mentions no user, links nowhere and is no markup.
func (d *Difference) WriteMarkdown(w io.Writer) error {
	var b bytes.Buffer
	summary := d.Summary()
	fmt.Fprintf(&b, "### Changes in the fleet\n\n%s%s.\n", strings.ToUpper(summary[:1]), summary[1:])
	markdownTable(&b, "", []string{"change", "where", "what", "old", "new", "machines"}, func(add func(...string)) {
		for _, r := range d.rows() {
			add(string(r.change), code(r.where), code(r.what), codeSpans(r.old), codeSpans(r.new), codeSpans(r.machines))
		}
	})
	for _, part := range []struct {
		title    string
		findings []instance.Finding
	}{{"Findings that appeared", d.Findings.Appeared}, {"Findings that went", d.Findings.Gone}} {
		markdownTable(&b, part.title, []string{"severity", "finding", "where", "what"}, func(add func(...string)) {
			for _, f := range textview.WorstFirst(part.findings) {
				where := f.About()
				if f.File != "" {
					where = strings.TrimSuffix(f.Position.String()+": "+where, ": ")
				}
				add(string(f.Severity), code(string(f.Code)), code(where), code(f.Message()))
			}
		})
	}
	markdownTable(&b, "Affected machines", []string{"affected", "machines", "because of"}, func(add func(...string)) {
		for _, r := range d.affectedRows() {
			add(kindText(r.kind), codeSpans(r.machines), codeSpans(r.because))
		}
	})
	markdownTable(&b, "Not compared, because it does not evaluate", []string{"side", "what"}, func(add func(...string)) {
		for _, u := range d.Unknown {
			add(u.Side, code(u.String()))
		}
	})
	var changed []string
	for _, input := range d.Sources.Inputs {
		changed = append(changed, code("input "+input.String()))
	}
	for _, file := range d.Sources.Files {
		changed = append(changed, code(file))
	}
	if len(changed) > 0 {
		fmt.Fprintf(&b, "\n<details><summary>Only the inventory was compared, not what modules, inputs and machines' own files make of it.</summary>\n\n"+
			"Also changed: %s\n\n</details>\n", strings.Join(changed, ", "))
	}
	_, err := b.WriteTo(w)
	return err
}

// markdownTable writes a table, if there is anything in it.
func markdownTable(b *bytes.Buffer, title string, header []string, fill func(add func(...string))) {
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

func codeSpans(texts []string) string {
	spans := make([]string, len(texts))
	for i, text := range texts {
		spans[i] = code(text)
	}
	return strings.Join(spans, ", ")
}

// code is a text as a code span that can stand in a cell of a table. Nothing for nothing.
func code(text string) string {
	if text == "" {
		return ""
	}
	text = strings.ReplaceAll(textview.Flat(text), "|", `\|`)
	fence := "`"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") || strings.TrimSpace(text) == "" {
		text = " " + text + " "
	}
	return fence + text + fence
}
