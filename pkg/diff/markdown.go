package diff

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/clanctl/clanctl/internal/textview"
	"github.com/clanctl/clanctl/pkg/instance"
)

// WriteMarkdown writes the difference for a comment on a pull request, as `clanctl diff --format markdown` prints it.
// Everything from the flake is a code span: it mentions no user, links nowhere and is no markup.
func (d *Difference) WriteMarkdown(w io.Writer) error {
	var b bytes.Buffer
	summary := d.summary()
	fmt.Fprintf(&b, "### Changes in the fleet\n\n%s%s.\n", strings.ToUpper(summary[:1]), summary[1:])
	textview.MarkdownTable(&b, "", []string{"change", "where", "what", "old", "new", "machines"},
		func(add func(...string)) {
			for _, r := range d.rows() {
				add(string(r.change), textview.CodeSpan(r.where), textview.CodeSpan(r.what), textview.CodeSpans(r.old),
					textview.CodeSpans(r.new), textview.CodeSpans(r.machines))
			}
		})
	for _, part := range []struct {
		title    string
		findings []instance.Finding
	}{{"Findings that appeared", d.Findings.Appeared}, {"Findings that went", d.Findings.Gone}} {
		textview.MarkdownTable(&b, part.title, []string{"severity", "finding", "where", "what"},
			func(add func(...string)) {
				for _, f := range textview.WorstFirst(part.findings) {
					where := f.About()
					if f.File != "" {
						where = strings.TrimSuffix(f.Position.String()+": "+where, ": ")
					}
					add(string(f.Severity), textview.CodeSpan(f.Code), textview.CodeSpan(where),
						textview.CodeSpan(f.Message()))
				}
			})
	}
	textview.MarkdownTable(&b, "Affected machines", []string{"affected", "machines", "because of"},
		func(add func(...string)) {
			for _, r := range d.affectedRows() {
				add(kindText(r.kind), textview.CodeSpans(r.machines), textview.CodeSpans(r.because))
			}
		})
	textview.MarkdownTable(&b, "Not compared, because it does not evaluate", []string{"side", "what"},
		func(add func(...string)) {
			for _, u := range d.Unknown {
				add(u.Side, textview.CodeSpan(u.String()))
			}
		})
	var changed []string
	for _, input := range d.Sources.Inputs {
		changed = append(changed, textview.CodeSpan("input "+input.String()))
	}
	for _, file := range d.Sources.Files {
		changed = append(changed, textview.CodeSpan(file))
	}
	if len(changed) > 0 {
		fmt.Fprintf(&b,
			"\n<details><summary>Only %s compared, not what modules, inputs and machines' own files make of it.</summary>\n\n"+
				"Also changed: %s\n\n</details>\n",
			pick(d.Exports == nil, "the inventory was", "the inventory and exports were"), strings.Join(changed, ", "))
	}
	_, err := b.WriteTo(w)
	return err
}
