package instance

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/internal/members"
	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/internal/reader"
	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/pkg/module"
)

// instanceDecoder decodes one instance.
type instanceDecoder struct {
	*loader
	name      string
	inst      *Instance
	evaluated reader.Evaluated
	// failed: the module does not evaluate, which a finding says.
	failed bool
}

// service fills in what the instance's module says of itself.
func (d *instanceDecoder) service() {
	m := &d.inst.Module
	for _, file := range d.evaluated.Files.Value {
		if local := d.places.local(file); local.known {
			m.Files = append(m.Files, local.name)
		}
	}
	m.Files = sortedUnique(m.Files)
	part, known := d.facts.services.Value[d.evaluated.Key]
	resolved, err := d.inv.facts.Catalogue.Resolve(m.Spec())
	// Before mid 2025 null meant the flake's own modules, wherever it kept them: what evaluates was found.
	found := known && part.OK()
	plain := d.inv.Flake.Layout == facts.LayoutInventory
	if err != nil && !found {
		d.failed = !plain // without clan-core nothing but the module's manifest and roles is lost
		if !plain || m.Input != nil || len(d.inv.facts.Catalogue.Inputs["self"].Services) > 0 {
			d.unresolved(err.(*services.ResolveError), part.Failure, !plain)
		}
		return
	}
	m.Resolved = resolved
	if !found {
		d.failed = !plain
		d.lose(part.Failure, codes.ModuleFailed, Subject{Instance: d.name}, Cause{})
		return
	}
	m.Manifest = d.manifest(part.Value.Manifest)
	if roles := part.Value.Roles; roles.OK() && roles.Value != nil {
		m.Roles = map[string]module.Role{}
		for name, role := range roles.Value {
			m.Roles[name] = module.Role{Description: deref(role.Value.Description.Value)}
		}
	}
}

// unresolved loses what a reference means that leads nowhere; whole: nothing of the settings can be known for it.
func (d *instanceDecoder) unresolved(err *services.ResolveError, failure *reader.Failure, whole bool) {
	near := err.Nearest
	if core := d.inv.Flake.ClanCore; err.Code == codes.UnknownInput && core != "" && err.Input == "clan-core" {
		near = []string{core} // under another name
	}
	cause := Cause{Whole: whole, Input: err.Input, Elsewhere: err.Elsewhere, Name: err.Spec.Name,
		Service: err.Spec.String()}
	cause.Near, cause.Known = nearest.Or(near, err.Known)
	f := NewFinding(err.Code, Subject{Instance: d.name}, cause)
	f.Err = err
	if err.Code != codes.RemovedModule {
		failure = nil // the module's own message says what to use instead of it
	}
	d.losses = append(d.losses, loss{failure: failure, finding: f})
}

// manifest is what a module says of itself; what of it does not evaluate is reported once for each module.
func (d *instanceDecoder) manifest(part reader.Part[*reader.Manifest]) *module.Manifest {
	return manifest(part, func(path []string, f *reader.Failure) {
		// clan goes on without; and of another author's module the user can do nothing.
		if d.inst.Module.Resolved != "self" {
			return
		}
		d.lose(f, codes.ManifestFailed, Subject{Module: d.inst.Module.Name, Setting: path[:min(len(path), 1)]},
			Cause{})
	})
}

func manifest(part reader.Part[*reader.Manifest], lose func(path []string, f *reader.Failure)) *module.Manifest {
	if !part.OK() {
		lose(nil, part.Failure)
		return nil
	}
	node := part.Value
	if node == nil {
		return nil
	}
	field := func(name string) func([]string, *reader.Failure) {
		return func(path []string, f *reader.Failure) { lose(append([]string{name}, path...), f) }
	}
	for name, f := range map[string]*reader.Failure{"name": node.Name.Failure,
		"description": node.Description.Failure} {
		if f != nil {
			lose([]string{name}, f)
		}
	}
	m := &module.Manifest{Name: node.Name.Value, Description: deref(node.Description.Value)}
	categories, _ := node.Categories.PruneList(field("categories"))
	m.Categories = jsonvalue.Strings(categories)
	constraints, _ := node.Constraints.Prune(field("constraints"))
	m.Constraints, _ = constraints.(map[string]any)
	m.Exports, _ = node.Exports.Prune(field("exports"))
	return m
}

// role adds one role to the instance: its members, and the settings of the group that each belongs to.
func (d *instanceDecoder) role(name string, part reader.Part[reader.Role]) {
	node := part.Value
	subject := Subject{Instance: d.name, Role: name}
	if part.Failure != nil {
		d.lose(part.Failure, codes.RoleFailed, subject, Cause{})
		return
	}
	role := &Role{SettingsFrom: codes.SettingsNone, ExtraModules: node.ExtraModules.Value,
		Tags: emptyNotNil(node.Tags.Value)}
	d.inst.Roles[name] = role
	for _, file := range node.Missing.Value {
		role.facts.Missing = append(role.facts.Missing, d.places.local(file).name)
	}
	if f := cmp.Or(node.ExtraModules.Failure, node.Missing.Failure); f != nil {
		d.lose(f, codes.ExtraModulesFailed, subject, Cause{Part: "extraModules"})
	}
	own := cmp.Or(node.Machines.Failure, node.Tags.Failure, node.MachinesAreSets.Failure,
		node.MachineLayers.Failure, node.TagLayers.Failure)
	if f := node.TagsAreSets.Failure; own == nil && f != nil {
		if d.clanEvaluates(name) { // until mid 2026 it took a tag's name only
			d.lose(f, codes.EvaluationFailed, subject, Cause{Part: "tags"})
		} else {
			own = f
		}
	}
	if own != nil {
		d.lose(own, codes.RoleFailed, subject, Cause{})
	}
	layers := &layerDecoder{places: d.places, files: map[string]facts.FlakeFile{}}
	role.facts.Layers = facts.Layers{
		Machines: layers.set("machine", node.MachineLayers.Value),
		Tags:     layers.set("tag", node.TagLayers.Value),
		Role:     layers.layer("role", "", node.Layer),
	}
	slices.Sort(role.Tags)
	found := members.Of(d.inv.Tags, node.Machines.Value, role.Tags)
	inOrder := make([]Member, len(found))
	role.Machines = make(map[string]*Member, len(found))
	sharing := map[string]*sharers{}
	for i, m := range found {
		member := &inOrder[i]
		*member = Member{Explicit: m.Explicit, Tags: emptyNotNil(m.Tags)}
		role.Machines[m.Machine] = member
		key := role.layersKey(m.Machine, member)
		if sharing[key] == nil {
			sharing[key] = &sharers{}
		}
		sharing[key].add(m.Machine, member)
	}
	if own != nil || d.failed || d.config.Need&NeedSettings == 0 {
		return
	}
	if known := d.inst.Module.Roles; known != nil {
		if _, ok := known[name]; !ok {
			names := sortedKeys(known)
			cause := Cause{Service: d.inst.Module.Spec().String()}
			cause.Near, cause.Known = nearest.Or(nearest.Of(name, names), names)
			d.lose(nil, codes.UnknownRole, subject, cause)
			return
		}
	}
	d.settings(name, role, layers, sharing)
}

// sharers are the members of a role with the same layers: their names, sorted, and they themselves.
type sharers struct {
	names   []string
	members []*Member
}

func (s *sharers) add(name string, m *Member) {
	s.names, s.members = append(s.names, name), append(s.members, m)
}

// clanEvaluates reports whether clan has all settings of a role's members.
func (d *instanceDecoder) clanEvaluates(name string) bool {
	role := d.evaluated.Roles[name].Value
	for _, group := range role.Groups.Value {
		if _, whole := group.Value.Settings.Whole(); group.Failure != nil || !whole {
			return false
		}
	}
	return role.Groups.OK() && role.SettingsFrom.Value == codes.SettingsFromClan
}

// settings fills in the final settings of the members.
func (d *instanceDecoder) settings(name string, role *Role, layers *layerDecoder, sharing map[string]*sharers) {
	subject := Subject{Instance: d.name, Role: name}
	part := d.evaluated.Roles[name]
	node := part.Value
	if failure := cmp.Or(part.Failure, node.SettingsFrom.Failure); failure != nil {
		if failure.Kind == reader.Blocked {
			d.loseLayers(subject, layers.lost)
			return
		}
		d.lose(failure, codes.RoleFailed, subject, Cause{})
		return
	}
	role.SettingsFrom = node.SettingsFrom.Value
	role.facts.Idle, role.facts.Refused = node.Idle.Value, node.Refused.Value
	if f := node.Groups.Failure; f != nil {
		role.SettingsFrom = codes.SettingsNone
		if f.Kind != reader.Blocked {
			d.lose(f, codes.RoleFailed, subject, Cause{})
		}
		return
	}
	for _, value := range node.Unchecked.Value {
		before := len(d.losses)
		value.Prune(func(path []string, f *reader.Failure) {
			if !f.Undefined && !f.Unset { // what is not set is for the member's own settings
				d.lose(f, settingCode(path), subject.with(path), Cause{})
			}
		})
		if len(d.losses) > before {
			break // each tag would say the same again
		}
	}
	if role.SettingsFrom == codes.SettingsFromLayers {
		d.mergeStructurally(name, role, layers)
		return
	}
	role.facts.Interface = d.declared(d.evaluated.Key, name)
	role.facts.Own = map[string][]facts.OwnDefinition{}
	for _, key := range sortedKeys(node.Groups.Value) {
		group := node.Groups.Value[key]
		same := sharing[layersKey(deref(group.Value.Machine), group.Value.Tags)]
		if same == nil { // a group of nobody
			same = &sharers{}
		}
		settings, own := d.group(subject, same.names, group), d.own(group.Value.Own.Value)
		for i, member := range same.members {
			member.Settings = settings
			if len(own) > 0 {
				role.facts.Own[same.names[i]] = own
			}
		}
	}
}

// declared is what a role of a module declares; nil where that is not known, or was not asked for. Instances of one
// module share it.
func (l *loader) declared(key, role string) *services.Interface {
	node, known := l.facts.services.Value[key].Value.Interfaces.Value[role]
	if !known || !node.OK() {
		return nil
	}
	at := [2]string{key, role}
	if l.interfaces[at] == nil {
		describer := &describer{places: l.places, lose: func(*reader.Failure, **services.Failure) {}}
		l.interfaces[at] = describer.set(node.Value)
	}
	return l.interfaces[at]
}

// settingCode is that of a setting, or of settings as a whole.
func settingCode(path []string) string {
	if len(path) == 0 {
		return codes.SettingsFailed
	}
	return codes.SettingFailed
}

// group returns the settings that all members with the same layers share; nil if they cannot be evaluated.
func (d *instanceDecoder) group(subject Subject, members []string, part reader.Part[reader.Group]) *Settings {
	raw, whole := part.Value.Settings.Whole()
	if whole && part.Failure == nil {
		return &Settings{raw: raw}
	}
	real := d.machinesAmong(members)
	subject.Machine, subject.Machines = part.Value.Member, real
	if len(real) > 0 && (part.Failure != nil || !slices.Contains(real, subject.Machine)) {
		subject.Machine = real[0]
	}
	isGhost := len(real) == 0 && len(members) > 0 // what is wrong with one is a part of unknown-machine
	if part.Failure != nil {
		if !isGhost {
			d.lose(part.Failure, codes.SettingsFailed, subject, Cause{Whole: true})
		}
		return nil
	}
	bare := false
	value, ok := part.Value.Settings.Prune(func(path []string, f *reader.Failure) {
		if bare = f.Bare; f.Hidden && (f.Unset || f.Undefined) || isGhost {
			return // a hidden option that nobody set is no setting
		}
		code := settingCode(path)
		if f.Undefined {
			code = codes.MissingSetting
		}
		d.lose(f, code, subject.with(path), Cause{Whole: len(path) == 0 && !bare, Dropped: bare, Unset: f.Unset})
	})
	if !ok && !bare {
		return nil
	}
	if !ok {
		value = map[string]any{} // what nobody can read clan drops
	}
	settings, err := NewSettings(value)
	if err != nil {
		return nil
	}
	for path, file := range part.Value.Settings.Files() {
		if settings.files == nil {
			settings.files = map[string]facts.FlakeFile{}
		}
		settings.files[path] = facts.FlakeFile(file)
	}
	return settings
}

// machinesAmong are the members that are machines, as far as the machines are known.
func (d *instanceDecoder) machinesAmong(members []string) []string {
	if d.inv.Machines == nil || len(d.inv.facts.Unknown) > 0 {
		return members
	}
	return slices.DeleteFunc(slices.Clone(members), func(name string) bool { return d.inv.Machines[name] == nil })
}

func (d *instanceDecoder) own(nodes []reader.Own) []facts.OwnDefinition {
	var own []facts.OwnDefinition
	for _, node := range nodes {
		if text, ok := pruned(node.Value, func([]string, *reader.Failure) {}); ok {
			own = append(own, facts.OwnDefinition{Path: node.Path, Priority: node.Priority,
				Definition: facts.NewDefinition(d.places.local(node.File).name, text)})
		}
	}
	return own
}

// pruned is reader.Value.Prune of a value that is kept as text, which most are already.
func pruned(v reader.Value, report func([]string, *reader.Failure)) (json.RawMessage, bool) {
	if text, whole := v.Whole(); whole {
		return text, true
	}
	value, ok := v.Prune(report)
	if !ok {
		return nil, false
	}
	return jsonvalue.Text(value), true
}

// layerDecoder decodes the definitions of layers. What does not evaluate matters only where the layers are all there
// is: elsewhere it is missing from the final settings, too.
type layerDecoder struct {
	places *placer
	lost   []lostLayer
	// files are the paths into the flake that the layers hold, by their text.
	files map[string]facts.FlakeFile
}

// lostLayer is a part of a layer that does not evaluate: of the role's, a machine's or a tag's.
type lostLayer struct {
	kind, name string
	path       []string
	failure    *reader.Failure
}

func (l *layerDecoder) set(kind string,
	nodes reader.Named[reader.Part[[]reader.Part[reader.Definition]]]) map[string][]facts.Definition {
	out := make(map[string][]facts.Definition, len(nodes))
	for name, part := range nodes {
		out[name] = l.layer(kind, name, part)
	}
	return out
}

func (l *layerDecoder) layer(kind, name string, node reader.Part[[]reader.Part[reader.Definition]]) []facts.Definition {
	if node.Failure != nil {
		l.lost = append(l.lost, lostLayer{kind, name, nil, node.Failure})
	}
	var layer []facts.Definition
	for _, part := range node.Value {
		if part.Failure != nil {
			l.lost = append(l.lost, lostLayer{kind, name, nil, part.Failure})
			continue
		}
		text, ok := pruned(part.Value.Value, func(path []string, f *reader.Failure) {
			l.lost = append(l.lost, lostLayer{kind, name, path, f})
		})
		if ok {
			layer = append(layer, facts.NewDefinition(l.places.local(part.Value.File).name, text))
			for _, file := range part.Value.Value.Files() {
				l.files[file.Path] = facts.FlakeFile(file)
			}
		}
	}
	return layer
}

// layersKey names the set of layers that makes a member's settings, besides the role's: members that agree in it have
// the same settings. It mirrors `signature` in settings.nix.
func (r *Role) layersKey(machine string, m *Member) string {
	name := ""
	if _, written := r.facts.Layers.Machines[machine]; written {
		name = machine
	}
	var set []string
	for _, tag := range m.Tags {
		if _, written := r.facts.Layers.Tags[tag]; written {
			set = append(set, tag)
		}
	}
	return layersKey(name, set)
}

func layersKey(machine string, tagNames []string) string {
	if machine == "" && len(tagNames) == 0 {
		return ""
	}
	slices.Sort(tagNames)
	return nixlang.PathString(append([]string{machine}, tagNames...))
}
