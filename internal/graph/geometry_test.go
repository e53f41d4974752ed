package graph

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/clanctl/clanctl/internal/view"
	"github.com/clanctl/clanctl/pkg/instance"
)

// curve is a line of the picture: where it begins and ends.
type curve struct{ from, to float64 }

var path = regexp.MustCompile(`<path class="line [^"]*" d="M[0-9.]+ ([0-9.]+)C[0-9. ]+ ([0-9.]+)"/>`)

// curves are those that are drawn.
func curves(t *testing.T, g *Graph) []curve {
	t.Helper()
	var svg bytes.Buffer
	if err := g.WriteSVG(&svg); err != nil {
		t.Fatal(err)
	}
	var all []curve
	for _, m := range path.FindAllStringSubmatch(svg.String(), -1) {
		from, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		to, err := strconv.ParseFloat(m[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, curve{from, to})
	}
	return all
}

// crossing are the pairs of lines that cross: all begin at one height from left, and have the same bend.
func crossing(all []curve) int {
	n := 0
	for i, a := range all {
		for _, b := range all[:i] {
			if (a.from-b.from)*(a.to-b.to) < 0 {
				n++
			}
		}
	}
	return n
}

// However four machines share services, no two lines cross, and no machine is left without a line or a word.
func TestSmallPicturesDoNotCross(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	machines := []string{"a", "b", "c", "d"}
	for round := range 300 {
		f := fleet{}
		for i := range 1 + r.IntN(6) {
			roles := map[string][]string{}
			for _, role := range []string{"client", "peer", "server"}[:1+r.IntN(3)] {
				for _, m := range machines {
					if r.IntN(2) == 0 {
						roles[role] = append(roles[role], m)
					}
				}
			}
			f[fmt.Sprint("i", i)] = roles
		}
		g := f.graph("small", machines...)
		if n := crossing(curves(t, g)); n > 0 {
			t.Fatalf("round %d: %d pairs of lines cross: %s", round, n, strings.Join(g.sentences(), " "))
		}
		l := g.layout()
		for i, group := range g.Groups {
			linked := slices.ContainsFunc(g.Links, func(l Link) bool { return l.Group == i })
			if !linked && l.groups[i].note == "" {
				t.Fatalf("round %d: %v has neither a line nor a word", round, group.labels())
			}
		}
	}
}

// office is a fleet of 33 machines with tags for sites and duties, and Macs.
func office() *Graph {
	all := map[string]Machine{}
	var names []string
	add := func(name, class string, tags ...string) {
		all[name] = Machine{Class: class, Tags: append([]string{"all", class}, tags...)}
		names = append(names, name)
	}
	for i := range 12 {
		add(fmt.Sprint("web", i+1), "nixos", "web", []string{"berlin", "paris"}[i/6])
	}
	for i := range 12 {
		add(fmt.Sprint("db", i+1), "nixos", "database", []string{"berlin", "paris"}[i%2])
	}
	for i := range 6 {
		add(fmt.Sprint("laptop-of-somebody-with-a-long-name", i+1), "nixos", "laptop")
	}
	for _, name := range []string{"alice", "bob", "carol"} {
		add("mac-"+name, "darwin", "laptop")
	}
	list := &view.InstanceList{}
	instance := func(name string, roles map[string]func(Machine) bool) {
		inst := view.Instance{Name: name, Module: &view.Module{Name: name}}
		for _, role := range []string{"client", "default", "server"} {
			if takes := roles[role]; takes != nil {
				shown := view.Role{Name: role}
				for _, n := range names {
					if takes(all[n]) {
						shown.Members = append(shown.Members, view.Member{Machine: n})
					}
				}
				inst.Roles = append(inst.Roles, shown)
			}
		}
		list.Instances = append(list.Instances, inst)
	}
	tagged := func(tags ...string) func(Machine) bool {
		return func(m Machine) bool {
			return slices.ContainsFunc(tags, func(tag string) bool { return slices.Contains(m.Tags, tag) })
		}
	}
	instance("admin", map[string]func(Machine) bool{"default": tagged("all")})
	instance("borg", map[string]func(Machine) bool{"client": tagged("web", "database"), "server": tagged("paris")})
	instance("wifi", map[string]func(Machine) bool{"default": tagged("laptop")})
	for i := range 11 {
		instance(fmt.Sprint("packages", i), map[string]func(Machine) bool{"default": tagged(
			[]string{"web", "database", "laptop", "berlin", "paris"}[i%5])})
	}
	g := draw(all, names, list, exports{})
	g.Title = "office"
	return g
}

// Tags name boxes, Macs have their own, names that count up are two, and every machine is a box with lines.
func TestBoxes(t *testing.T) {
	g := office()
	l := g.layout()
	var boxes []string
	for i := range g.Groups {
		boxes = append(boxes, l.groups[i].title+" | "+strings.Join(l.groups[i].text, " "))
	}
	for _, want := range []string{
		"6 machines, tagged berlin, web | web1 – web6",
		"6 machines, tagged paris, web | web7 – web12",
		"3 Macs, tagged laptop | mac-alice, mac-bob, mac-carol",
		"all 33 | every machine",
	} {
		if !slices.Contains(boxes, want) {
			t.Errorf("there is no %q in %q", want, boxes)
		}
	}
	var svg bytes.Buffer
	if err := g.WriteSVG(&svg); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`<rect class="machines mac"`, `<rect class="machines all"`, `<path class="line c0 g`,
		`svg:root{background:#0d1117}`} {
		if !strings.Contains(svg.String(), want) {
			t.Errorf("there is no %s", want)
		}
	}
}

var drawnText = regexp.MustCompile(`<text(?: class="([^"]*)")? x="([0-9.]+)" y="([0-9.]+)">([^<]*)</text>`)

// At 33 machines no text covers another.
func TestLabelsDoNotOverlap(t *testing.T) {
	g := office()
	g.mark([]instance.Finding{{Severity: instance.SeverityError, Subject: instance.Subject{Machine: "web3"}},
		{Severity: instance.SeverityWarning, Subject: instance.Subject{Instance: "borg"}}})
	var svg bytes.Buffer
	if err := g.WriteSVG(&svg); err != nil {
		t.Fatal(err)
	}
	type rectangle struct {
		left, right, top, bottom float64
		text                     string
	}
	var all []rectangle
	for _, m := range drawnText.FindAllStringSubmatch(svg.String(), -1) {
		x, _ := strconv.ParseFloat(m[2], 64)
		y, _ := strconv.ParseFloat(m[3], 64)
		all = append(all, rectangle{x, x + float64(columns(m[4]))*charWidth, y - 11, y + 3, m[4]})
	}
	if len(all) < 30 || !strings.Contains(svg.String(), ">1 error<") || !strings.Contains(svg.String(), ">1 warning<") {
		t.Fatalf("%d texts, or no findings", len(all))
	}
	for i, a := range all {
		for _, b := range all[:i] {
			if a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom {
				t.Errorf("%q covers %q", a.text, b.text)
			}
		}
	}
}
