package graph

import (
	"fmt"
	"io"
	"strings"
)

// mermaidColumns is about as much as Mermaid puts on one line of a box.
const mermaidColumns = 26

// WriteMermaid writes the picture as a Mermaid flowchart, which GitHub, GitLab and others draw where it
// stands in a Markdown text.
func (g *Graph) WriteMermaid(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "flowchart LR\n  accTitle: %s\n", mermaidText(g.Title))
	for i, group := range g.Groups {
		fmt.Fprintf(&b, "  m%d(\"%s\")\n", i, joined(lines(group.labels(), mermaidColumns), "<br/>", mermaidText))
	}
	for i, s := range g.Services {
		text := lines(s.labels(), mermaidColumns)
		for j, role := range s.Roles {
			if role.Everywhere || role.Most || role.Members == 0 {
				text = append(text, g.label(i, j))
			}
		}
		fmt.Fprintf(&b, "  i%d[\"%s\"]\n", i, joined(text, "<br/>", mermaidText))
	}
	// One line between two boxes, whatever the number of roles.
	links := g.allLinks()
	for i := 0; i < len(links); {
		l := links[i]
		var roles []string
		for ; i < len(links) && links[i].Group == l.Group && links[i].Service == l.Service; i++ {
			roles = append(roles, clean(g.Services[l.Service].Roles[links[i].Role].Name))
		}
		fmt.Fprintf(&b, "  m%d ---|\"%s\"| i%d\n", l.Group, mermaidText(strings.Join(roles, ", ")), l.Service)
	}
	for _, o := range g.Offers {
		for _, to := range o.Readers {
			fmt.Fprintf(&b, "  i%d -.->|\"%s\"| i%d\n", o.Service, mermaidText(o.Interface), to)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// mermaidText writes all but harmless characters as Mermaid's entities: a label may be Markdown or HTML to
// Mermaid, and the word "end" the end of a block.
func mermaidText(s string) string {
	var b strings.Builder
	for _, r := range clean(s) {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r > 0x7e,
			strings.ContainsRune(" -_.,:()/@", r):
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, "#%d;", r)
		}
	}
	return b.String()
}
