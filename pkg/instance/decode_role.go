package instance

import (
	"slices"
	"strconv"

	"github.com/clanctl/clanctl/internal/nearest"
)

// decodeRole adds one role to an instance: its members, and the settings of the group that each belongs to.
func (l *loader) decodeRole(inst *Instance, name string, node any, evaluable bool) {
	path := []string{"instances", inst.Name, "roles", name}
	finding := NewFinding(CodeRoleFailed, Subject{Instance: inst.Name, Role: name}, Cause{})
	if bad(node) {
		l.miss(hole{path: path, node: node}, finding)
		return
	}
	role := &Role{Name: name, SettingsFrom: FromNowhere, ExtraModules: int(asInt(child(node, "extraModules")))}
	inst.Roles[name] = role
	if n := child(node, "extraModules"); bad(n) && markOf(n) != markBlocked {
		l.miss(hole{path: extend(path, "extraModules"), node: n}, NewFinding(CodeEvaluationFailed, Subject{Instance: inst.Name, Role: name}, Cause{Part: "extraModules"}))
	}
	var broken bool
	part := func(key string) map[string]any {
		n := child(node, key)
		if bad(n) && !broken {
			l.miss(hole{path: extend(path, key), node: n}, finding)
			broken = true
		}
		return asMap(n)
	}
	var holes []layerHole
	layer := func(node any, kind, name string, path []string) []Definition {
		return decodeLayer(node, path, func(h hole) { holes = append(holes, layerHole{h, kind, name}) })
	}
	layers := func(key, kind string) map[string][]Definition {
		out := map[string][]Definition{}
		for name, node := range part(key) {
			out[name] = layer(node, kind, name, extend(path, key, name))
		}
		return out
	}
	role.Layers = Layers{
		Machines: layers("machines", "machine"),
		Tags:     layers("tags", "tag"),
		Role:     layer(child(node, "settings"), "role", "", extend(path, "settings")),
	}
	role.Tags = emptyNotNil(sortedKeys(role.Layers.Tags))
	members := l.inv.index.Members(sortedKeys(role.Layers.Machines), role.Tags)
	byName := make([]Member, len(members))
	role.Machines = make(map[string]*Member, len(members))
	for i, m := range members {
		byName[i] = Member{Machine: m.Machine, Explicit: m.Explicit, Tags: emptyNotNil(m.Tags)}
		role.Machines[m.Machine] = &byName[i]
	}
	if broken || !evaluable {
		return
	}
	if unknown := l.unknownRole(inst, role); unknown {
		return
	}
	if from := asString(child(node, "settingsFrom")); from != "" {
		role.SettingsFrom = SettingsFrom(from)
	}
	groups := child(node, "groups")
	if markOf(groups) == markBlocked {
		// Another finding says why: another role that the module does not have, or machines that do not evaluate.
		role.SettingsFrom = FromNowhere
		return
	}
	if bad(groups) && len(role.Tags) > 0 && !l.inv.MachinesKnown() {
		role.SettingsFrom = FromNowhere // the machine's finding says why
		return
	}
	if bad(groups) {
		l.miss(hole{path: extend(path, "groups"), node: groups}, finding)
		role.SettingsFrom = FromNowhere
		return
	}
	l.decodeUnchecked(inst, role, child(node, "unchecked"), extend(path, "unchecked"))
	if role.SettingsFrom == FromLayers {
		l.mergeStructurally(inst, role, holes)
		return
	}
	role.Options = l.decodeDeclared(child(node, "options"))
	sharing := map[string][]*Member{}
	for i := range byName {
		key := role.layersOf(&byName[i])
		sharing[key] = append(sharing[key], &byName[i])
	}
	for _, key := range sortedKeys(asMap(groups)) {
		group := child(groups, key)
		members := sharing[layersKey(asString(child(group, "machine")), asStrings(child(group, "tags")))]
		settings := l.decodeGroup(inst, role, members, group, extend(path, "groups", key))
		own := l.decodeOwn(child(group, "own"))
		for _, m := range members {
			m.Settings, m.Own = settings, own
		}
	}
}

// unknownRole reports a role that the instance's module does not have.
func (l *loader) unknownRole(inst *Instance, role *Role) bool {
	if inst.Module.Roles == nil {
		return false
	}
	if _, known := inst.Module.Roles[role.Name]; known {
		return false
	}
	known := sortedKeys(inst.Module.Roles)
	cause := Cause{Service: inst.Module.Spec().String()}.WithNames(nearest.Of(role.Name, known), known)
	l.missing = append(l.missing, missing{finding: NewFinding(CodeUnknownRole, Subject{Instance: inst.Name, Role: role.Name}, cause)})
	return true
}

// decodeUnchecked reports what is wrong with the settings of a role without members. Only warnings: clan never looks. What is not
// set may be meant for the member's own settings.
func (l *loader) decodeUnchecked(inst *Instance, role *Role, node any, path []string) {
	report := func(h hole) {
		if h.undefined {
			return
		}
		code := CodeSettingFailed
		if len(h.user) == 0 {
			code = CodeSettingsFailed
		}
		l.miss(h, NewFinding(code, Subject{Instance: inst.Name, Role: role.Name, Setting: h.user}, Cause{}))
	}
	if bad(node) {
		report(hole{path: path, node: node})
		return
	}
	before := len(l.missing)
	prune(child(node, "role"), extend(path, "role"), nil, report)
	if len(l.missing) > before {
		return // each tag would say the same again
	}
	for _, tag := range sortedKeys(asMap(child(node, "tags"))) {
		prune(child(node, "tags", tag), extend(path, "tags", tag), nil, report)
	}
}

// decodeGroup returns the settings that all members with the same layers share; nil if they cannot be evaluated.
func (l *loader) decodeGroup(inst *Instance, role *Role, members []*Member, group any, path []string) *Settings {
	machine := asString(child(group, "member"))
	names := make([]string, len(members))
	for i, m := range members {
		names[i] = m.Machine
	}
	value, ok := prune(child(group, "settings"), extend(path, "settings"), nil, func(h hole) {
		code := CodeSettingFailed
		switch {
		case h.undefined:
			code = CodeMissingSetting
		case len(h.user) == 0:
			code = CodeSettingsFailed
		}
		about := Subject{Instance: inst.Name, Role: role.Name, Machine: machine, Machines: names, Setting: h.user}
		l.miss(h, NewFinding(code, about, Cause{Whole: len(h.user) == 0}))
	})
	if !ok {
		return nil
	}
	settings, err := NewSettings(value)
	if err != nil {
		return nil
	}
	return settings
}

// layerHole is a part of a layer that does not evaluate: of the role's, a machine's or a tag's.
type layerHole struct {
	hole
	kind, name string
}

// decodeLayer reads the definitions of one layer. Its holes matter only where the layers are all there is: elsewhere they are
// reported as holes in the final settings.
func decodeLayer(node any, path []string, report func(hole)) []Definition {
	if bad(node) {
		report(hole{path: path, node: node})
		return nil
	}
	set := asMap(node)
	layer := make([]Definition, 0, len(set))
	for i := range len(set) {
		key := strconv.Itoa(i)
		if value, ok := prune(child(set, key, "value"), extend(path, key, "value"), nil, report); ok {
			layer = append(layer, Definition{File: definitionFile(asString(child(set, key, "file"))), Value: value})
		}
	}
	return layer
}

// layersOf names the set of layers that makes a member's settings, besides the role's: members that agree in it have the same
// settings. It mirrors `signature` in reader.nix.
func (r *Role) layersOf(m *Member) string {
	machine := ""
	if len(r.Layers.Machines[m.Machine]) > 0 {
		machine = m.Machine
	}
	if machine == "" && !r.tagsHaveSettings() {
		return ordinary
	}
	var set []string
	for _, tag := range m.Tags {
		if len(r.Layers.Tags[tag]) > 0 {
			set = append(set, tag)
		}
	}
	return layersKey(machine, set)
}

// ordinary is the key of members that have no layer but the role's.
var ordinary = layersKey("", nil)

func (r *Role) tagsHaveSettings() bool {
	for _, layer := range r.Layers.Tags {
		if len(layer) > 0 {
			return true
		}
	}
	return false
}

func layersKey(machine string, tagNames []string) string {
	slices.Sort(tagNames)
	return optionPath(append([]string{machine}, tagNames...)...)
}

func emptyNotNil(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
