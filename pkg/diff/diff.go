package diff

import (
	"maps"
	"slices"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/pkg/instance"
)

// schemaVersion is the version of the document that a Difference marshals to (docs/diff.schema.json).
const schemaVersion = 1

// Change says what happened to a thing that has a name.
type Change string

const (
	// Added: it is in the new inventory only.
	Added Change = "added"
	// Removed: it is in the old inventory only.
	Removed Change = "removed"
	// Changed: it is in both, and not the same.
	Changed Change = "changed"
)

// Difference is what changed from one inventory to another. Lists are sorted by name and never nil; the fields are in
// the order of their JSON names.
type Difference struct {
	// Affected are the machines of the new clan whose view of the inventory changed.
	Affected []Affected `json:"affected"`
	// Exports are those that changed, in order of their scopes; nil where either inventory has none.
	Exports []ExportChange `json:"exports,omitzero"`
	// Findings are those that appeared or went.
	Findings Findings `json:"findings"`
	// Instances are those that changed.
	Instances []InstanceChange `json:"instances"`
	// Machines are those whose own entry in the inventory changed.
	Machines []MachineChange `json:"machines"`
	// Meta is what changed in `inventory.meta`.
	Meta []Value `json:"meta"`
	// New and Old say what was compared; nil where there was no clan.
	New           *instance.Flake `json:"new"`
	Old           *instance.Flake `json:"old"`
	SchemaVersion int             `json:"schemaVersion"`
	// Sources say what else changed: the inventory does not tell what that does.
	Sources Sources `json:"sources"`
	// Tags are those that are carried by other machines than before.
	Tags []TagChange `json:"tags"`
	// Unknown is what could not be compared, because it does not evaluate on one side.
	Unknown []Unknown `json:"unknown"`
}

// Empty reports whether nothing changed, as far as it could be compared.
func (d *Difference) Empty() bool {
	return len(d.Instances)+len(d.Machines)+len(d.Meta)+len(d.Tags)+len(d.Exports)+
		len(d.Findings.Appeared)+len(d.Findings.Gone) == 0
}

// Unknown is a part that could not be compared.
type Unknown struct {
	// The scope is a role, a whole instance or, where it is empty, the clan's machines and tags.
	instance.Scope
	// Side is where the part does not evaluate: "old" or "new". The findings of that side say why.
	Side string `json:"side"`
}

// String names the part.
func (u Unknown) String() string {
	switch {
	case u.Instance == "":
		return "machines and tags"
	case u.Role == "":
		return nixlang.PathString([]string{"inventory", "instances", u.Instance})
	}
	return nixlang.PathString([]string{"inventory", "instances", u.Instance, "roles", u.Role})
}

// MachineChange is a machine whose own entry changed.
type MachineChange struct {
	Change Change `json:"change"`
	Name   string `json:"machine"`
	// Tags are the effective tags that it got or lost.
	Tags Names `json:"tags"`
	// Values are the other fields that changed: class, deploy, description, icon, installedAt.
	Values []Value `json:"values"`
}

// TagChange is a tag that other machines carry than before, or that is declared by now, or no longer.
type TagChange struct {
	Change   Change `json:"change"`
	Machines Names  `json:"machines"`
	Name     string `json:"tag"`
}

// Names are names that came and went, each sorted.
type Names struct {
	Added   []string `json:"added"`
	Removed []string `json:"removed"`
}

func (n Names) empty() bool { return len(n.Added)+len(n.Removed) == 0 }

// Of compares two inventories; nil stands for one without anything in it. Findings are compared as far as the
// inventories have them: those of the package check are in Inventory.Findings only if the caller put them there. Both
// inventories should have been loaded with the same Config; what was omitted from both is not compared. Neither is
// changed.
func Of(old, new *instance.Inventory) *Difference {
	var none instance.Inventory
	none.Machines, none.Tags = map[string]*instance.Machine{}, map[string][]string{}
	none.Exports = map[string]*instance.Export{}
	d := &Difference{SchemaVersion: schemaVersion}
	if old == nil {
		old = &none
	} else {
		d.Old = &old.Flake
	}
	if new == nil {
		new = &none
	} else {
		d.New = &new.Flake
	}
	d.Instances, d.Machines, d.Tags, d.Unknown = []InstanceChange{}, []MachineChange{}, []TagChange{}, []Unknown{}
	d.Meta = valuesOf(nil, asAny(old.Meta), asAny(new.Meta))
	renamed := facts.Of(new).Renamed
	if len(renamed) > 0 {
		same := *old
		same.Instances = maps.Clone(old.Instances)
		for _, was := range renamed {
			delete(same.Instances, was)
		}
		for name, was := range renamed {
			if inst := old.Instances[was]; inst != nil {
				same.Instances[name] = inst
			}
		}
		old = &same
	}
	c := &comparison{Difference: d, old: old, new: new, affected: affected{}, renamed: renamed}
	c.machines()
	c.tags()
	c.instances()
	c.exported()
	c.findings()
	d.Affected = c.affectedMachines()
	d.Sources = c.sources()
	return d
}

// comparison is one call of Of on its way.
type comparison struct {
	*Difference
	old, new *instance.Inventory
	affected affected
	renamed  map[string]string // the new name to the old
}

func (c *comparison) machines() {
	for _, side := range []struct {
		name string
		inv  *instance.Inventory
	}{{"old", c.old}, {"new", c.new}} {
		if !side.inv.MachinesKnown() {
			c.Unknown = append(c.Unknown, Unknown{Side: side.name})
		}
	}
	if c.old.Machines == nil || c.new.Machines == nil {
		return
	}
	for _, name := range jsonvalue.Names(c.old.Machines, c.new.Machines) {
		old, new := c.old.Machines[name], c.new.Machines[name]
		m := MachineChange{Name: name, Change: changeOf(old != nil, new != nil),
			Tags:   namesOf(tagsOf(old), tagsOf(new)),
			Values: valuesOf(nil, fieldsOf(old, "tags"), fieldsOf(new, "tags"))}
		if m.Change == Changed && m.Tags.empty() && len(m.Values) == 0 {
			continue
		}
		c.Machines = append(c.Machines, m)
		if m.Change == Added || !m.Tags.empty() || slices.ContainsFunc(m.Values, isRead) {
			c.affected.direct(name, Reason{Kind: codes.ReasonMachine})
		}
	}
}

// isRead tells that a field of a machine can matter to its configuration. When a machine was installed is clan's own
// note, written after the machine was deployed.
func isRead(v Value) bool { return len(v.Path) != 1 || v.Path[0] != "installedAt" }

func tagsOf(m *instance.Machine) []string {
	if m == nil {
		return nil
	}
	return m.Tags
}

func (c *comparison) tags() {
	if c.old.Tags == nil || c.new.Tags == nil {
		return
	}
	for _, name := range jsonvalue.Names(c.old.Tags, c.new.Tags) {
		old, had := c.old.Tags[name]
		new, has := c.new.Tags[name]
		t := TagChange{Name: name, Change: changeOf(had, has), Machines: namesOf(old, new)}
		if t.Change != Changed || !t.Machines.empty() {
			c.Tags = append(c.Tags, t)
		}
	}
}

func changeOf(had, has bool) Change {
	switch {
	case !had:
		return Added
	case !has:
		return Removed
	}
	return Changed
}

// namesOf compares two sorted lists.
func namesOf(old, new []string) Names {
	return Names{Added: without(new, old), Removed: without(old, new)}
}

// without are the names of a sorted list that another sorted list has not.
func without(names, others []string) []string {
	left := []string{}
	for _, name := range names {
		if _, found := slices.BinarySearch(others, name); !found {
			left = append(left, name)
		}
	}
	return left
}
