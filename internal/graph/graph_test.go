package graph

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/clanctl/clanctl/internal/view"
)

// fleet describes a clan: instance and role to machines.
type fleet map[string]map[string][]string

func (f fleet) graph(title string, machines ...string) *Graph {
	all := map[string]Machine{}
	for _, name := range machines {
		all[name] = Machine{Class: "nixos", Tags: []string{"all"}}
	}
	instances := &view.InstanceList{}
	var names []string
	for name := range f {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		inst := view.Instance{Name: name, Module: &view.Module{Name: "svc"}}
		var roles []string
		for role := range f[name] {
			roles = append(roles, role)
		}
		slices.Sort(roles)
		for _, role := range roles {
			shown := view.Role{Name: role}
			for _, machine := range f[name][role] {
				shown.Members = append(shown.Members, view.Member{Machine: machine})
			}
			inst.Roles = append(inst.Roles, shown)
		}
		instances.Instances = append(instances.Instances, inst)
	}
	g := draw(all, machines, instances, exports{})
	g.Title = title
	return g
}

func TestOf(t *testing.T) {
	g := fleet{
		"backup": {"client": {"a", "b"}, "server": {"c"}},
		"copy":   {"client": {"a", "b"}, "server": {"c"}},
		"keys":   {"peer": {"a", "b", "c", "d"}},
		"none":   {"peer": nil},
		"old":    {"peer": {"ghost"}},
	}.graph("x", "a", "b", "c", "d")
	want := `backup (svc), copy (svc). client: a, b; server: c.
old (svc). peer: ghost (unknown).
keys (svc). peer: every machine.
none (svc). peer: no machine.
d: only what every machine has.`
	if diff := cmp.Diff(want, strings.Join(g.sentences(), "\n")); diff != "" {
		t.Error(diff)
	}
	if len(g.Groups) != 5 || len(g.Links) != 4 { // with the box of every machine, and its line to peer
		t.Errorf("%d boxes of machines and %d lines", len(g.Groups), len(g.Links))
	}
	if n := g.crossings(indices(len(g.Groups)), indices(len(g.Services))); n != 0 {
		t.Errorf("%d lines cross", n)
	}
}

// A hundred machines with seven kinds of them are a few boxes, and roles of most machines do not fill the
// picture with lines.
func TestLarge(t *testing.T) {
	var machines []string
	f := fleet{}
	add := func(instance, role, machine string) {
		if f[instance] == nil {
			f[instance] = map[string][]string{}
		}
		f[instance][role] = append(f[instance][role], machine)
	}
	for i := range 100 {
		name := fmt.Sprintf("m%02d", i)
		machines = append(machines, name)
		for j := range 20 {
			switch {
			case j < 4:
				add(fmt.Sprint("all", j), "peer", name)
			case j < 10 && i%7 != 3:
				add(fmt.Sprint("most", j), "client", name)
			case i%7 == j-10:
				add(fmt.Sprint("kind", j), "server", name)
				add(fmt.Sprint("kind", j), "client", fmt.Sprintf("m%02d", (i+1)%7))
			}
		}
	}
	g := f.graph("large", machines...)
	if len(g.Groups) > 20 || len(g.Links) > manyLinks {
		t.Errorf("%d boxes, %d lines", len(g.Groups), len(g.Links))
	}
	l := g.layout()
	for _, boxes := range [][]box{l.groups, l.services} {
		for i, b := range boxes {
			if b.x < 0 || b.x+b.width > l.width || b.y < 40 || b.y+b.height > l.height {
				t.Errorf("box %d is not in the picture: %+v", i, b)
			}
			if i > 0 && b.y < boxes[i-1].y+boxes[i-1].height {
				t.Errorf("box %d covers the one above", i)
			}
			for _, line := range b.text {
				if float64(columns(line))*charWidth > b.width-2*padding+1 {
					t.Errorf("%q is wider than its box", line)
				}
			}
		}
	}
	// Nobody is lost: each machine is named in the picture's words or in a tooltip.
	var svg bytes.Buffer
	if err := g.WriteSVG(&svg); err != nil {
		t.Fatal(err)
	}
	for _, name := range machines {
		if !strings.Contains(svg.String(), name) {
			t.Errorf("%s is not in the picture", name)
		}
	}
}

var hostile = []string{`<script>alert(1)</script>`, `a"b`, "end", "x`y`", "it's #1; &amp;", `{}|[]()<>`, "new\nline",
	"\x1b[31mred", "日本語", "subgraph",
	`"]; evil --> x`, "%%{init: {}}%%", "]]>", `${x} \" \N`, "\u202eabc", "\ufffe\uffff", "\xff\x00", "", " ", "--",
	"-->"}

func hostileGraph() *Graph {
	f := fleet{}
	for i, name := range hostile {
		f[name] = map[string][]string{name: hostile[:i+1], "b": hostile}
	}
	return f.graph(`<b>"title" --> & end`, hostile...)
}

// Whatever the names, SVG and HTML are well-formed, and hold nothing but what we put there.
func TestMarkup(t *testing.T) {
	for name, write := range map[string]func(*Graph, io.Writer) error{"svg": (*Graph).WriteSVG,
		"html": (*Graph).WriteHTML} {
		var b bytes.Buffer
		if err := write(hostileGraph(), &b); err != nil {
			t.Fatal(err)
		}
		text := strings.Replace(b.String(), "<script>"+Script+start+"</script>", "", 1)
		dec := xml.NewDecoder(strings.NewReader(strings.TrimPrefix(text, "<!DOCTYPE html>")))
		dec.Strict = name == "svg"
		dec.AutoClose, dec.Entity = xml.HTMLAutoClose, xml.HTMLEntity
		known := strings.Fields("svg title desc style rect text path g circle html head meta body main div table caption thead tbody tr th td h1")
		for {
			token, err := dec.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if start, ok := token.(xml.StartElement); ok && !slices.Contains(known, start.Name.Local) {
				t.Errorf("%s: <%s>", name, start.Name.Local)
			}
		}
		for _, want := range []string{`role="img"`, `aria-labelledby="clan-title clan-desc"`, `<desc id="clan-desc">`,
			"prefers-color-scheme:dark", "&lt;script&gt;"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: there is no %s", name, want)
			}
		}
		if bad := regexp.MustCompile(`(?i)<script|javascript:|https?://[^w]|\x1b|\x{202e}`).FindString(text); bad != "" {
			t.Errorf("%s: there is %q", name, bad)
		}
	}
}

func TestMermaid(t *testing.T) {
	var b strings.Builder
	if err := (fleet{"backup": {"client": {"a", "b"}, "server": {"c"}},
		"keys": {"peer": {"a", "b", "c"}}}).graph("x; y", "a", "b", "c").WriteMermaid(&b); err != nil {
		t.Fatal(err)
	}
	want := `flowchart LR
  accTitle: x#59; y
  m0("a, b")
  m1("c")
  m2("every machine")
  i0["backup (svc)"]
  i1["keys (svc)<br/>peer: every machine"]
  m0 ---|"client"| i0
  m1 ---|"server"| i0
  m2 ---|"peer"| i1
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
	b.Reset()
	if err := hostileGraph().WriteMermaid(&b); err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`^(flowchart LR|  accTitle: [^"<>]*|  m\d+\("[^"]*"\)|  i\d+\["[^"]*"\]|  m\d+ ---\|"[^"|]*"\| i\d+)$`)
	for text := range strings.Lines(b.String()) {
		if text = strings.TrimSuffix(text, "\n"); !line.MatchString(text) ||
			strings.ContainsAny(strings.ReplaceAll(text, "<br/>", ""), "<>`\\&{}") {
			t.Errorf("%s", text)
		}
	}
}

// TestDOT has Graphviz read what is written for it.
func TestDOT(t *testing.T) {
	var b bytes.Buffer
	if err := hostileGraph().WriteDOT(&b); err != nil {
		t.Fatal(err)
	}
	dot, err := exec.LookPath("dot")
	if err != nil {
		t.Skip("SKIP: what is written for Graphviz was not read by it: there is no dot in PATH")
	}
	g := hostileGraph()
	command := exec.Command(dot, "-Tplain")
	command.Stdin = &b
	var complaints bytes.Buffer
	command.Stderr = &complaints
	plain, err := command.Output()
	if err != nil || complaints.Len() > 0 {
		t.Fatalf("%v: %s", err, complaints.Bytes())
	}
	nodes, edges := bytes.Count(plain, []byte("\nnode ")), bytes.Count(plain, []byte("\nedge "))
	if nodes != len(g.Groups)+len(g.Services) || edges != len(g.allLinks()) {
		t.Errorf("Graphviz read %d boxes and %d lines of %d and %d", nodes, edges, len(g.Groups)+len(g.Services),
			len(g.Links))
	}
}

// Even where nothing can be grouped it takes no time to speak of; where roles are fewer than machines, their lists are
// boxes.
func TestHairball(t *testing.T) {
	g := hairball(t, 150, 450)
	if len(g.Links) < 20000 {
		t.Errorf("%d lines of 150 machines in 450 roles", len(g.Links))
	}
	g = hairball(t, 1000, 100)
	if len(g.Links) != 100 || len(g.Groups) != 100 {
		t.Errorf("%d lines and %d boxes of 1000 machines in 100 roles", len(g.Links), len(g.Groups))
	}
	for i, s := range g.Services {
		names := g.who(i, 0)
		if got := strings.Count(names, ",") + 1; got != s.Roles[0].Members || got == 1000 {
			t.Errorf("%s: %d machines of %d: %s", s.Instances[0].Name, got, s.Roles[0].Members, names)
		}
	}
}

// hairball is a picture of machines that chance puts into roles by their names.
func hairball(t *testing.T, n, roles int) *Graph {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	var machines []string
	f := fleet{}
	for i := range n {
		machines = append(machines, fmt.Sprint("m", i))
	}
	for i := range roles {
		name := fmt.Sprint("i", i)
		f[name] = map[string][]string{}
		for _, machine := range machines {
			if r.IntN(3) == 0 {
				f[name]["role"] = append(f[name]["role"], machine)
			}
		}
	}
	start := time.Now()
	g := f.graph("hairball", machines...)
	for _, write := range []func(*Graph, io.Writer) error{(*Graph).WriteSVG, (*Graph).WriteHTML, (*Graph).WriteDOT,
		(*Graph).WriteMermaid} {
		if err := write(g, io.Discard); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(start); took > 2*time.Minute {
		t.Errorf("%d lines in %v", len(g.Links), took)
	} else {
		t.Log(len(g.Links), took)
	}
	return g
}

func TestCrossings(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		g := &Graph{Groups: make([]Group, 6), Services: make([]Service, 5)}
		for i := range 6 {
			for j := range 5 {
				for k := range 2 {
					if r.IntN(3) == 0 {
						g.Links = append(g.Links, Link{i, j, k})
					}
				}
			}
		}
		want := 0
		for _, a := range g.Links {
			for _, b := range g.Links {
				if a.Group < b.Group && (a.Service > b.Service || a.Service == b.Service && a.Role > b.Role) {
					want++
				}
			}
		}
		if got := g.crossings(indices(6), indices(5)); got != want {
			t.Fatalf("%d crossings of %v, want %d", got, g.Links, want)
		}
	}
}

func TestLongBoxes(t *testing.T) {
	var names []name
	for i := range 200 {
		names = append(names, name{fmt.Sprintf("machine-%03d", i), 1})
	}
	b := newBox("", names, mostLines, nil)
	last := b.text[len(b.text)-1]
	shown := strings.Count(strings.Join(b.text, " "), "machine-")
	if len(b.text) != mostLines || last != fmt.Sprintf("and %d more", 200-shown) {
		t.Errorf("%d lines, %d shown, the last: %s", len(b.text), shown, last)
	}
	if b := newBox("", []name{{strings.Repeat("x", 100), 1}}, mostLines, nil); len(b.text) != 1 || b.width < 700 {
		t.Errorf("%+v", b)
	}
}
