package reach

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/pkg/instance"
)

// Interface is an interface of exports: who offers it, and who reads it.
type Interface struct {
	// Clan: clan's own programs read it, to reach machines.
	Clan bool `json:"clan,omitempty"`
	// Consumers are the instances whose modules declare that they read it (manifest.exports.inputs), sorted.
	Consumers []string `json:"consumers"`
	Name      string   `json:"name"`
	Offers    []Offer  `json:"offers"`
}

// Offer is what is exported in one scope.
type Offer struct {
	instance.Scope
	// From is where the value comes from; of hosts the first.
	From Source `json:"from"`
	// Parts are what the value consists of, each with where it comes from, in order of their paths.
	Parts []Part          `json:"parts"`
	Value json.RawMessage `json:"value"`
}

// MarshalJSON writes the offer with sorted keys.
func (o Offer) MarshalJSON() ([]byte, error) {
	type plain Offer
	return jsonvalue.Sorted(plain(o))
}

// Part is a value in what is offered that holds no others: a text, a number, an address.
type Part struct {
	From Source `json:"from"`
	// Path leads to it in the value of the interface, such as "hosts"; what stands in one list has the same.
	Path  []string        `json:"path"`
	Value json.RawMessage `json:"value"`
}

// Interfaces are all interfaces that are offered or read, in order of names, each with its offers by scope.
func Interfaces(inv *instance.Inventory) []Interface {
	found := map[string]*Interface{}
	at := func(name string) *Interface {
		if found[name] == nil {
			found[name] = &Interface{Name: name, Consumers: []string{}, Offers: []Offer{}, Clan: name == "networking" ||
				name == "peer"}
		}
		return found[name]
	}
	for _, key := range slices.Sorted(maps.Keys(inv.Exports)) {
		e := inv.Exports[key]
		o := originOf(inv, e)
		for name, value := range facts.InterfacesOf(e) {
			i := at(name)
			offer := Offer{Scope: e.Scope, From: o.of(nil, name), Parts: o.parts(value, name),
				Value: jsonvalue.Text(value)}
			hosts := slices.IndexFunc(offer.Parts, func(p Part) bool { return slices.Equal(p.Path, []string{"hosts"}) })
			if hosts >= 0 {
				offer.From = offer.Parts[hosts].From
			}
			i.Offers = append(i.Offers, offer)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(inv.Instances)) {
		if manifest := inv.Instances[name].Module.Manifest; manifest != nil {
			for _, input := range facts.Declared(manifest.Exports, "inputs") {
				i := at(input)
				i.Consumers = append(i.Consumers, name)
			}
		}
	}
	all := []Interface{}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		all = append(all, *found[name])
	}
	return all
}

// parts are the values in one, with where they come from. An address is one, whatever is said of it.
func (o origin) parts(value any, path ...string) []Part {
	parts := []Part{}
	switch v := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, o.parts(v[name], append(slices.Clip(path), name)...)...)
		}
	case []any:
		for i := range v {
			if slices.Equal(path, []string{"peer", "hosts"}) {
				parts = append(parts, Part{o.of(o.export.Peer.Hosts[i], path...), path[1:], jsonvalue.Text(v[i])})
				continue
			}
			parts = append(parts, o.parts(v[i], path...)...)
		}
	default:
		parts = append(parts, Part{o.of(v, path...), path[1:], jsonvalue.Text(v)})
	}
	return parts
}
