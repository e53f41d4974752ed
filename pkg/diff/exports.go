package diff

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/internal/textview"
	"github.com/clanctl/clanctl/pkg/instance"
)

// ExportChange is what a service offers in one scope, and did not, or no longer, or otherwise than before.
type ExportChange struct {
	Change Change `json:"change"`
	instance.Scope
	// Values are by interface: their paths begin with its name, such as "peer".
	Values []Value `json:"values"`
}

// exported compares what services offer, where both inventories have it.
func (c *comparison) exported() {
	if c.old.Exports == nil || c.new.Exports == nil {
		return
	}
	c.Exports = []ExportChange{}
	for _, key := range jsonvalue.Names(c.old.Exports, c.new.Exports) {
		was, is := c.old.Exports[key], c.new.Exports[key]
		export := cmp.Or(is, was)
		failed := append(failedExports(c.old, key), failedExports(c.new, key)...)
		values := slices.DeleteFunc(valuesOf(nil, facts.InterfacesOf(was), facts.InterfacesOf(is)),
			func(v Value) bool {
				at := strings.Join(v.Path, ".")
				return slices.ContainsFunc(failed, func(f string) bool {
					return f == "" || f == at || strings.HasPrefix(at, f+".")
				})
			})
		if len(values) == 0 {
			continue
		}
		c.Exports = append(c.Exports,
			ExportChange{Change: changeOf(was != nil, is != nil), Scope: export.Scope, Values: values})
		for _, v := range values {
			c.readers(export.Instance, v.Path[0])
		}
	}
}

// readers affects the members of instances whose modules say that they read an interface.
func (c *comparison) readers(from, name string) {
	for other, reader := range c.new.Instances {
		if other == from || !slices.Contains(traits(reader, "inputs"), name) {
			continue
		}
		for role, r := range reader.Roles {
			for machine := range r.Machines {
				c.affected.shared(machine, Reason{Kind: codes.ReasonExports, From: from, Instance: other, Role: role})
			}
		}
	}
}

// failedExports are the paths in an export that do not evaluate: what is missing there, a finding says.
func failedExports(inv *instance.Inventory, key string) []string {
	var paths []string
	for _, f := range inv.Findings {
		if f.Code != codes.ExportFailed {
			continue
		}
		if name := f.Cause.Name; name == key {
			paths = append(paths, "")
		} else if at, of := strings.CutPrefix(name, key+" "); of {
			paths = append(paths, at)
		}
	}
	return paths
}

func exportRows(e ExportChange, add func(entry)) {
	where := strings.Join(slices.DeleteFunc([]string{cmp.Or(e.Instance, e.Service), e.Role},
		func(s string) bool { return s == "" }), " ")
	var machines []string
	if e.Machine != "" {
		machines = []string{e.Machine}
	}
	for _, v := range e.Values {
		v.Machines = machines
		row := entry{change: v.Change, where: where, what: "exports " + nixlang.PathString(v.Path), machines: machines}
		switch {
		case len(v.Path) == 1:
			row.old, row.new = exportText(v.Path[0], v.Old), exportText(v.Path[0], v.New)
		case slices.Equal(v.Path, []string{"peer", "hosts"}):
			row.old, row.new = hostTexts(v.Old), hostTexts(v.New)
		default:
			each(valueRows(where, "exports ", v), add)
			continue
		}
		add(row)
	}
}

func exportText(name string, value json.RawMessage) []string {
	if value == nil {
		return nil
	}
	return []string{textview.ExportText(name, value)}
}

func hostTexts(value json.RawMessage) []string {
	var hosts []instance.Host
	if json.Unmarshal(value, &hosts) != nil {
		return valueText(value)
	}
	return textview.HostTexts(hosts)
}
