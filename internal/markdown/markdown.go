// Package markdown lays Markdown out as text for a terminal.
package markdown

import (
	"fmt"
	"strings"

	"github.com/clipperhouse/displaywidth"
	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"github.com/clanctl/clanctl/internal/term"
)

// Style is what a piece of text is.
type Style int

// The styles.
const (
	Heading Style = iota
	Strong
	Emphasis
	Code
	Link
)

// Options say how to lay out.
type Options struct {
	// Width is how wide lines may get; where it is zero, lines end where they do in the source. Code is never broken.
	Width int
	// Paint puts text in a style; nil leaves it plain.
	Paint func(s Style, text string) string
}

// Render lays a text out. All that comes from the text is safe to print on a terminal; only Paint adds what
// is not text.
func Render(source string, options Options) string {
	r := &renderer{Options: options, source: []byte(source)}
	if r.Paint == nil {
		r.Paint = func(_ Style, text string) string { return text }
	}
	r.blocks(newParser().Parse(text.NewReader(r.source)), "", "")
	return r.out.String()
}

// newParser parses CommonMark and tables. What else there is in GitHub's Markdown (~~struck out~~, [x] tasks)
// reads well as it is.
func newParser() parser.Parser {
	return parser.NewParser(parser.WithBlockParsers(parser.DefaultBlockParsers()...),
		parser.WithInlineParsers(parser.DefaultInlineParsers()...),
		parser.WithParagraphTransformers(append(parser.DefaultParagraphTransformers(),
			util.Prioritized(tables{}, 200))...))
}

type renderer struct {
	Options
	source []byte
	out    strings.Builder
}

// line writes a line. Blanks at its end say nothing.
func (r *renderer) line(text string) { r.out.WriteString(strings.TrimRight(text, " ") + "\n") }

// blocks writes the blocks in a node, with empty lines between them. Lines begin with indent, the very first
// one with first.
func (r *renderer) blocks(parent ast.Node, first, indent string) {
	for node := parent.FirstChild(); node != nil; node = node.NextSibling() {
		inItem := parent.Kind() == ast.KindListItem && (node.Kind() == ast.KindTextBlock || node.Kind() == ast.KindList)
		if node.PreviousSibling() != nil && !inItem {
			r.line(indent)
		}
		r.block(node, first, indent)
		first = indent
	}
}

func (r *renderer) block(node ast.Node, first, indent string) {
	switch n := node.(type) {
	case *ast.Heading:
		r.paragraph([]span{{text: r.Paint(Heading, strings.Repeat("#", n.Level)+" "+r.plain(n)),
			width: n.Level + 1 + displaywidth.String(r.plain(n))}}, first, indent)
	case *ast.Paragraph, *ast.TextBlock:
		r.paragraph(r.spans(node, nil), first, indent)
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		r.verbatim(n.Lines().Sliced(0, n.Lines().Len()), Code, first, indent)
	case *ast.HTMLBlock:
		lines := n.Lines().Sliced(0, n.Lines().Len())
		if n.HasClosure() {
			lines = append(lines, n.ClosureLine)
		}
		r.verbatim(lines, Emphasis, first, indent)
	case *ast.Blockquote:
		r.blocks(n, first+"| ", indent+"| ")
	case *ast.List:
		r.list(n, first, indent)
	case *ast.ThematicBreak:
		r.line(first + "---")
	case *extast.Table:
		r.table(n, first, indent)
	default:
		r.blocks(node, first, indent)
	}
}

func (r *renderer) verbatim(lines []text.Segment, style Style, first, indent string) {
	for _, line := range lines {
		text := strings.TrimRight(string(line.Value(r.source)), "\r\n")
		r.line(first + "    " + r.Paint(style, term.Escape(text)))
		first = indent
	}
}

func (r *renderer) list(list *ast.List, first, indent string) {
	number := list.Start
	for item := list.FirstChild(); item != nil; item = item.NextSibling() {
		mark := "- "
		if list.IsOrdered() {
			mark = fmt.Sprintf("%d. ", number)
			number++
		}
		if !list.IsTight && item.PreviousSibling() != nil {
			r.line(indent)
		}
		r.blocks(item, first+mark, indent+strings.Repeat(" ", len(mark)))
		first = indent
	}
}

// span is a piece of a paragraph that is not broken: a word, a blank, or with an empty text the end of a line.
type span struct {
	text  string
	width int
	// blank: a line may end here instead; broken: one does.
	blank, broken bool
}

// spans are the pieces of what is in a paragraph; paint is what it is in.
func (r *renderer) spans(parent ast.Node, paint func(string) string) []span {
	var spans []span
	words := func(text string, paint func(string) string) {
		for i, word := range strings.Split(term.Escape(text), " ") {
			if i > 0 {
				spans = append(spans, span{text: " ", width: 1, blank: true})
			}
			if word == "" {
				continue
			}
			painted := word
			if paint != nil {
				painted = paint(word)
			}
			spans = append(spans, span{text: painted, width: displaywidth.String(word)})
		}
	}
	in := func(s Style) func(string) string { return func(text string) string { return r.Paint(s, text) } }
	for node := parent.FirstChild(); node != nil; node = node.NextSibling() {
		switch n := node.(type) {
		case *ast.Text:
			words(resolve(n, r.source), paint)
			switch {
			case n.HardLineBreak(), n.SoftLineBreak() && r.Width == 0:
				spans = append(spans, span{broken: true})
			case n.SoftLineBreak():
				spans = append(spans, span{text: " ", width: 1, blank: true})
			}
		case *ast.String:
			words(string(n.Value), paint)
		case *ast.CodeSpan:
			text := "`" + r.plain(n) + "`"
			spans = append(spans, span{text: r.Paint(Code, text), width: displaywidth.String(text)})
		case *ast.Emphasis:
			style := Emphasis
			if n.Level > 1 {
				style = Strong
			}
			spans = append(spans, r.spans(n, in(style))...)
		case *ast.Link:
			label := r.plain(n)
			spans = append(spans, r.spans(n, in(Link))...)
			if target := string(n.Destination); target != label {
				words(" ("+target+")", in(Link))
			}
		case *ast.AutoLink:
			words(string(n.URL(r.source)), in(Link))
		case *ast.Image:
			words("["+r.plain(n)+"] ("+string(n.Destination)+")", in(Link))
		case *ast.RawHTML:
			for i := range n.Segments.Len() {
				segment := n.Segments.At(i)
				words(string(segment.Value(r.source)), in(Emphasis))
			}
		default:
			spans = append(spans, r.spans(node, paint)...)
		}
	}
	return spans
}

// resolve is a text with its escapes and entities replaced by what they mean.
func resolve(n *ast.Text, source []byte) string {
	value := n.Value(source)
	if n.IsRaw() {
		return string(value)
	}
	return string(util.ResolveEntityNames(util.ResolveNumericReferences(util.UnescapePunctuations(value))))
}

// plain is the text in a node on one line, without styles.
func (r *renderer) plain(node ast.Node) string {
	bare := &renderer{Options: Options{Width: 1, Paint: func(_ Style, text string) string { return text }},
		source: r.source}
	var b strings.Builder
	if node.Kind() == ast.KindCodeSpan {
		for child := node.FirstChild(); child != nil; child = child.NextSibling() {
			if t, ok := child.(*ast.Text); ok {
				b.WriteString(term.Escape(strings.ReplaceAll(string(t.Segment.Value(r.source)), "\n", " ")))
			}
		}
		return b.String()
	}
	for _, s := range bare.spans(node, nil) {
		b.WriteString(s.text)
	}
	return b.String()
}

// paragraph writes pieces on lines no wider than there is room.
func (r *renderer) paragraph(spans []span, first, indent string) {
	line, column := first, displaywidth.String(first)
	end := func() {
		r.line(line)
		line, column = indent, displaywidth.String(indent)
	}
	for i, s := range spans {
		switch {
		case s.broken:
			end()
			continue
		case s.blank &&
			(column == displaywidth.String(indent) || r.Width > 0 && column+1+wordWidth(spans[i+1:]) > r.Width):
			if column > displaywidth.String(indent) {
				end()
			}
			continue
		}
		line += s.text
		column += s.width
	}
	if line != indent || len(spans) == 0 {
		r.line(line)
	}
}

// wordWidth is how wide the pieces are up to the next blank.
func wordWidth(spans []span) int {
	width := 0
	for _, s := range spans {
		if s.blank || s.broken {
			break
		}
		width += s.width
	}
	return width
}
