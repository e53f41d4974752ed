package report

import (
	"cmp"

	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/internal/shell"
	"github.com/clanctl/clanctl/internal/textview"
	"github.com/clanctl/clanctl/pkg/reach"
)

// wayData is a way to reach a machine; page/exports.js shows it.
type wayData struct {
	// Network is empty for the targetHost.
	Network string `json:"n,omitempty"`
	// Command is the command line of ssh; Problem says why there is none.
	Command string     `json:"c,omitempty"`
	Problem string     `json:"x,omitempty"`
	From    sourceData `json:"f"`
	// Untried is why clan does not try it.
	Untried string `json:"u,omitempty"`
}

// sourceData says where a value comes from, and at which place.
type sourceData struct {
	Text     string   `json:"t"`
	Position position `json:"p,omitempty"`
}

// offerData is what an instance offers to others.
type offerData struct {
	Interface string `json:"n"`
	// Scope is the role and the machine that it is for.
	Scope string     `json:"s,omitempty"`
	Text  string     `json:"t"`
	From  sourceData `json:"f"`
}

// addExports adds how machines are reached, and what instances offer and read, of an inventory that has it.
func (b *builder) addExports() {
	if b.inv.Exports == nil {
		return
	}
	b.page.Exports = true
	for _, m := range reach.Machines(b.inv) {
		data := &b.page.Machines[b.machines[m.Name]]
		for _, w := range m.Ways {
			way := wayData{Network: w.Network, Problem: w.Problem, From: b.source(w.HostFrom), Untried: w.Untried}
			if w.Problem == "" {
				way.Command = shell.Join(w.SSH())
			}
			data.Ways = append(data.Ways, way)
		}
	}
	for _, of := range reach.Interfaces(b.inv) {
		for _, o := range of.Offers {
			if i, known := b.instances[o.Instance]; known {
				scope := o.Role
				if o.Machine != "" {
					scope += " " + o.Machine
				}
				b.page.Instances[i].Offers = append(b.page.Instances[i].Offers,
					offerData{of.Name, scope, textview.ExportText(of.Name, o.Value), b.source(o.From)})
			}
		}
		for _, name := range of.Consumers {
			if i, known := b.instances[name]; known {
				b.page.Instances[i].Reads = append(b.page.Instances[i].Reads, of.Name)
			}
		}
	}
}

func (b *builder) source(s reach.Source) sourceData {
	data := sourceData{Text: s.String(), Position: b.position(s.Position)}
	if data.Position != nil {
		data.Text = cmp.Or(nixlang.PathString(s.Setting), data.Text)
	}
	return data
}
