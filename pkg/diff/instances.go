package diff

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/pkg/instance"
)

// InstanceChange is an instance that changed.
type InstanceChange struct {
	Change Change `json:"change"`
	Name   string `json:"instance"`
	// Module is what changed in the module reference, in what it leads to and in what the module says of itself: input,
	// name, resolved, manifest, roles. Of an instance that was added or removed it is all of the reference.
	Module []Value `json:"module"`
	// Roles are those that changed.
	Roles []RoleChange `json:"roles"`
}

// RoleChange is a role that changed.
type RoleChange struct {
	Change Change `json:"change"`
	// ExtraModules is how many NixOS modules the instance added and adds to the role, where that changed. What is in
	// them is not known.
	ExtraModules *Pair[int]     `json:"extraModules,omitzero"`
	Members      []MemberChange `json:"members"`
	Name         string         `json:"role"`
	// Settings are the final settings of members before and after that changed, each with the members that have the
	// change in common. The path is empty where the settings as a whole began or ceased to evaluate. Those of members
	// who joined or left are not here.
	Settings []Value `json:"settings"`
	// SettingsFrom says how the settings were had, where that changed.
	SettingsFrom *Pair[string] `json:"settingsFrom,omitzero"`
	// Tags are those that the role began or ceased to take machines by.
	Tags Names `json:"tags"`
	// Written: what is written for the whole role changed, whether or not that changed any member's final settings.
	Written bool `json:"written"`
}

// Pair is something that changed.
type Pair[T any] struct {
	New T `json:"new"`
	Old T `json:"old"`
}

// MemberChange is a machine that joined or left a role, or is in it for other reasons than before.
type MemberChange struct {
	// Causes are what came or went, and the membership with it.
	Causes  []Reason `json:"causes"`
	Change  Change   `json:"change"`
	Machine string   `json:"machine"`
	// New and Old are why it is and was a member, without position and settings; nil where it is not or was not.
	New *instance.Member `json:"new,omitzero"`
	Old *instance.Member `json:"old,omitzero"`
}

func (c *comparison) instances() {
	names := map[string]bool{}
	for _, inv := range []*instance.Inventory{c.old, c.new} {
		for name := range inv.Instances {
			names[name] = true
		}
		for _, f := range inv.Findings {
			if f.Instance != "" {
				names[f.Instance] = true
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		old, new := c.old.Instances[name], c.new.Instances[name]
		hidden := old == nil && c.hides("old", c.old, name, "") // both sides are noted
		if new == nil && c.hides("new", c.new, name, "") || hidden || old == nil && new == nil {
			continue
		}
		c.instance(name, old, new)
	}
}

func (c *comparison) instance(name string, old, new *instance.Instance) {
	i := InstanceChange{Change: changeOf(old != nil, new != nil), Name: name, Roles: []RoleChange{},
		Module: valuesOf(nil, moduleOf(old), moduleOf(new))}
	_, renamed := c.renamed[name]
	reads := len(i.Module) > 0 || renamed // whether something changed that every member can see
	for _, role := range jsonvalue.Names(rolesOf(old), rolesOf(new)) {
		r, changed, seen := c.role(name, rolesOf(old)[role], rolesOf(new)[role], role, i.Change)
		if changed {
			i.Roles = append(i.Roles, r)
		}
		reads = reads || seen
	}
	if i.Change != Changed || len(i.Module) > 0 || len(i.Roles) > 0 {
		c.Instances = append(c.Instances, i)
	}
	if len(i.Module) > 0 && i.Change == Changed {
		c.members(name, new, c.affected.direct, codes.ReasonModule)
	}
	if renamed {
		c.members(name, new, c.affected.direct, codes.ReasonRenamed)
	}
	if reads {
		c.members(name, new, c.affected.shared, codes.ReasonPeers)
		c.exports(name, old, new)
	}
}

// members gives all members of an instance a reason to be affected.
func (c *comparison) members(name string, of *instance.Instance, affects func(string, Reason), kind string) {
	for role, r := range rolesOf(of) {
		for machine := range r.Machines {
			affects(machine, Reason{Kind: kind, Instance: name, Role: role})
		}
	}
}

// hides reports whether a part that is not in an inventory may be there all the same, and notes that: it does not
// evaluate. Its members on the other side may well have lost or got it. role is empty for the whole instance.
func (c *comparison) hides(side string, inv *instance.Inventory, name, role string) bool {
	if inv.Failure(instance.Subject{Instance: name, Role: role}) == nil {
		return false
	}
	c.unknown(Unknown{Scope: instance.Scope{Instance: name, Role: role}, Side: side})
	for _, other := range []*instance.Inventory{c.old, c.new} {
		for r, it := range rolesOf(other.Instances[name]) {
			for machine := range it.Machines {
				if role == "" || r == role {
					c.affected.direct(machine, Reason{Kind: codes.ReasonUnknown, Instance: name, Role: r})
				}
			}
		}
	}
	return true
}

func (c *comparison) unknown(u Unknown) {
	if !slices.Contains(c.Unknown, u) {
		c.Unknown = append(c.Unknown, u)
	}
}

// blind notes settings that do not evaluate on either side, where what is written for them is not the same: they may
// have changed.
func (c *comparison) blind(inst, role string, old, new *instance.Role) {
	for machine, is := range new.Machines {
		was := old.Machines[machine]
		if was == nil || was.Settings != nil || is.Settings != nil || sameLayers(old, new, machine) {
			continue
		}
		for _, side := range []string{"old", "new"} {
			c.unknown(Unknown{Scope: instance.Scope{Instance: inst, Role: role}, Side: side})
		}
		c.affected.direct(machine, Reason{Kind: codes.ReasonUnknown, Instance: inst, Role: role})
	}
}

// sameLayers reports whether what is written for a member's settings is the same.
func sameLayers(old, new *instance.Role, machine string) bool {
	return slices.EqualFunc(facts.LayersOf(old, machine), facts.LayersOf(new, machine), func(a, b facts.Layer) bool {
		return a.Kind == b.Kind && a.Name == b.Name && sameLayer(a.Definitions, b.Definitions)
	})
}

func rolesOf(i *instance.Instance) map[string]*instance.Role {
	if i == nil {
		return nil
	}
	return i.Roles
}

func moduleOf(i *instance.Instance) any {
	if i == nil {
		return fieldsOf[instance.Module](nil)
	}
	return fieldsOf(&i.Module)
}

// role compares one role. seen tells that something changed that the members of the instance's other roles can see.
func (c *comparison) role(inst string, old, new *instance.Role, name string, whole Change) (r RoleChange, changed,
	seen bool) {
	if whole == Changed &&
		(old == nil && c.hides("old", c.old, inst, name) || new == nil && c.hides("new", c.new, inst, name)) {
		return r, false, true
	}
	r = RoleChange{Change: changeOf(old != nil, new != nil), Name: name, Members: []MemberChange{}, Settings: []Value{}}
	old, new = cmp.Or(old, &instance.Role{}), cmp.Or(new, &instance.Role{})
	seen = c.memberships(inst, &r, whole, old, new)
	r.Tags = namesOf(old.Tags, new.Tags)
	if old.ExtraModules != new.ExtraModules {
		r.ExtraModules = &Pair[int]{Old: old.ExtraModules, New: new.ExtraModules}
	}
	if r.Change != Changed {
		return r, true, true
	}
	r.Written = !sameLayer(facts.OfRole(old).Layers.Role, facts.OfRole(new).Layers.Role)
	if old.SettingsFrom != new.SettingsFrom {
		r.SettingsFrom = &Pair[string]{Old: old.SettingsFrom, New: new.SettingsFrom}
	}
	r.Settings = settingsOf(old, new)
	c.blind(inst, name, old, new)
	for _, s := range r.Settings {
		for _, machine := range s.Machines {
			c.affected.direct(machine, Reason{Kind: codes.ReasonSettings, Instance: inst, Role: name})
		}
	}
	if r.ExtraModules != nil {
		for machine := range new.Machines {
			c.affected.direct(machine, Reason{Kind: codes.ReasonExtraModules, Instance: inst, Role: name})
		}
	}
	seen = seen || r.Written || len(r.Settings) > 0
	changed = seen || len(r.Members) > 0 || !r.Tags.empty() || r.ExtraModules != nil || r.SettingsFrom != nil
	return r, changed, seen
}

// memberships compares who is in a role, and why. seen tells that machines came or went.
func (c *comparison) memberships(inst string, r *RoleChange, whole Change, old, new *instance.Role) (seen bool) {
	for _, machine := range jsonvalue.Names(old.Machines, new.Machines) {
		was, is := old.Machines[machine], new.Machines[machine]
		change := changeOf(was != nil, is != nil)
		switch {
		case change != Changed:
			seen = true
			c.affected.direct(machine, Reason{Kind: codes.ReasonMember, Change: change, Instance: inst, Role: r.Name})
		case was.Explicit == is.Explicit && slices.Equal(was.Tags, is.Tags):
			continue
		}
		m := MemberChange{Machine: machine, Change: change, Old: whyOf(was), New: whyOf(is)}
		m.Causes = c.causes(whole, r.Change, m, old, new)
		r.Members = append(r.Members, m)
	}
	return seen
}

func whyOf(m *instance.Member) *instance.Member {
	if m == nil {
		return nil
	}
	return &instance.Member{Explicit: m.Explicit, Tags: m.Tags}
}

// causes are the reasons that only one side has, and what in them came or went.
func (c *comparison) causes(inst, role Change, m MemberChange, old, new *instance.Role) []Reason {
	if inst != Changed {
		return []Reason{{Change: inst, Kind: codes.CauseInstance}}
	}
	if role != Changed {
		return []Reason{{Change: role, Kind: codes.CauseRole}}
	}
	causes := []Reason{}
	one := func(change Change, here, there *instance.Member, other *instance.Role, clan *instance.Inventory) {
		if here == nil {
			return
		}
		if there == nil {
			there = &instance.Member{}
		}
		if here.Explicit && !there.Explicit {
			causes = append(causes, Reason{Change: change, Kind: codes.CauseName})
		}
		for _, tag := range without(here.Tags, there.Tags) {
			if !slices.Contains(other.Tags, tag) {
				causes = append(causes, Reason{Change: change, Kind: codes.CauseRoleTag, Tag: tag})
			}
			switch machine := clan.Machines[m.Machine]; {
			case machine == nil && clan.MachinesKnown():
				causes = append(causes, Reason{Change: change, Kind: codes.CauseMachine, Tag: tag})
			case machine != nil && !slices.Contains(machine.Tags, tag):
				causes = append(causes, Reason{Change: change, Kind: codes.CauseMachineTag, Tag: tag})
			}
		}
	}
	one(Added, m.New, m.Old, old, c.old)
	one(Removed, m.Old, m.New, new, c.new)
	return causes
}

// sameLayer compares what is written, wherever it stands.
func sameLayer(old, new []facts.Definition) bool {
	return slices.EqualFunc(old, new, func(a, b facts.Definition) bool {
		return bytes.Equal(a.JSON, b.JSON) || jsonvalue.Equal(a.Value(), b.Value())
	})
}

// settingsOf compares the settings of those who are members before and after. Members share settings, so that each pair
// is compared once.
func settingsOf(old, new *instance.Role) []Value {
	type pair struct{ old, new *instance.Settings }
	machines := map[pair][]string{}
	for machine, was := range old.Machines {
		if is := new.Machines[machine]; was != nil && is != nil {
			p := pair{was.Settings, is.Settings}
			machines[p] = append(machines[p], machine)
		}
	}
	settings := []Value{}
	at := map[string]int{}
	for p, names := range machines {
		for _, v := range compareSettings(p.old, p.new) {
			text, _ := json.Marshal(v)
			i, known := at[string(text)]
			if !known {
				i = len(settings)
				at[string(text)] = i
				settings = append(settings, v)
			}
			settings[i].Machines = append(settings[i].Machines, names...)
		}
	}
	for i := range settings {
		slices.Sort(settings[i].Machines)
	}
	slices.SortStableFunc(settings, func(a, b Value) int {
		return cmp.Or(comparePaths(a.Path, b.Path), slices.Compare(a.Machines, b.Machines))
	})
	return settings
}

func compareSettings(old, new *instance.Settings) []Value {
	switch {
	case old == nil && new == nil:
		return nil
	case old == nil:
		return []Value{{Change: Added, Path: []string{}, New: jsonvalue.Text(new.Value())}}
	case new == nil:
		return []Value{{Change: Removed, Path: []string{}, Old: jsonvalue.Text(old.Value())}}
	}
	changed := changedFiles(old, new)
	if len(changed) == 0 && bytes.Equal(old.JSON(), new.JSON()) {
		return nil
	}
	was, is := old.Value(), new.Value()
	for path := range changed {
		names := strings.Split(path, "\x00")
		markContent(was, names, facts.FilesOf(old)[path])
		markContent(is, names, facts.FilesOf(new)[path])
	}
	return valuesOf(nil, was, is)
}

// changedFiles are the settings that lead to one file of the flake on both sides, but to another content.
func changedFiles(old, new *instance.Settings) map[string]bool {
	changed := map[string]bool{}
	for path, file := range facts.FilesOf(new) {
		if was, both := facts.FilesOf(old)[path]; both && was.Path == file.Path && was.Hash != file.Hash {
			changed[path] = true
		}
	}
	return changed
}

// markContent puts a hash behind the path of a file, somewhere in a value.
func markContent(value any, path []string, file facts.FlakeFile) {
	text := fmt.Sprintf("%s (content %.8s)", file.Path, file.Hash)
	for i, name := range path {
		last := i == len(path)-1
		switch v := value.(type) {
		case map[string]any:
			if last {
				v[name] = text
			}
			value = v[name]
		case []any:
			n, err := strconv.Atoi(name)
			if err != nil || n >= len(v) {
				return
			}
			if last {
				v[n] = text
			}
			value = v[n]
		}
	}
}
