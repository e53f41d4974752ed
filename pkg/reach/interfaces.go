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

// Offer is what is exported in one scope. Instance, Machine, Role and Service are the scope; an empty one means all.
type Offer struct {
	// From is where the value comes from; of a peer its first address.
	From     Source          `json:"from"`
	Instance string          `json:"instance,omitempty"`
	Machine  string          `json:"machine,omitempty"`
	Role     string          `json:"role,omitempty"`
	Service  string          `json:"service,omitempty"`
	Value    json.RawMessage `json:"value"`
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
		add := func(name string, value any, from Source) {
			i := at(name)
			i.Offers = append(i.Offers, Offer{from, e.Instance, e.Machine, e.Role, e.Service, jsonvalue.Text(value)})
		}
		if e.DataMesher != nil {
			add("dataMesher", e.DataMesher, o.module())
		}
		if e.Endpoints != nil {
			from := o.module()
			if len(e.Endpoints.Hosts) > 0 {
				from = o.text("host", e.Endpoints.Hosts[0])
			}
			add("endpoints", e.Endpoints, from)
		}
		if e.Networking != nil {
			add("networking", e.Networking, o.module())
		}
		if e.Peer != nil {
			from := o.module()
			if len(e.Peer.Hosts) > 0 {
				from = o.host(e.Peer.Hosts[0])
			}
			add("peer", e.Peer, from)
		}
		for _, name := range slices.Sorted(maps.Keys(e.Data)) {
			add(name, e.Data[name], o.module())
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
