// Package why explains a membership and a setting: why a machine is in a role, which values are written for a setting
// in which layer, which of them count, and what the option is. It is pure; [instance.Config] asks for the facts.
package why

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/hint"
	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/internal/permachine"
	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/pkg/instance"
)

// Explanation says why a member is one and, if a setting was asked for, why that has its value. Its JSON is the
// document of `clanctl why --json`.
type Explanation struct {
	Instance string   `json:"instance"`
	Machine  string   `json:"machine"`
	Member   Member   `json:"member"`
	Role     string   `json:"role"`
	Setting  *Setting `json:"setting,omitempty"`
}

// Member says why the machine belongs to the role.
type Member struct {
	// Explicit: the role names the machine, at Position.
	Explicit bool               `json:"explicit"`
	Position *instance.Position `json:"position,omitempty"`
	// Tags are the role's tags that the machine carries.
	Tags []TagReason `json:"tags"`
}

// TagReason is a tag that makes the machine a member.
type TagReason struct {
	Name string `json:"name"`
	// Position is where the role takes the tag.
	Position *instance.Position `json:"position,omitempty"`
}

// Setting says where a setting's value comes from.
type Setting struct {
	// Definitions are all that is written for the setting, in the order in which they are merged: tags in reverse
	// alphabetical order, machine, role, and what the module itself defines.
	Definitions []Definition `json:"definitions"`
	// Hint is the smallest edit that settles a conflict.
	Hint string `json:"hint,omitempty"`
	// Option is the option that the setting is, or that it lies in; nil if the role has none of that name.
	Option *Option  `json:"option,omitempty"`
	Path   []string `json:"path"`
	// Problem is Nix's message where the value does not evaluate, in the user's terms.
	Problem string `json:"problem,omitempty"`
	// Value is the final value; absent where it does not evaluate.
	Value json.RawMessage `json:"value,omitempty"`
}

// Definition is one value that is written for the setting.
type Definition struct {
	// Counts: no definition of a stronger priority overrides it.
	Counts bool `json:"counts"`
	// Layer is "role", "machine", "tag" or "module"; Name the machine, the tag, or the module's file.
	Layer    string             `json:"layer"`
	Name     string             `json:"name,omitempty"`
	Position *instance.Position `json:"position,omitempty"`
	// Priority is 100 for a plain value, 50 for mkForce, 1000 for mkDefault; the smallest counts.
	Priority int64 `json:"priority"`
	Value    any   `json:"value"`
}

// Option is what the module declares.
type Option struct {
	Declared    []instance.Position `json:"declared,omitempty"`
	Default     any                 `json:"default,omitempty"`
	Description string              `json:"description,omitempty"`
	HasDefault  bool                `json:"hasDefault"`
	// Path is that of the option: the setting's, or a part of it where the setting lies within the option's value.
	Path []string `json:"path"`
	// Options are the names below, where the path leads to a set of options.
	Options []string `json:"options,omitempty"`
	Type    string   `json:"type,omitempty"`
}

// Explain says why, also about a setting if the inventory was loaded with it as [instance.Config.Setting].
func Explain(inv *instance.Inventory, ref instance.Subject) (*Explanation, error) {
	inst := inv.Instances[ref.Instance]
	if inst == nil {
		if err := inv.Failure(instance.Subject{Instance: ref.Instance}); err != nil {
			return nil, err
		}
		return nil,
			unknown(fmt.Sprintf("the clan has no instance %q", ref.Instance), ref.Instance, inv.InstanceNames(),
				"the instances are ")
	}
	role := inst.Roles[ref.Role]
	if role == nil {
		if err := inv.Failure(instance.Subject{Instance: ref.Instance, Role: ref.Role}); err != nil {
			return nil, err
		}
		return nil,
			unknown(fmt.Sprintf("the instance %q has no role %q", ref.Instance, ref.Role), ref.Role,
				slices.Sorted(maps.Keys(inst.Roles)), "its roles are ")
	}
	member := role.Machines[ref.Machine]
	if member == nil {
		return nil, notMember(inv, ref, role)
	}
	base := []string{"instances", ref.Instance, "roles", ref.Role}
	e := &Explanation{Instance: ref.Instance, Role: ref.Role, Machine: ref.Machine,
		Member: Member{Explicit: member.Explicit, Position: member.Position, Tags: []TagReason{}}}
	for _, tag := range member.Tags {
		e.Member.Tags = append(e.Member.Tags,
			TagReason{Name: tag, Position: inv.Where(append(slices.Clip(base), "tags", tag)...)})
	}
	if facts.Of(inv).Setting == nil {
		return e, nil
	}
	e.Setting = explainSetting(inv, ref, role, member, facts.Of(inv).Setting)
	if e.Setting.Option == nil && e.Setting.Value == nil && len(e.Setting.Definitions) == 0 && e.Setting.Problem == "" {
		return nil, noSetting(inv, ref, member)
	}
	return e, nil
}

func notMember(inv *instance.Inventory, ref instance.Subject, role *instance.Role) error {
	if !inv.MachinesKnown() {
		return fmt.Errorf("whether %q is a member of the role %q is not known: the clan's machines do not evaluate",
			ref.Machine, ref.Role)
	}
	machine := inv.Machines[ref.Machine]
	if machine == nil {
		return unknown(fmt.Sprintf("the clan has no machine %q", ref.Machine), ref.Machine,
			slices.Sorted(maps.Keys(inv.Machines)), "the machines are ")
	}
	advice := fmt.Sprintf("the role names no machine %q", ref.Machine)
	if len(role.Tags) > 0 {
		advice += fmt.Sprintf(" and takes machines by %s; %q carries %s", nearest.List(role.Tags), ref.Machine,
			nearest.List(machine.Tags))
	} else {
		advice += " and takes none by tag"
	}
	return &hint.Error{Text: fmt.Sprintf("the machine %q is not in the role %q of the instance %q", ref.Machine,
		ref.Role, ref.Instance), Advice: advice}
}

// noSetting says that the role has no such setting, or why nobody knows whether it has.
func noSetting(inv *instance.Inventory, ref instance.Subject, member *instance.Member) error {
	for _, f := range inv.Findings {
		if f.Partial() && f.Instance == ref.Instance && (f.Role == "" || f.Role == ref.Role) &&
			(f.Machine == "" || slices.Contains(permachine.Machines(f), ref.Machine)) {
			return &f
		}
	}
	last := len(ref.Setting) - 1
	var known []string
	if member.Settings != nil {
		around, _ := member.Settings.Lookup(ref.Setting[:max(last, 0)]...)
		if m, ok := around.(map[string]any); ok {
			known = slices.Sorted(maps.Keys(m))
		}
	}
	advice := nearest.Hint(nil, known, "there are ", "")
	if near := nearest.Of(ref.Setting[max(last, 0)], known); len(near) > 0 {
		advice = nearest.Hint(near, known, "", "") + " " + advice
	}
	return &hint.Error{Text: fmt.Sprintf("the role %q has no setting %s", ref.Role, nixlang.PathString(ref.Setting)),
		Advice: advice}
}

func unknown(message, name string, known []string, all string) error {
	return &hint.Error{Text: message, Advice: nearest.Hint(nearest.Of(name, known), known, all, "")}
}

// ---- definitions ----

func explainSetting(inv *instance.Inventory, ref instance.Subject, role *instance.Role, member *instance.Member,
	info *facts.SettingInfo) *Setting {
	s := &Setting{Path: ref.Setting, Definitions: []Definition{}, Problem: info.Message}
	if info.HasValue {
		s.Value = jsonvalue.Text(info.Value)
	} else if member.Settings != nil && role.SettingsFrom == codes.SettingsFromLayers {
		if value, ok := member.Settings.Lookup(ref.Setting...); ok {
			s.Value = jsonvalue.Text(value)
		}
	}
	if s.Value == nil {
		s.Problem = cmp.Or(problemOf(inv, ref), s.Problem)
	}
	s.Definitions = append(s.Definitions,
		layers{inv, instance.Scope{Instance: ref.Instance, Role: ref.Role, Machine: ref.Machine},
			facts.LayersOf(role, ref.Machine)}.at(ref.Setting)...)
	if n := len(info.Options); n > 0 {
		o := info.Options[n-1]
		s.Option = &Option{Path: ref.Setting[:o.Depth], Options: o.Children}
		if o.Option != nil {
			s.Option.describe(o.Option)
		}
		if o.Depth == len(ref.Setting) {
			s.Definitions = append(s.Definitions, ofModule(o, s.Definitions)...)
		}
	}
	weigh(s.Definitions)
	if s.Problem != "" {
		s.Hint = settle(s.Definitions)
	}
	return s
}

// problemOf is the message of the finding about a setting of a member; empty where there is none.
func problemOf(inv *instance.Inventory, ref instance.Subject) (message string) {
	for _, f := range inv.Findings {
		if f.Instance == ref.Instance && f.Role == ref.Role && slices.Equal(f.Setting, ref.Setting) &&
			slices.Contains(permachine.Machines(f), ref.Machine) {
			message = f.Message()
		}
	}
	return message
}

// ofModule are the definitions of an option that count and that no layer wrote: the module's own. A default is none.
func ofModule(o facts.Option, layers []Definition) (found []Definition) {
	written := map[string]bool{}
	for _, d := range layers {
		written[text(d.Value)] = true
	}
	for _, d := range o.Definitions {
		if o.Priority < defaultPriority && !written[text(d.Value())] {
			found = append(found, Definition{Layer: "module", Name: d.File, Priority: o.Priority, Value: d.Value()})
		}
	}
	return found
}

// layers are all that is written for the settings of one member, in the order of merging.
type layers struct {
	inv    *instance.Inventory
	member instance.Scope
	list   []facts.Layer
}

// at is what they give for a setting. [weigh] tells what counts.
func (l layers) at(path []string) []Definition {
	var found []Definition
	for _, layer := range l.list {
		at := append(layer.Path(l.member.Instance, l.member.Role), path...)
		for _, d := range layer.Definitions {
			for _, v := range valuesAt(d.Value(), path, plainPriority) {
				found = append(found,
					Definition{Layer: layer.Kind, Name: layer.Name, Priority: v.priority, Value: v.value,
						Position: facts.At(l.inv, at...)})
			}
		}
	}
	return found
}

// Written is what the clan's layers write for a setting, in the order of merging; what a module itself defines is not
// among it. Where they are written is known with [instance.NeedOrigins].
func Written(inv *instance.Inventory, ref instance.Subject) []Definition {
	inst := inv.Instances[ref.Instance]
	if inst == nil || inst.Roles[ref.Role] == nil {
		return nil
	}
	all := layers{inv, instance.Scope{Instance: ref.Instance, Role: ref.Role, Machine: ref.Machine},
		facts.LayersOf(inst.Roles[ref.Role], ref.Machine)}
	found := all.at(ref.Setting)
	weigh(found)
	return found
}

// weigh marks the definitions that count: those of the strongest priority.
func weigh(definitions []Definition) {
	strongest := int64(1 << 62)
	for _, d := range definitions {
		strongest = min(strongest, d.Priority)
	}
	for i := range definitions {
		definitions[i].Counts = definitions[i].Priority == strongest
	}
}

// describe fills in what is declared; a default as people should see it: what the module gives for that, or the value.
func (o *Option) describe(option *services.Option) {
	o.Description, o.HasDefault = option.Description, option.HasDefault
	if option.Type != nil {
		o.Type = option.Type.Description
	}
	if option.DefaultText != "" {
		o.Default = option.DefaultText
	} else if option.Default != nil {
		o.Default = option.Default
	}
	for _, at := range option.Declarations {
		o.Declared = append(o.Declared, instance.Position{File: at.File, Line: at.Line, Column: at.Column})
	}
}

// settle says how to end a disagreement between definitions: no layer outranks another, so one has to be marked or to
// go.
func settle(definitions []Definition) string {
	var rivals []Definition
	for _, d := range definitions {
		if d.Counts && (len(rivals) == 0 || text(d.Value) != text(rivals[0].Value)) {
			rivals = append(rivals, d)
		}
	}
	if len(rivals) < 2 {
		return ""
	}
	// The layer of one machine is the one that people mean to override with.
	keep := rivals[0]
	for _, d := range rivals {
		if d.Layer == "machine" {
			keep = d
		}
	}
	at := ""
	if keep.Position != nil {
		at = " at " + keep.Position.String()
		if nixlang.IsJSON(keep.Position.File) {
			return "remove all but one of them; JSON cannot say lib.mkForce"
		}
	}
	return fmt.Sprintf("to keep the value of the %s write lib.mkForce (%s)%s, or remove the other",
		strings.TrimSpace(keep.Layer+" "+keep.Name), text(keep.Value), at)
}

const (
	plainPriority = 100
	// defaultPriority is that of an option's default.
	defaultPriority = 1500
)

type valued struct {
	value    any
	priority int64
}

// valuesAt finds what a definition gives for a setting, through mkForce and its like at any level: they stand in the
// data as sets with a `_type`, as lib.modules makes them.
func valuesAt(value any, path []string, priority int64) []valued {
	m, isSet := value.(map[string]any)
	kind, _ := m["_type"].(string)
	switch kind {
	case "override":
		if n, ok := m["priority"].(json.Number); ok {
			priority, _ = n.Int64()
		}
		return valuesAt(m["content"], path, priority)
	case "order":
		return valuesAt(m["content"], path, priority)
	case "if":
		if holds, known := m["condition"].(bool); known && !holds {
			return nil
		}
		return valuesAt(m["content"], path, priority)
	case "merge":
		var all []valued
		contents, _ := m["contents"].([]any)
		for _, content := range contents {
			all = append(all, valuesAt(content, path, priority)...)
		}
		return all
	}
	if len(path) == 0 {
		return []valued{{value, priority}}
	}
	if next, has := m[path[0]]; isSet && has {
		return valuesAt(next, path[1:], priority)
	}
	return nil
}

func text(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}
