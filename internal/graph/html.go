package graph

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // for the script
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
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
<table>
<caption>The same as a table</caption>
<thead><tr><th scope="col">Instances</th><th scope="col">Role</th><th scope="col">Machines</th></tr></thead>
<tbody>
{{range .Rows}}<tr><th scope="row">{{.Instances}}</th><td>{{.Role}}</td><td>{{.Machines}}</td></tr>
{{end}}</tbody>
</table>
{{with .Tags}}<table>
<caption>Machines by tag</caption>
<thead><tr><th scope="col">Tag</th><th scope="col">Machines</th><th scope="col">Names</th></tr></thead>
<tbody>
{{range .}}<tr><th scope="row">{{.Instances}}</th><td>{{.Role}}</td><td>{{.Machines}}</td></tr>
{{end}}</tbody>
</table>
{{end}}{{with .Offers}}<table>
<caption>What instances export to others</caption>
<thead><tr><th scope="col">Instances</th><th scope="col">Interface</th><th scope="col">Read by</th></tr></thead>
<tbody>
{{range .}}<tr><th scope="row">{{.Instances}}</th><td>{{.Role}}</td><td>{{.Machines}}</td></tr>
{{end}}</tbody>
</table>
{{end}}</main>
<script>{{.Script}}</script>
</body>
</html>
`

// pageRow is a row of either table.
type pageRow struct{ Instances, Role, Machines string }

// WriteHTML writes the picture as a page that needs nothing else, with a table of the same.
func (g *Graph) WriteHTML(w io.Writer) error {
	var picture bytes.Buffer
	g.svg(&picture)
	script := Script + start
	sum := sha256.Sum256([]byte(script))
	return page().Execute(w, struct {
		Hash    string
		Script  template.JS
		Title   string
		Picture template.HTML
		Rows    []pageRow
		Tags    []pageRow
		Offers  []pageRow
	}{"'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'", template.JS(script), clean(g.Title),
		template.HTML(picture.String()), g.rows(), g.tagRows(), g.offerRows()})
}

// rows are the table: one for each role of each box.
func (g *Graph) rows() []pageRow {
	var rows []pageRow
	for i, s := range g.Services {
		instances := strings.Join(s.labels(), ", ")
		if len(s.Roles) == 0 {
			rows = append(rows, pageRow{instances, "none", ""})
		}
		for j, role := range s.Roles {
			rows = append(rows, pageRow{instances, clean(role.Name), g.who(i, j)})
		}
	}
	return rows
}

// tagRows are the machines of boxes that are tags.
func (g *Graph) tagRows() []pageRow {
	var rows []pageRow
	for _, group := range g.Groups {
		if group.ByTag {
			rows = append(rows, pageRow{clean(group.Tags[0]), fmt.Sprint(len(group.Machines)),
				strings.Join(group.machines(), ", ")})
		}
	}
	return rows
}

// offerRows are the table of what instances export to others.
func (g *Graph) offerRows() []pageRow {
	var rows []pageRow
	for _, o := range g.Offers {
		rows = append(rows,
			pageRow{strings.Join(g.Services[o.Service].labels(), ", "), clean(o.Interface), g.readers(o)})
	}
	return rows
}
