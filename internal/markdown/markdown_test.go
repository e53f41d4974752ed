package markdown_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/internal/markdown"
)

func TestRender(t *testing.T) {
	for _, test := range []struct {
		name, source string
		width        int
		want         string
	}{
		{"blocks", "# One\ntext\n\nmore\n\n---\n> said\n> so\n", 0, "# One\n\ntext\n\nmore\n\n---\n\n| said\n| so\n"},
		{"lines of the source", "a\nb  \nc", 0, "a\nb\nc\n"},
		{"lines that fit", "one two three four\nfive", 9, "one two\nthree\nfour five\n"},
		{"a word that does not fit", "a https://example.com/very-long b", 10, "a\nhttps://example.com/very-long\nb\n"},
		{"code", "```nix\na  =  1;\n\n  b\n```\n`x  y`", 5, "    a  =  1;\n\n      b\n\n`x  y`\n"},
		{"lists", "- a\n- b\n  - c\n\n3. x\n4. y\n\n   z\n", 0, "- a\n- b\n  - c\n\n3. x\n\n4. y\n\n   z\n"},
		{"tasks", "- [x] a\n- [ ] b", 0, "- [x] a\n- [ ] b\n"},
		{"links", "[the page](http://x) <http://y> ![a picture](z.png)", 0,
			"the page (http://x) http://y [a picture] (z.png)\n"},
		{"tables", "| a | b |\n|--|--|\n| long `cell` | 2 |\n", 0, "a            b\nlong `cell`  2\n"},
		{"tables below text, with bars in them", "text\na | b\n:-|-:\nx \\| y | `p\\|q` | left out\n| z\n\nafter", 0,
			"text\n\na      b\nx | y  `p|q`\nz\n\nafter\n"},
		{"no tables", "a | b\n-|-|-\n\na\n---\n\n|-|\n|", 0, "a | b\n-|-|-\n\n## a\n\n|-|\n|\n"},
		{"struck out", "~~a~~", 0, "~~a~~\n"},
		{"entities and escapes", `a &amp; b \*c\* &lt;`, 0, "a & b *c* <\n"},
		{"HTML", "<b>x</b>\n\n<script>\ny\n</script>", 0, "<b>x</b>\n\n    <script>\n    y\n    </script>\n"},
		{"nothing", "", 0, ""},
	} {
		if diff := cmp.Diff(test.want, markdown.Render(test.source, markdown.Options{Width: test.width})); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestNothingCommandsTheTerminal(t *testing.T) {
	for _, evil := range []string{"\x1b[2J", "&#27;[2J", "&#x1b;]0;x&#7;", "\u009b2J", "\u202egnp"} {
		for _, form := range []string{"%s", "# %s", "**%s**", "`%s`", "```\n%s\n```", "    %s", "- %s", "[%s](x)",
			"[x](%s)", "[x](<%s>)", "![%s](x)", "<b %s>", "<div>\n%s\n</div>", "| %s |\n|--|\n", "<http://%s>"} {
			got := markdown.Render(fmt.Sprintf(form, evil), markdown.Options{Width: 40})
			if strings.ContainsAny(got, "\x1b\x07\u009b\u202e") {
				t.Errorf("%q: %q", fmt.Sprintf(form, evil), got)
			}
		}
	}
}

func TestPaint(t *testing.T) {
	paint := func(s markdown.Style, text string) string { return fmt.Sprintf("<%d:%s>", s, text) }
	got := markdown.Render("# A *b*\n**c d** *e* `f` [g](h)\n\n    i", markdown.Options{Width: 80, Paint: paint})
	want := "<0:# A b>\n\n<1:c> <1:d> <2:e> <3:`f`> <4:g> <4:(h)>\n\n    <3:i>\n"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func FuzzRender(f *testing.F) {
	f.Add("a | b\n:-|-:\n\\| | `p\\|q`\n||\n|", 10)
	f.Add("# x\n- a\n  > b\n\n[l](<m>) ![i](j) <b>", 0)
	f.Fuzz(func(t *testing.T, source string, width int) {
		got := markdown.Render(source, markdown.Options{Width: max(0, width%200)})
		if strings.ContainsAny(got, "\x1b\x07\u009b\u202e") {
			t.Errorf("%q", got)
		}
	})
}
