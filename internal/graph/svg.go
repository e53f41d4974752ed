package graph

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"

	"github.com/clanctl/clanctl/internal/palette"
	"github.com/clanctl/clanctl/internal/textview"
)

// All measures are in CSS pixels. The font has characters of one width, so that the size of a text is known without it.
const (
	fontSize   = 13
	charWidth  = 7.9
	lineHeight = 18
	margin     = 24
	padding    = 10
	boxGap     = 14
	roleHeight = 22
	// lineGap is what lines keep from each other where they leave a box.
	lineGap = 6
	// textColumns is how long lines of names are, at most, where names are not longer.
	textColumns = 36
	// mostLines is how many lines of names a box shows; more are counted. That of a tag shows examples.
	mostLines    = 10
	mostTagLines = 3
)

func columns(s string) int { return displaywidth.String(s) }

// box is a rectangle with text in it.
type box struct {
	x, y, width, height float64
	title               string // of machines: how many, and their tags
	text                []string
	note                string   // what lines do not tell
	findings            string   // in words
	bad                 bool     // errors are among them
	full                string   // all of the text, for a tooltip
	names               []string // of machines or instances, as the clan has them
	dashed              bool
}

func newBox(title string, names []name, most int, more []string) box {
	labels, all := make([]string, len(names)), 0
	for i, n := range names {
		labels[i] = n.text
		all += n.n
	}
	b := box{title: title, text: lines(labels, textColumns)}
	if len(b.text) > most {
		shown, next := 0, 0
		for _, line := range b.text[:most-1] {
			for range strings.Count(line, ", ") + 1 {
				if next < len(names) {
					shown += names[next].n
					next++
				}
			}
		}
		b.text = append(b.text[:most-1:most-1], fmt.Sprintf("and %d more", all-shown))
	}
	widest := 0
	for _, line := range append(append([]string{title}, b.text...), more...) {
		widest = max(widest, columns(line))
	}
	b.width = float64(widest)*charWidth + 2*padding
	b.height = float64(len(b.text))*lineHeight + 2*padding
	return b
}

// layout is where everything stands.
type layout struct {
	groups, services []box
	width, height    float64
	// left and right are where the lines begin and end.
	left, right float64
}

func (g *Graph) layout() layout {
	l := layout{groups: g.groupBoxes(), services: g.serviceBoxes()}
	// Lines need the more room the more there are.
	gap := min(120+6*float64(len(g.Links)), 420)
	if len(g.Links) == 0 {
		gap = 60
	}
	var widest, heights [2]float64
	sides := [][]box{l.groups, l.services}
	for i, boxes := range sides {
		for _, b := range boxes {
			widest[i] = max(widest[i], b.width)
			heights[i] += b.height + boxGap
		}
	}
	titleWidth := float64(columns(clean(g.Title)))*charWidth*1.4 + 2*margin
	if g.ByTag {
		titleWidth = max(titleWidth, float64(columns(byTagNote))*charWidth+2*margin)
	}
	l.left, l.right = margin+widest[0], margin+widest[0]+gap
	l.width = max(l.right+widest[1]+margin, titleWidth)
	top := float64(margin + 40)
	if g.ByTag {
		top += lineHeight
	}
	room := max(heights[0], heights[1]) - boxGap
	for i, boxes := range sides {
		// The shorter side is spread out, within reason.
		space, y := float64(boxGap), top
		if n := float64(len(boxes)); n > 0 {
			space = min(boxGap+(room+boxGap-heights[i])/n, 6*boxGap)
			y += (room + space - heights[i] - n*(space-boxGap)) / 2
		}
		for j := range boxes {
			boxes[j].width = widest[i]
			boxes[j].x, boxes[j].y = margin, y
			if i == 1 {
				boxes[j].x = l.right
			}
			y += boxes[j].height + space
		}
	}
	l.height = top + max(room, 0) + margin
	l.width = max(l.width, l.right+widest[1]+g.offerRoom(l)+margin)
	return l
}

// groupBoxes are the boxes of machines, without places.
func (g *Graph) groupBoxes() (boxes []box) {
	leaving := make([]int, len(g.Groups))
	for _, link := range g.Links {
		leaving[link.Group]++
	}
	for i, group := range g.Groups {
		note := ""
		if leaving[i] == 0 && len(g.Services) > 0 {
			note = g.unlinked(i)
		}
		errors, warnings := 0, 0
		for _, m := range group.Machines {
			errors, warnings = errors+m.Errors, warnings+m.Warnings
		}
		found := textview.Counted(errors, "error", warnings, "warning")
		most := mostLines
		if group.ByTag || group.ByName {
			most = mostTagLines
		}
		b := newBox(group.title(), group.names(), most, []string{note, found})
		b.full, b.note, b.findings, b.bad = strings.Join(group.machines(), ", "), note, found, errors > 0
		if group.Every > 0 {
			b.full = "every machine"
		}
		b.names = each(group.Machines, func(m Machine) string { return m.Name })
		for _, line := range []string{b.title, note, found} {
			if line != "" {
				b.height += lineHeight
			}
		}
		b.height = max(b.height, 2*padding+lineGap*float64(leaving[i]))
		b.dashed = group.Every == 0 && group.Machines[0].Unknown
		boxes = append(boxes, b)
	}
	return boxes
}

// serviceBoxes are the boxes of instances, without places.
func (g *Graph) serviceBoxes() (boxes []box) {
	offered := map[int]int{}
	for _, o := range g.Offers {
		offered[o.Service]++
	}
	for i, s := range g.Services {
		var roles []string
		for j := range s.Roles {
			roles = append(roles, "o  "+g.label(i, j))
		}
		errors, warnings := 0, 0
		for _, inst := range s.Instances {
			errors, warnings = errors+inst.Errors, warnings+inst.Warnings
		}
		found := textview.Counted(errors, "error", warnings, "warning")
		b := newBox("", s.names(), mostLines, append(roles, found))
		b.names = each(s.Instances, func(i Instance) string { return i.Name })
		b.full, b.findings, b.bad = strings.Join(s.labels(), ", "), found, errors > 0
		if found != "" {
			b.height += lineHeight
		}
		b.height = max(b.height+float64(len(roles))*roleHeight, float64(offered[i])*lineHeight+3*padding)
		boxes = append(boxes, b)
	}
	return boxes
}

// style is readable in light and dark. Every colour is written out: not all viewers know variables. What a
// box under the pointer is not linked to fades, in viewers that know :has.
const style = `text{font:13px ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace;fill:#1b1f24}
text.title{font-size:18px;font-weight:600}
text.name{font-weight:600}
text.note{fill:#59636e}
.paper{fill:#ffffff}
.machines{fill:#eef4ff;stroke:#3b62a8}
.instances{fill:#f6f8fa;stroke:#59636e}
.unknown{stroke-dasharray:5 4}
.line{fill:none;stroke:#6e7781;stroke-width:1.4}
.mac{fill:#f3eefc;stroke:#6b46b8}
.all{fill:#f6f8fa;stroke:#59636e;stroke-width:2}
.most{stroke-dasharray:2 4}
text.warning{fill:#8a5300;font-weight:600}
text.error{fill:#b3261e;font-weight:600}
.port{fill:#ffffff;stroke:#59636e}
.offer{stroke-dasharray:4 3}
@media (prefers-color-scheme:dark){
text{fill:#e6edf3}
text.note{fill:#9aa4af}
.paper{fill:#0d1117}
.machines{fill:#14233d;stroke:#7aa2e8}
.instances{fill:#161b22;stroke:#8b949e}
.line{stroke:#8b949e}
.port{fill:#0d1117;stroke:#8b949e}
.mac{fill:#251c3d;stroke:#b79df2}
.all{fill:#161b22;stroke:#8b949e}
text.warning{fill:#f2c266}
text.error{fill:#ff9d94}
}
.faded{opacity:.15}
@media print{.paper{fill:none}}
`

// standalone is the style of a picture that is a document: it fits the window, and its ground covers all of that.
const standalone = `svg:root{background:#ffffff;max-width:100%;height:auto;margin:auto;display:block}
@media (prefers-color-scheme:dark){svg:root{background:#0d1117}}
`

// colours are those of the picture's roles: of their lines, ports and names.
func (g *Graph) colours() string {
	used := map[int]bool{}
	for _, s := range g.Services {
		for _, r := range s.Roles {
			used[palette.Role(r.Name)] = true
		}
	}
	var light, dark strings.Builder
	for _, i := range slices.Sorted(maps.Keys(used)) {
		rule := ".line.c%d{stroke:%s}.port.c%d,text.c%d{fill:%s}\n"
		fmt.Fprintf(&light, rule, i, palette.Colours[i].Light, i, i, palette.Colours[i].Light)
		fmt.Fprintf(&dark, rule, i, palette.Colours[i].Dark, i, i, palette.Colours[i].Dark)
	}
	return light.String() + "@media screen and (prefers-color-scheme:dark){\n" + dark.String() + "}\n"
}

// WriteSVG writes the picture as SVG, for which no other program is needed. It follows the viewer's light or
// dark scheme, and says in words what it shows.
func (g *Graph) WriteSVG(w io.Writer) error {
	var b bytes.Buffer
	g.svg(&b)
	_, err := b.WriteTo(w)
	return err
}

// Picture is the picture for a page that has the style itself, and the style.
func (g *Graph) Picture() (svg, style string) {
	var b bytes.Buffer
	g.svg(&b)
	before, rest, _ := strings.Cut(b.String(), "<style>")
	style, after, _ := strings.Cut(rest, "</style>\n")
	return before + after, style
}

func (g *Graph) svg(b *bytes.Buffer) {
	l := g.layout()
	fmt.Fprintf(b,
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img" aria-labelledby="clan-title clan-desc">`+
			"\n",
		l.width, l.height, l.width, l.height)
	fmt.Fprintf(b, "<title id=\"clan-title\">%s</title>\n<desc id=\"clan-desc\">%s</desc>\n", xmlText(g.Title),
		xmlText(strings.Join(g.sentences(), " ")))
	fmt.Fprintf(b, "<style>%s%s%s%s</style>\n", standalone, style, g.colours(), g.highlights())
	fmt.Fprintf(b, "<rect class=\"paper\" width=\"100%%\" height=\"100%%\"/>\n")
	text(b, "title", margin, margin+14, clean(g.Title))
	if g.ByTag {
		text(b, "note", margin, margin+14+lineHeight, byTagNote)
	}
	for _, line := range append(g.lines(l), g.offerLines(l)...) {
		fmt.Fprintln(b, line)
	}
	for i, box := range l.groups {
		class := "machines"
		switch {
		case box.dashed:
			class += " unknown"
		case g.Groups[i].Every > 0:
			class += " all"
		case g.Groups[i].mac():
			class += " mac"
		}
		open(b, fmt.Sprintf("g%d", i), class, box, 8)
		y := box.y + padding + fontSize
		if box.title != "" {
			text(b, "note", box.x+padding, y, box.title)
			y += lineHeight
		}
		for _, line := range box.text {
			text(b, "", box.x+padding, y, line)
			y += lineHeight
		}
		if box.note != "" {
			text(b, "note", box.x+padding, y, box.note)
			y += lineHeight
		}
		box.writeFindings(b, y)
		b.WriteString("</g>\n")
	}
	for i, box := range l.services {
		open(b, fmt.Sprintf("s%d", i), "instances", box, 2)
		y := box.y + padding + fontSize
		for _, line := range box.text {
			text(b, "name", box.x+padding, y, line)
			y += lineHeight
		}
		for j, role := range g.Services[i].Roles {
			y := l.port(i, j)
			colour := fmt.Sprintf("c%d", palette.Role(role.Name))
			class := "port " + colour
			fmt.Fprintf(b, "<g><title>%s</title>", xmlText(clean(role.Name)+": "+g.who(i, j)))
			fmt.Fprintf(b, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/>", class, box.x, y)
			text(b, colour, box.x+padding, y+4, g.label(i, j))
			b.WriteString("</g>")
		}
		box.writeFindings(b, l.port(i, len(g.Services[i].Roles)))
		b.WriteString("</g>\n")
	}
	b.WriteString("</svg>\n")
}

// writeFindings says how many there are.
func (box box) writeFindings(b *bytes.Buffer, y float64) {
	class := "warning"
	if box.bad {
		class = "error"
	}
	if box.findings != "" {
		text(b, class, box.x+padding, y, box.findings)
	}
}

// open begins a box, which the caller ends.
func open(b *bytes.Buffer, id, class string, box box, radius int) {
	fmt.Fprintf(b, `<g id="clan-%s" data-names="%s"><title>%s</title>`+
		`<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="%d"/>`,
		id, asData(box.names), xmlText(box.full), class, box.x, box.y, box.width, box.height, radius)
}

// asData is a list of names in JSON, for programs: in ASCII, so that nothing in them does anything to the text around.
func asData(names []string) string {
	list, _ := json.Marshal(names) // strings always can be
	var b strings.Builder
	for _, r := range string(list) {
		if r < utf8.RuneSelf-1 {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return html.EscapeString(b.String())
}

func text(b *bytes.Buffer, class string, x, y float64, s string) {
	attribute := ""
	if class != "" {
		attribute = fmt.Sprintf(" class=%q", class)
	}
	fmt.Fprintf(b, "<text%s x=\"%.1f\" y=\"%.1f\">%s</text>", attribute, x, y, xmlText(s))
}

// port is the height at which lines reach a role.
func (l layout) port(service, role int) float64 {
	box := l.services[service]
	return box.y + padding + float64(len(box.text))*lineHeight + (float64(role)+0.5)*roleHeight
}

// lines are the links, leaving each group in the order in which they arrive.
func (g *Graph) lines(l layout) []string {
	links := slices.Clone(g.Links)
	slices.SortFunc(links, func(a, b Link) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(l.port(a.Service, a.Role), l.port(b.Service, b.Role)))
	})
	var drawn []string
	for i := 0; i < len(links); {
		first, from := i, l.groups[links[i].Group]
		for i < len(links) && links[i].Group == links[first].Group {
			i++
		}
		for j, link := range links[first:i] {
			// Spread over the side of the box, not closer to its corners than the text is.
			y := from.y + padding + (from.height-2*padding)*(float64(j)+0.5)/float64(i-first)
			end := l.port(link.Service, link.Role)
			role := g.Services[link.Service].Roles[link.Role]
			bend := (l.right - l.left) * 0.45
			drawn = append(drawn,
				fmt.Sprintf(`<path class="line c%d%s g%d s%d" d="M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f"/>`,
					palette.Role(role.Name), map[bool]string{true: " most"}[role.Most], link.Group, link.Service,
					from.x+from.width, y, l.left+bend, y, l.right-bend, end, l.right-4, end))
		}
	}
	return drawn
}

// highlights are the rules that let what is not linked to the box under the pointer fade.
func (g *Graph) highlights() string {
	var b strings.Builder
	for i := range g.Groups {
		fmt.Fprintf(&b, "svg:has(#clan-g%d:hover) .line:not(.g%d){opacity:.12}\n", i, i)
	}
	for i := range g.Services {
		fmt.Fprintf(&b, "svg:has(#clan-s%d:hover) .line:not(.s%d){opacity:.12}\n", i, i)
	}
	return b.String()
}
