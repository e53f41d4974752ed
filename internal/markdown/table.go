package markdown

import (
	"bytes"
	"strings"

	"github.com/clipperhouse/displaywidth"
	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// tables makes tables of paragraphs that are ones in GitHub's Markdown. goldmark has an extension for it, but
// the package of its extensions takes longer to set itself up than all the rest of it.
type tables struct{}

// Transform takes the table out of a paragraph, from the line before the rule on.
func (tables) Transform(paragraph *ast.Paragraph, reader text.Reader, _ parser.Context) {
	lines := paragraph.Lines()
	for i := 1; i < lines.Len(); i++ {
		rule := lines.At(i)
		columns := len(cells(rule, reader.Source()))
		if !isRule(rule.Value(reader.Source())) || columns != len(cells(lines.At(i-1), reader.Source())) {
			continue
		}
		table := extast.NewTable()
		for j := i - 1; j < lines.Len(); j++ {
			if j == i {
				continue
			}
			row := extast.NewTableRow(nil)
			for k, segment := range cells(lines.At(j), reader.Source()) {
				if k < columns {
					cell := extast.NewTableCell()
					cell.Lines().Append(segment)
					row.AppendChild(row, cell)
				}
			}
			table.AppendChild(table, row)
		}
		paragraph.Parent().InsertAfter(paragraph.Parent(), paragraph, table)
		if lines.SetSliced(0, i-1); lines.Len() == 0 {
			paragraph.Parent().RemoveChild(paragraph.Parent(), paragraph)
		}
		return
	}
}

// isRule reports whether a line is the one below a table's header, such as |---|:-:|.
func isRule(line []byte) bool {
	return bytes.ContainsRune(line, '|') && bytes.ContainsRune(line, '-') && len(bytes.Trim(line, "|-: \t\r\n")) == 0
}

// cells are the cells of a line, between bars that no backslash escapes.
func cells(line text.Segment, source []byte) []text.Segment {
	line = line.TrimLeftSpace(source)
	line = line.TrimRightSpace(source)
	if bytes.HasPrefix(line.Value(source), []byte("|")) {
		line.Start++
	}
	var found []text.Segment
	for at := line.Start; at <= line.Stop; at++ {
		if at == line.Stop && at > line.Start || at < line.Stop && source[at] == '|' && source[at-1] != '\\' {
			cell := text.NewSegment(line.Start, at)
			cell = cell.TrimLeftSpace(source)
			found = append(found, cell.TrimRightSpace(source))
			line.Start = at + 1
		}
	}
	return found
}

// table writes a table with its columns in line.
func (r *renderer) table(table ast.Node, first, indent string) {
	var rows [][]string
	var widths []int
	for row := table.FirstChild(); row != nil; row = row.NextSibling() {
		var cells []string
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			text := strings.ReplaceAll(r.plain(cell), `\|`, "|") // in code nothing else undoes it
			if len(cells) == len(widths) {
				widths = append(widths, 0)
			}
			widths[len(cells)] = max(widths[len(cells)], displaywidth.String(text))
			cells = append(cells, text)
		}
		rows = append(rows, cells)
	}
	for i, row := range rows {
		var line strings.Builder
		for j, cell := range row {
			padded := cell + strings.Repeat(" ", widths[j]-displaywidth.String(cell)+2)
			if i == 0 {
				padded = r.Paint(Strong, padded)
			}
			line.WriteString(padded)
		}
		r.line(first + line.String())
		first = indent
	}
}
