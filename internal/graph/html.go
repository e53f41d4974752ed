package graph

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // for the script
	"encoding/base64"
	"html/template"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
)

var page = sync.OnceValue(func() *template.Template { return template.Must(template.New("page").Parse(pageText)) })

// Script defines pictureTools, which makes a picture in a page one to work with.
//
//go:embed picture.js
var Script string

// start lets people filter the picture of a page by words.
const start = `
const tools = pictureTools(document.getElementById("picture"));
const q = tools.make("input", { type: "search", "aria-label": "Filter", placeholder: "Filter by names and tags",
  oninput: () => tools.words(q.value) });
tools.tools.prepend(q);
`

const pageText = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src {{.Hash}}; base-uri 'none'; form-action 'none'">
<meta name="color-scheme" content="light dark">
<title>{{.Title}}</title>
<style>
body{font:16px/1.5 system-ui,sans-serif;margin:1rem;color:#1b1f24;background:#ffffff}
h1{position:absolute;width:1px;height:1px;margin:0;overflow:hidden;clip-path:inset(50%)}
.picture{overflow:auto;max-height:85vh}
.picture-tools{display:flex;flex-wrap:wrap;gap:.4rem;margin:0 0 .5rem}
.picture-tools input{flex:1 1 12rem;max-width:24rem;min-width:8rem}
.picture-tools input,button{font:inherit;color:inherit;background:transparent;
  border:1px solid #8b949e;border-radius:6px;padding:.2rem .6rem}
.opened p{overflow-wrap:anywhere;margin:.3rem 0}
.opened h2{font-size:1.1rem;margin:.6rem 0 0}
table{border-collapse:collapse;margin-top:1rem;table-layout:fixed;width:100%}
thead th:first-child{width:28%}
thead th:nth-child(2){width:9em}
caption{text-align:left;font-weight:600;padding:.3rem 0}
th,td{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;border-top:1px solid #d1d9e0}
th[scope=row]{font-weight:600}
td,th{overflow-wrap:anywhere}
@media (max-width:700px){table,tbody,tr,th,td{display:block}th,td{padding:.15rem 0}td{border:0}caption{display:block}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}}
@media (prefers-color-scheme:dark){body{color:#e6edf3;background:#0d1117}th,td{border-color:#3d444d}}
@media print{.picture{overflow:visible}.picture svg{max-width:100%;height:auto}}
</style>
</head>
<body>
<main>
<h1>{{.Title}}</h1>
<div id="picture"><div class="picture" tabindex="0" role="region" aria-label="Picture">
{{.Picture}}</div></div>
{{range .Tables}}<table>
<caption>{{.Caption}}</caption>
<thead><tr>{{range .Heads}}<th scope="col">{{.}}</th>{{end}}</tr></thead>
<tbody>
{{range .Rows}}<tr><th scope="row">{{index . 0}}</th><td>{{index . 1}}</td><td>{{index . 2}}</td></tr>
{{end}}</tbody>
</table>
{{end}}</main>
<script>{{.Script}}</script>
</body>
</html>
`

// pageTable is a table of three columns.
type pageTable struct {
	Caption string
	Heads   [3]string
	Rows    [][3]string
}

// WriteHTML writes the picture as a page that needs nothing else, with a table of the same.
func (g *Graph) WriteHTML(w io.Writer) error {
	var picture bytes.Buffer
	g.svg(&picture)
	script := Script + start
	sum := sha256.Sum256([]byte(script))
	return page().Execute(w, map[string]any{"Hash": "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'",
		"Script": template.JS(script), "Title": clean(g.Title), "Picture": template.HTML(picture.String()),
		"Tables": g.tables()})
}

// tables say what the picture shows: the roles of each box of instances, the machines of boxes that are tags, and what
// instances export to others.
func (g *Graph) tables() []pageTable {
	all := []pageTable{{"The same as a table", [3]string{"Instances", "Role", "Machines"}, nil},
		{"Machines by tag", [3]string{"Tag", "Machines", "Names"}, nil},
		{"What instances export to others", [3]string{"Instances", "Interface", "Read by"}, nil}}
	add := func(table int, cells ...string) { all[table].Rows = append(all[table].Rows, [3]string(cells)) }
	for i, s := range g.Services {
		instances := strings.Join(s.labels(), ", ")
		if len(s.Roles) == 0 {
			add(0, instances, "none", "")
		}
		for j, role := range s.Roles {
			add(0, instances, clean(role.Name), g.who(i, j))
		}
	}
	for _, group := range g.Groups {
		if group.ByTag {
			add(1, clean(group.Tags[0]), strconv.Itoa(len(group.Machines)), strings.Join(group.machines(), ", "))
		}
	}
	for _, o := range g.Offers {
		add(2, strings.Join(g.Services[o.Service].labels(), ", "), clean(o.Interface), g.readers(o))
	}
	return append(all[:1], slices.DeleteFunc(all[1:], func(t pageTable) bool { return t.Rows == nil })...)
}
