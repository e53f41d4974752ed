package lsp

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/internal/refs"
	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/internal/textview"
)

// completion offers what can stand at a place. Where one cannot tell what belongs there, that is nothing.
func (s *server) completion(params positionParams) (any, error) {
	items := []completionItem{}
	v, d := s.viewOf(params.TextDocument.URI)
	isJSON := d != nil && filepath.Base(d.path) == facts.PersistedName
	if v == nil || !isJSON && filepath.Ext(d.path) != ".nix" {
		return items, nil
	}
	cursor := nixlang.CursorAt(d.text, d.offset(params.Position, s.encoding), isJSON)
	path, ok := v.inventoryPath(d, cursor, isJSON)
	if !ok {
		return items, nil
	}
	p := proposer{v.known(), cursor, isJSON}
	at := d.span(cursor.Start, cursor.End, s.encoding)
	for _, one := range p.at(path) {
		text := p.written(one)
		filter := one.name
		if cursor.Start < len(d.text) && d.text[cursor.Start] == '"' {
			filter = text
		}
		item := completionItem{Label: one.name, Kind: one.kind, Detail: one.detail, FilterText: filter,
			TextEdit: textEdit{at, text}}
		if one.doc != "" {
			item.Documentation = &markup{"markdown", one.doc}
		}
		items = append(items, item)
	}
	return items, nil
}

// inventoryPath is the path below `inventory` of what a place is in: by the nearest name around it, or beside one of
// these, of which Nix has told what it is; or else by the name of the inventory itself.
func (v *view) inventoryPath(d *openDocument, c nixlang.Cursor, isJSON bool) ([]string, bool) {
	if c.Kind == nixlang.CursorNowhere {
		return nil, false
	}
	names := nixlang.Texts(c.Path)
	if isJSON {
		return names, true
	}
	known := map[int][]string{}
	for r := range v.here(d) {
		if r.Path != nil {
			known[r.Start] = r.Path
		}
	}
	// What stands in front tells best: a bracket may be missing at the place, and then what comes next is elsewhere.
	for _, end := range []int{c.Start, len(d.text)} {
		if path, ok := nearestPath(c, names, known, end); ok {
			return path, !slices.Contains(path, "")
		}
	}
	if i := slices.Index(names, "inventory"); i >= 0 {
		return names[i+1:], !slices.Contains(names[i+1:], "")
	}
	return nil, false
}

// nearestPath is the path of a place, by the deepest name of a known path that leads to it, or stands beside one that
// does, before an end.
func nearestPath(c nixlang.Cursor, names []string, known map[int][]string, end int) ([]string, bool) {
	for depth := len(names); depth >= 0; depth-- {
		if depth > 0 {
			if path := known[c.Path[depth-1].Start]; endsIn(path, names[depth-1:depth]) {
				return slices.Concat(path, names[depth:]), true
			}
		}
		for _, around := range c.Around {
			if around.Depth != depth {
				continue
			}
			if path := pathOfSet(around.Set, known, end); path != nil {
				return slices.Concat(path, names[depth:]), true
			}
		}
	}
	return nil, false
}

// pathOfSet is the path of a set, by the first of its attributes whose path is known; nil if there is none before an
// end.
func pathOfSet(set *nixlang.Set, known map[int][]string, end int) []string {
	for _, attr := range set.Attrs {
		for i, name := range attr.Path {
			written := nixlang.Texts(attr.Path[:i+1])
			if path := known[name.Start]; name.Start < end && endsIn(path, written) {
				return append([]string{}, path[:len(path)-len(written)]...)
			}
		}
	}
	return nil
}

func endsIn(path, names []string) bool {
	return len(path) >= len(names) && slices.Equal(path[len(path)-len(names):], names)
}

// proposal is something that can stand at a place.
type proposal struct {
	// name is that of an attribute, or a string; value, if set, is another value as JSON, of which name is the text.
	name        string
	value       json.RawMessage
	detail, doc string
	kind        int
}

// proposer knows what can stand where.
type proposer struct {
	known
	cursor nixlang.Cursor
	isJSON bool
}

// written is a proposal in the file's language.
func (p proposer) written(one proposal) string {
	switch {
	case one.value != nil:
		return string(one.value)
	case p.isJSON:
		text, _ := json.Marshal(one.name) // a string
		return string(text)
	case p.cursor.Kind == nixlang.CursorName && !p.cursor.Quoted:
		return nixlang.PathString([]string{one.name})
	}
	return nixlang.Quote(one.name)
}

// at is what can stand at a path below `inventory`, but for what is there.
func (p proposer) at(path []string) []proposal {
	var all []proposal
	there := map[string]bool{}
	switch p.cursor.Kind {
	case nixlang.CursorName:
		all = p.names(path)
		there = p.bound()
	case nixlang.CursorElement:
		all = p.listed(path, true)
		for _, n := range p.cursor.Elements {
			there[n.Text] = n.Start != p.cursor.Start
		}
	case nixlang.CursorValue:
		all = p.listed(path, false)
	}
	return slices.DeleteFunc(all, func(one proposal) bool { return there[one.name] })
}

// bound are the names that are bound beside the place.
func (p proposer) bound() map[string]bool {
	bound := map[string]bool{}
	if len(p.cursor.Around) == 0 {
		return bound
	}
	around := p.cursor.Around[0]
	before := p.cursor.Path[around.Depth:]
	for _, attr := range around.Attrs {
		if n := len(attr.Path) - 1; n == len(before) && attr.Path[n].Start != p.cursor.Start &&
			slices.Equal(nixlang.Texts(attr.Path[:n]), nixlang.Texts(before)) {
			bound[attr.Path[n].Text] = true
		}
	}
	return bound
}

// names are those of attributes right below a path.
func (p proposer) names(path []string) []proposal {
	if setting, ok := settingIn(path); ok {
		return p.options(path[1], path[3], setting)
	}
	inRoles := len(path) > 2 && path[0] == "instances" && path[2] == "roles"
	switch {
	case inRoles && len(path) == 3:
		return p.roles(path[1])
	case inRoles && len(path) == 5 && path[4] == "machines":
		return p.machines()
	case inRoles && len(path) == 5 && path[4] == "tags":
		return p.tags()
	}
	var all []proposal
	for _, name := range facts.Attributes(path) {
		all = append(all, proposal{name: name, kind: completionProperty, doc: attributeDocs[name]})
	}
	return all
}

// settingIn is the setting that a path leads to, empty for all of a layer; false where it leads to none.
func settingIn(path []string) ([]string, bool) {
	if len(path) < 5 || path[0] != "instances" || path[2] != "roles" {
		return nil, false
	}
	layer := path[4:]
	if len(layer) > 2 && (layer[0] == "machines" || layer[0] == "tags") {
		layer = layer[2:]
	}
	return layer[1:], layer[0] == "settings"
}

// attributeDocs are about the attributes of an inventory.
var attributeDocs = map[string]string{
	"instances":    "The services of the clan: each instance has a module, and roles with machines.",
	"machines":     "Machines by name.",
	"tags":         "Tags, which group machines.",
	"module":       "The service module that the instance is of.",
	"roles":        "The roles of the service, with the machines in each.",
	"settings":     "What the module's role accepts, for all members, a machine or a tag.",
	"extraModules": "NixOS modules for the members of the role, besides the service's.",
	"input":        "The flake input that offers the module; `self` is the flake. Without it, clan-core.",
	"machineClass": "`nixos` or `darwin`.",
	"deploy":       "How the machine is reached to deploy it.",
	"targetHost":   "The host to deploy to, as ssh takes it.",
	"buildHost":    "The host to build on, as ssh takes it.",
}

func (p proposer) machines() []proposal {
	var all []proposal
	for _, name := range slices.Sorted(maps.Keys(p.inv.Machines)) {
		all = append(all, proposal{name: name, kind: completionClass, detail: p.inv.Machines[name].Class,
			doc: paragraph(p.inv.Machines[name].Description) + "tags: " + list(p.inv.Machines[name].Tags)})
	}
	return all
}

func (p proposer) tags() []proposal {
	var all []proposal
	for _, name := range slices.Sorted(maps.Keys(p.inv.Tags)) {
		machines := p.inv.Tags[name]
		all = append(all, proposal{name: name, kind: completionEnum, detail: textview.Count(len(machines), "machine"),
			doc: list(machines)})
	}
	return all
}

// module is what an instance means: as the clan had it last, or, of a new instance, as the text has it.
func (p proposer) module(of string) (input, name string) {
	if inst := p.inv.Instances[of]; inst != nil {
		return inst.Module.Resolved, inst.Module.Name
	}
	input, name = p.noInput(), of
	for _, around := range p.cursor.Around {
		if text, ok := around.Lookup("module", "name"); ok {
			name = text
		}
		if text, ok := around.Lookup("module", "input"); ok {
			input = text
		}
	}
	return input, name
}

// service is the module of an instance; nil if it is not known.
func (p proposer) service(of string) *services.Service {
	input, name := p.module(of)
	return p.catalogue().Inputs[input].Modules[name]
}

func (p proposer) roles(of string) []proposal {
	roles := map[string]string{}
	if service := p.service(of); service != nil {
		for name, role := range service.Roles {
			roles[name] = role.Description
		}
	}
	if inst := p.inv.Instances[of]; inst != nil {
		for name, role := range inst.Module.Roles {
			roles[name] = role.Description
		}
	}
	var all []proposal
	for _, name := range slices.Sorted(maps.Keys(roles)) {
		all = append(all, proposal{name: name, kind: completionInterface, doc: roles[name]})
	}
	return all
}

// accepted is what a role of an instance takes as settings; nothing if that is not known.
func (p proposer) accepted(of, role string) *services.Interface {
	input, name := p.module(of)
	return p.accepts(input, name, role)
}

func (p proposer) options(of, role string, path []string) []proposal {
	options := p.accepted(of, role).OptionsAt(path)
	var all []proposal
	for _, name := range slices.Sorted(maps.Keys(options)) {
		option := options[name]
		if option.Internal || option.Hidden || option.ReadOnly {
			continue
		}
		one := proposal{name: name, kind: completionField, doc: describeOption(option)}
		switch {
		case option.IsSet():
			one.detail = "settings"
		case option.Type != nil:
			one.detail = option.Type.Description
		}
		if option.Required() {
			one.detail += " (required)"
		}
		all = append(all, one)
	}
	return all
}

// listed are the values of a part of the inventory, or the elements of the list that it is.
func (p proposer) listed(path []string, element bool) []proposal {
	inList := map[refs.Kind]bool{refs.Machine: true, refs.Tag: true}
	switch kind := refs.Listed(path); {
	case kind != "" && inList[kind] != element:
		return nil
	case kind == refs.Machine:
		return p.machines()
	case kind == refs.Tag:
		return p.tags()
	case kind == refs.Module:
		return p.moduleNames(path[1])
	case kind == refs.Input:
		return p.inputs()
	}
	switch {
	case len(path) == 3 && path[0] == "machines" && path[2] == "machineClass" && !element:
		return []proposal{{name: "darwin", kind: completionEnum}, {name: "nixos", kind: completionEnum}}
	case len(path) == 4 && path[0] == "machines" && path[3] == "forwardAgent" && !element:
		return p.values(&services.Type{Kind: services.KindBool}, false, "")
	}
	setting, ok := settingIn(path)
	if !ok {
		return nil
	}
	option, depth := p.accepted(path[1], path[3]).OptionAt(setting)
	if option == nil || depth != len(setting) {
		return nil
	}
	return p.values(option.Type, element, describeOption(option))
}

// values are those of a type, if they can be counted, or the elements of a list of such.
func (p proposer) values(t *services.Type, element bool, doc string) []proposal {
	if t == nil {
		return nil
	}
	var all []proposal
	add := func(values ...string) {
		for _, value := range values {
			all = append(all, proposal{name: value, value: json.RawMessage(value), kind: completionValue, doc: doc})
		}
	}
	switch t.Kind {
	case services.KindBool:
		if !element {
			add("false", "true")
		}
	case services.KindNullable:
		if !element {
			add("null")
		}
		all = append(all, p.values(t.Elem, element, doc)...)
	case services.KindList:
		if element {
			return p.values(t.Elem, false, doc)
		}
	case services.KindUnion, services.KindCoerced:
		for _, alternative := range t.Alternatives {
			all = append(all, p.values(alternative, element, doc)...)
		}
	case services.KindEnum:
		for _, value := range t.Values {
			var text string
			switch {
			case element:
			case json.Unmarshal(value, &text) == nil && value[0] == '"':
				all = append(all, proposal{name: text, kind: completionEnum, doc: doc})
			case value[0] != '{' && value[0] != '[':
				add(string(value))
			}
		}
	}
	return all
}

func (p proposer) inputs() []proposal {
	var all []proposal
	for _, name := range facts.Of(p.inv).Catalogue.Names {
		one := proposal{name: name, kind: completionModule}
		if p.modules != nil {
			if !p.modules.Catalogue.Inputs[name].HasServices {
				continue // nothing to name there
			}
			one.detail = textview.Count(len(p.modules.Catalogue.Inputs[name].Modules), "module")
		}
		all = append(all, one)
	}
	return all
}

// moduleNames are those of the input that the instance names, as the text has it now, or of clan-core.
func (p proposer) moduleNames(of string) []proposal {
	input, _ := p.module(of)
	if inst := p.inv.Instances[of]; inst != nil && inst.Module.Input == nil {
		input = p.noInput()
	}
	for _, around := range p.cursor.Around {
		for _, path := range [][]string{{"input"}, {"module", "input"}} {
			if text, ok := around.Lookup(path...); ok {
				input = text
			}
		}
		if names := nixlang.Texts(p.cursor.Path); around.Depth <= len(names)-2 {
			break // this is the instance's own set, or one around it
		}
	}
	known := p.catalogue().Inputs[input]
	var all []proposal
	for _, name := range known.Services {
		if slices.Contains(known.Deprecated, name) {
			continue
		}
		one := proposal{name: name, kind: completionModule, detail: "from " + input}
		if service := known.Modules[name]; service != nil && service.Manifest != nil {
			one.doc = service.Manifest.Description
		}
		all = append(all, one)
	}
	return all
}
