package graph

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/reach"
)

// Offer is an interface that the instances of a box export, and the boxes of instances that read it: indices into
// Services.
type Offer struct {
	Service   int
	Interface string
	Readers   []int
}

// exports are what instances export and others read.
type exports struct {
	// readers are the instances that read an interface of an instance, without itself.
	readers map[string]map[string][]string
	// networks are the priorities of instances through which clan reaches machines.
	networks map[string]int
}

// exportsOf are the exports of an inventory; nothing where it has none.
func exportsOf(inv *instance.Inventory) exports {
	e := exports{readers: map[string]map[string][]string{}, networks: map[string]int{}}
	if inv.Exports == nil {
		return e
	}
	for _, export := range inv.Exports {
		if export.Networking != nil {
			e.networks[export.Instance] = export.Networking.Priority
		}
	}
	for _, i := range reach.Interfaces(inv) {
		for _, o := range i.Offers {
			readers := slices.DeleteFunc(slices.Clone(i.Consumers), func(name string) bool {
				return name == o.Instance
			})
			if o.Instance == "" || len(readers) == 0 {
				continue
			}
			if e.readers[o.Instance] == nil {
				e.readers[o.Instance] = map[string][]string{}
			}
			e.readers[o.Instance][i.Name] = readers
		}
	}
	return e
}

// of is what instances of one box have in common besides their roles and machines.
func (e exports) of(name string) string {
	var reads []string
	for other, interfaces := range e.readers {
		for i, readers := range interfaces {
			if slices.Contains(readers, name) {
				reads = append(reads, fmt.Sprintf("%q %q", other, i))
			}
		}
	}
	slices.Sort(reads)
	return fmt.Sprintf("%v %q", e.readers[name], reads)
}

// offers adds the lines between boxes of instances.
func (g *Graph) offers(e exports) {
	box := map[string]int{}
	for i, s := range g.Services {
		for _, inst := range s.Instances {
			box[inst.Name] = i
		}
	}
	for i, s := range g.Services {
		interfaces := e.readers[s.Instances[0].Name]
		for _, name := range slices.Sorted(maps.Keys(interfaces)) {
			o := Offer{Service: i, Interface: name}
			for _, reader := range interfaces[name] {
				if to, drawn := box[reader]; drawn && to != i {
					o.Readers = append(o.Readers, to)
				}
			}
			slices.Sort(o.Readers)
			if o.Readers = slices.Compact(o.Readers); len(o.Readers) > 0 {
				g.Offers = append(g.Offers, o)
			}
		}
	}
}

// readers names the instances that read an offer.
func (g *Graph) readers(o Offer) string {
	var names []string
	for _, i := range o.Readers {
		names = append(names, g.Services[i].labels()...)
	}
	return strings.Join(names, ", ")
}

// The measures of what is drawn to the right of the instances.
const (
	offerGap  = 8.0
	offerBend = 36.0
)

// bend is how far a line between two boxes of instances leans out.
func (g *Graph) bend(l layout, from, to int) float64 {
	return offerBend + min(math.Abs(l.services[from].y-l.services[to].y)*0.15, 120)
}

// offerRoom is how much room offers take to the right of the instances.
func (g *Graph) offerRoom(l layout) float64 {
	room := 0.0
	for _, o := range g.Offers {
		for _, to := range o.Readers {
			room = max(room, 2*offerGap+float64(columns(clean(o.Interface)))*charWidth+g.bend(l, o.Service, to))
		}
	}
	return room
}

// offerLines draws the offers: the name of the interface at the box that has it, and an arrow to each reader.
func (g *Graph) offerLines(l layout) []string {
	var drawn []string
	offered := map[int]int{} // of each box, one below the other
	for _, o := range g.Offers {
		box := l.services[o.Service]
		name := clean(o.Interface)
		x, y := box.x+box.width, box.y+padding+fontSize/2+float64(offered[o.Service])*lineHeight
		offered[o.Service]++
		start := x + 2*offerGap + float64(columns(name))*charWidth
		drawn = append(drawn,
			fmt.Sprintf(`<text class="note" x="%.1f" y="%.1f">%s</text>`, x+offerGap, y+4, xmlText(name)))
		for _, to := range o.Readers {
			reader := l.services[to]
			endX, endY := reader.x+reader.width, reader.y+reader.height-padding
			bend := g.bend(l, o.Service, to)
			drawn = append(drawn, fmt.Sprintf(
				`<path class="line offer s%d s%d" d="M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f"/>`+
					`<path class="port" d="M%.1f %.1fl8 -4v8z"/>`,
				o.Service, to, start, y, start+bend, y, start+bend, endY, endX+8, endY, endX, endY))
		}
	}
	return drawn
}
