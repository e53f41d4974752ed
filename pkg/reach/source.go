package reach

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/pkg/instance"
)

// Source is where a part of a way comes from.
type Source struct {
	// Exported is where the service module sets the value, as far as that is known: with line where its attribute is
	// written as such.
	Exported *instance.Position `json:"exported,omitempty"`
	// Kind is "inventory" (written for the machine, or as a setting of its role), "default" (of a setting that nobody
	// wrote; an inventory that was read back does not know what is written), "var" (the value of a public var),
	// "module" (the service module computes it) or "clan" (nothing says anything, and clan takes it).
	Kind string `json:"kind"`
	// Module is the service module that says so, as its file where that is known.
	Module string `json:"module,omitempty"`
	// Position is where it is written, as far as that is known.
	Position *instance.Position `json:"position,omitempty"`
	// Setting is the path below the inventory of what is written; of a default the setting's path in the role.
	Setting []string `json:"setting,omitempty"`
	// Var is the public var with the value, generated or not.
	Var *instance.Var `json:"var,omitempty"`
}

// origin finds out where what a machine exports in an instance comes from. An export does not say; a value that is that
// of a setting comes from there.
type origin struct {
	inv    *instance.Inventory
	export *instance.Export
	// roles are those that the export may be of, with the machine as a member.
	roles []string
}

func originOf(inv *instance.Inventory, e *instance.Export) origin {
	o := origin{inv: inv, export: e}
	if inst := inv.Instances[e.Instance]; inst != nil {
		for _, role := range slices.Sorted(maps.Keys(inst.Roles)) {
			if member := inst.Roles[role].Machines[e.Machine]; member != nil && member.Settings != nil &&
				(e.Role == "" || e.Role == role) {
				o.roles = append(o.roles, role)
			}
		}
	}
	return o
}

// of is where a value comes from that stands at a path in an export: the interface, and names below it.
func (o origin) of(value any, path ...string) Source {
	e := o.export
	at := append([]string{"exports", e.Service + ":" + e.Instance + ":" + e.Role + ":" + e.Machine}, path...)
	s := o.source(value, path)
	s.Exported = facts.At(o.inv, at[:min(len(at), 4)]...)
	// Where the module is known to set other parts of the interface alone, an equal setting is a coincidence.
	if s.Exported == nil && (s.Kind == codes.FromModule || facts.At(o.inv, at[:3]...) != nil) {
		switch fmt.Sprint(strings.Join(path, "."), " ", value) {
		case "networking.module clan_lib.network.direct", "networking.priority 1000", "peer.name peer", "peer.port 22":
			return Source{Kind: codes.FromClan} // clan's own interfaces have these defaults
		}
	}
	return s
}

func (o origin) source(value any, path []string) Source {
	name := path[len(path)-1]
	switch v := value.(type) {
	case instance.Host:
		if v.Var != nil {
			return Source{Kind: codes.FromVar, Var: v.Var}
		}
		if v.Missing == "" {
			return o.source(v.Address, path)
		}
	case string, json.Number:
		return o.setting(func(at []string, other any) bool {
			return other == v && (name == "hosts" || at[len(at)-1] == name)
		})
	}
	return o.module()
}

func (o origin) module() Source {
	s := Source{Kind: codes.FromModule, Module: o.export.Service}
	if inst := o.inv.Instances[o.export.Instance]; inst != nil && len(inst.Module.Files) > 0 {
		s.Module = inst.Module.Files[0]
	}
	return s
}

// list is a setting that is a list of names.
func (o origin) list(name string) []string {
	for _, role := range o.roles {
		value, _ := o.inv.Instances[o.export.Instance].Roles[role].Machines[o.export.Machine].Settings.Lookup(name)
		if names := jsonvalue.Strings(value); len(names) > 0 {
			return names
		}
	}
	return nil
}

// setting is the first setting of the machine that fits, the outermost first.
func (o origin) setting(fits func(path []string, value any) bool) Source {
	for _, role := range o.roles {
		of := o.inv.Instances[o.export.Instance].Roles[role]
		path := find(of.Machines[o.export.Machine].Settings.Value(), fits)
		if path == nil {
			continue
		}
		for _, layer := range facts.LayersOf(of, o.export.Machine) {
			for _, d := range layer.Definitions {
				if _, written := jsonvalue.Lookup(d.Value(), path); written {
					at := append(layer.Path(o.export.Instance, role), path...)
					return Source{Kind: codes.FromInventory, Setting: at, Position: o.inv.Where(at...)}
				}
			}
		}
		return Source{Kind: codes.FromDefault, Setting: path}
	}
	return o.module()
}

// find returns the path of the first value that fits, level by level.
func find(settings any, fits func(path []string, value any) bool) []string {
	type node struct {
		path  []string
		value any
	}
	for queue := []node{{nil, settings}}; len(queue) > 0; queue = queue[1:] {
		n := queue[0]
		set, isSet := n.value.(map[string]any)
		if !isSet {
			if len(n.path) > 0 && fits(n.path, n.value) {
				return n.path
			}
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(set)) {
			queue = append(queue, node{append(slices.Clip(n.path), name), set[name]})
		}
	}
	return nil
}

// String says it for people: "clan.nix:4:3", "vars/shared/x/ip", "the default of port".
func (s Source) String() string {
	switch s.Kind {
	case codes.FromInventory:
		path := "inventory." + nixlang.PathString(s.Setting)
		if s.Position != nil {
			return s.Position.String() + " (" + path + ")"
		}
		return path
	case codes.FromDefault:
		return "default of the setting " + nixlang.PathString(s.Setting)
	case codes.FromVar:
		return s.Var.Path()
	case codes.FromModule:
		if s.Exported != nil {
			return "computed by " + s.Exported.String()
		}
		return "computed by " + s.Module
	case codes.FromClan:
		return "clan's default"
	}
	return ""
}

// SSH is the command line that goes this way, and its words.
func (w Way) SSH() []string {
	words := []string{"ssh"}
	if w.ForwardAgent {
		words = append(words, "-A")
	}
	if w.Port != 0 && w.Port != 22 {
		words = append(words, "-p", strconv.Itoa(w.Port))
	}
	if len(w.Jump) > 0 {
		words = append(words, "-J", strings.Join(w.Jump, ","))
	}
	for _, option := range w.Options {
		if strings.HasPrefix(option, "-") {
			words = append(words, strings.Fields(option)...)
			continue
		}
		words = append(words, "-o", option)
	}
	return append(words, w.User+"@"+w.Host)
}
