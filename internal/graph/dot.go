package graph

import (
	"fmt"
	"html"
	"io"
	"strings"
)

// WriteDOT writes the picture in Graphviz' language.
func (g *Graph) WriteDOT(w io.Writer) error {
	var b strings.Builder
	b.WriteString("digraph clan {\n" +
		"  graph [rankdir=LR, ranksep=2, nodesep=0.2, label=<" + xmlText(g.Title) +
		">, labelloc=t, fontname=\"sans-serif\"];\n" +
		"  node [shape=plain, fontname=\"sans-serif\", fontsize=11];\n" +
		"  edge [arrowhead=none, color=gray50];\n")
	for i, group := range g.Groups {
		fmt.Fprintf(&b,
			"  machines%d [label=<<TABLE BORDER=\"0\" CELLBORDER=\"1\" CELLSPACING=\"0\" CELLPADDING=\"5\" STYLE=\"ROUNDED\"><TR><TD>%s</TD></TR></TABLE>>];\n",
			i, joined(lines(group.labels(), textColumns), "<BR/>", xmlText))
	}
	for i, s := range g.Services {
		fmt.Fprintf(&b,
			"  instances%d [label=<<TABLE BORDER=\"0\" CELLBORDER=\"1\" CELLSPACING=\"0\" CELLPADDING=\"5\"><TR><TD><B>%s</B></TD></TR>",
			i, joined(lines(s.labels(), textColumns), "<BR/>", xmlText))
		for j := range s.Roles {
			fmt.Fprintf(&b, "<TR><TD PORT=\"role%d\" ALIGN=\"LEFT\">%s</TD></TR>", j, xmlText(g.label(i, j)))
		}
		b.WriteString("</TABLE>>];\n")
	}
	for _, l := range g.allLinks() {
		fmt.Fprintf(&b, "  machines%d -> instances%d:role%d:w;\n", l.Group, l.Service, l.Role)
	}
	for _, o := range g.Offers {
		for _, to := range o.Readers {
			fmt.Fprintf(&b,
				"  instances%d:e -> instances%d:e [label=<%s>, arrowhead=normal, style=dashed, constraint=false];\n",
				o.Service, to, xmlText(o.Interface))
		}
	}
	b.WriteString("}\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// joined are lines, each escaped, with something between them.
func joined(lines []string, between string, escape func(string) string) string {
	return strings.Join(each(lines, escape), between)
}

// xmlText escapes text for XML, Graphviz' labels and HTML alike.
func xmlText(s string) string { return html.EscapeString(clean(s)) }
