package upgrade

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/internal/lazyregexp"
	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/pkg/diff"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/why"
)

// setting tells of a final setting of some members that is not what it was.
func (r *report) setting(name, role string, v diff.Value) {
	before, after := r.interfaces(name, role)
	for _, leaf := range leaves(v, before, after) {
		told, _ := r.told(name, role, leaf.Path)
		machines := slices.DeleteFunc(slices.Clone(v.Machines), func(m string) bool { return slices.Contains(told, m) })
		if len(machines) == 0 {
			continue
		}
		e := Effect{Kind: codes.EffectChanged, Part: "setting", Scope: instance.Scope{Instance: name, Role: role},
			Path: leaf.Path, Old: leaf.Old, New: leaf.New, Machines: machines}
		written := r.written(name, role, machines[0], leaf.Path)
		if len(written) > 0 {
			e.Position = written[len(written)-1].Position
		}
		was, is := optionAt(before, leaf.Path), optionAt(after, leaf.Path)
		wasIn, isIn := depthAt(before, leaf.Path), depthAt(after, leaf.Path)
		switch {
		case before == nil || after == nil:
			e.Reason = "module"
		case leaf.Old == nil && isIn > wasIn && len(written) == 0:
			e.Reason, e.Minor = "new-option", isOff(leaf.New)
		case leaf.New == nil && wasIn > isIn && len(written) == 0:
			e.Reason, e.Minor = "option-gone", isOff(leaf.Old)
		case len(written) == 0 && was != nil && is != nil && !bytes.Equal(was.Default, is.Default):
			e.Reason = "default"
		case was != nil && is != nil && typeName(was) != typeName(is):
			e.Reason = "type"
		default:
			e.Reason = "module"
		}
		r.add(e)
	}
}

// told are the machines for which an effect already says that a setting does not evaluate on one side, alone or with
// all others, and whether there are any.
func (r *report) told(name, role string, path []string) (machines []string, any bool) {
	for _, e := range r.Effects {
		if e.Finding == nil || e.Instance != name || e.Role != role {
			continue
		}
		if e.Finding.Cause.Dropped ||
			len(e.Path) > 0 && len(path) >= len(e.Path) && slices.Equal(e.Path, path[:len(e.Path)]) {
			machines, any = append(machines, e.Machines...), true
		}
	}
	return machines, any
}

// leaves are a change of a set as changes of the options in it.
func leaves(v diff.Value, before, after *services.Interface) []diff.Value {
	of, text := after, v.New
	if v.Change == diff.Removed {
		of, text = before, v.Old
	}
	set, isSet := jsonvalue.Parse(text).(map[string]any)
	if v.Change == diff.Changed || !isSet || len(set) == 0 || of == nil || len(v.Path) > 0 &&
		optionAt(of, v.Path) != nil {
		return []diff.Value{v}
	}
	var all []diff.Value
	for _, name := range slices.Sorted(maps.Keys(set)) {
		leaf := diff.Value{Change: v.Change, Machines: v.Machines, Path: append(slices.Clip(v.Path), name)}
		if v.Change == diff.Removed {
			leaf.Old = jsonvalue.Text(set[name])
		} else {
			leaf.New = jsonvalue.Text(set[name])
		}
		all = append(all, leaves(leaf, before, after)...)
	}
	return all
}

// optionAt is the option that a path leads to, or into the value of; nil where there is none.
func optionAt(i *services.Interface, path []string) *services.Option {
	if i == nil {
		return nil
	}
	option, _ := i.OptionAt(path)
	return option
}

// depthAt is how much of a path leads to an option; 0 where there is none.
func depthAt(i *services.Interface, path []string) int {
	if i == nil {
		return 0
	}
	_, depth := i.OptionAt(path)
	return depth
}

func typeName(o *services.Option) string {
	if o.Type == nil {
		return ""
	}
	return string(o.Type.Kind) + " " + o.Type.Description
}

func (r *report) interfaces(name, role string) (before, after *services.Interface) {
	return interfaceOf(rolesOf(r.old, name)[role]), interfaceOf(rolesOf(r.new, name)[role])
}

func interfaceOf(role *instance.Role) *services.Interface {
	if role == nil {
		return nil
	}
	return facts.OfRole(role).Interface
}

// isOff reports whether a value is one that usually does nothing: null, false, zero, or empty.
func isOff(text json.RawMessage) bool {
	switch v := jsonvalue.Parse(text).(type) {
	case nil:
		return true
	case bool:
		return !v
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	case json.Number:
		return v == "0"
	}
	return false
}

// written is what the user's files say of a setting.
func (r *report) written(name, role, machine string, path []string) []why.Definition {
	return why.Written(r.old, instance.Subject{Instance: name, Role: role, Machine: machine, Setting: path})
}

// options tells of what the module by now says of the roles and options that the clan uses: whether they are there, are
// kept for the sake of old settings only, or mean something else. An error says more.
func (r *report) options() {
	for ref, role := range r.old.Roles() {
		before, after := r.interfaces(ref.Instance, ref.Role)
		r.refused(ref, role)
		if before == nil || after == nil {
			continue
		}
		for _, layer := range layersOf(role) {
			told := map[string]bool{}
			for _, d := range layer.Definitions {
				eachOption(before, nil, d.Value(), func(path []string, was *services.Option) bool {
					key := strings.Join(path, "\x00")
					if !told[key] {
						r.option(ref, role, layer, path, was, after)
					}
					told[key] = true
					return optionAt(after, path) != nil
				})
			}
		}
	}
}

// layersOf are all layers of settings of a role, whoever they reach.
func layersOf(role *instance.Role) []facts.Layer {
	layers := facts.OfRole(role).Layers
	all := []facts.Layer{{Kind: "role", Definitions: layers.Role}}
	for _, tag := range slices.Sorted(maps.Keys(layers.Tags)) {
		all = append(all, facts.Layer{Kind: "tag", Name: tag, Definitions: layers.Tags[tag]})
	}
	for _, machine := range slices.Sorted(maps.Keys(layers.Machines)) {
		all = append(all, facts.Layer{Kind: "machine", Name: machine, Definitions: layers.Machines[machine]})
	}
	return all
}

// refused tells of a role that the module says it took away, where it does not refuse it.
func (r *report) refused(ref instance.Scope, role *instance.Role) {
	is := r.new.Instances[ref.Instance]
	if is == nil || r.breaks(ref.Instance, ref.Role) {
		return
	}
	before, after := r.old.Instances[ref.Instance].Module.Roles[ref.Role], is.Module.Roles[ref.Role]
	if refuses.MatchString(after.Description) && !refuses.MatchString(before.Description) {
		r.add(Effect{Kind: codes.EffectDeprecated, Part: "role", Scope: ref,
			Reason: sentence(after.Description), Machines: slices.Sorted(maps.Keys(role.Machines)),
			Position: r.old.Where("instances", ref.Instance, "roles", ref.Role)})
	}
}

// refuses is how modules describe a role that they took away: clan knows it, and a machine in it does not build.
var refuses = lazyregexp.New(`^\W*(?i:removed|deprecated|obsolete)\b`)

// option tells what became of one that a layer sets.
func (r *report) option(ref instance.Scope, role *instance.Role, layer facts.Layer, path []string,
	was *services.Option, after *services.Interface) {
	e := Effect{Kind: codes.EffectReview, Part: "setting", Scope: ref, Path: path}
	is := optionAt(after, path)
	_, told := r.told(ref.Instance, ref.Role, path)
	switch {
	case is == nil && after.Freeform != nil:
		e.Kind, e.Reason = codes.EffectUnused, "option-gone"
	case is == nil || told:
		return
	case is.Hidden && !was.Hidden:
		e.Kind, e.Reason = codes.EffectDeprecated, cmp.Or(is.Description, "renamed")
	case is.Type != nil && was.Type != nil && is.Type.Description != was.Type.Description:
		e.Reason, e.Old, e.New = "type", jsonvalue.Text(was.Type.Description), jsonvalue.Text(is.Type.Description)
	case !slices.Equal(words(is.Description), words(was.Description)):
		e.Reason, e.Old, e.New = "description", jsonvalue.Text(was.Description), jsonvalue.Text(is.Description)
	default:
		return
	}
	e.Machines = reached(role, layer)
	at := layer.Path(ref.Instance, ref.Role)
	e.Position = r.old.Where(slices.Concat(at, path)...)
	switch e.Kind {
	case codes.EffectReview:
		r.review(e)
		return
	case codes.EffectDeprecated:
		e.Edits = r.aliasEdits(at, path, is, after)
	}
	r.add(e)
}

// review tells of an option once for all places where the clan sets it, unless a value changed.
func (r *report) review(e Effect) {
	if slices.ContainsFunc(r.Effects, func(other Effect) bool {
		return other.Part == "setting" && other.Instance == e.Instance && other.Role == e.Role &&
			slices.Equal(other.Path, e.Path)
	}) {
		return
	}
	e.Part, e.Service, e.Instance = "option", serviceOf(r.new.Instances[e.Instance]), ""
	for i := range r.Effects {
		other := &r.Effects[i]
		if other.Kind == e.Kind && other.Service == e.Service && other.Role == e.Role &&
			len(other.Path) == len(e.Path) && other.Path[len(other.Path)-1] == e.Path[len(e.Path)-1] &&
			bytes.Equal(other.Old, e.Old) && bytes.Equal(other.New, e.New) {
			other.join(e)
			return
		}
	}
	r.add(e)
}

// words are what counts of a description.
func words(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(c rune) bool {
		return !unicode.IsLetter(c) && !unicode.IsDigit(c)
	})
}

// reached are the members that a layer of settings reaches.
func reached(role *instance.Role, layer facts.Layer) []string {
	var machines []string
	for _, name := range slices.Sorted(maps.Keys(role.Machines)) {
		if layer.Kind == "role" || layer.Kind == "machine" && layer.Name == name || layer.Kind == "tag" &&
			slices.Contains(role.Machines[name].Tags, layer.Name) {
			machines = append(machines, name)
		}
	}
	return machines
}

// eachOption calls a function for each option that a value is written for; where it returns true, also for those within
// the option.
func eachOption(of *services.Interface, path []string, value any, found func([]string, *services.Option) bool) {
	if len(path) > 0 {
		if option, depth := of.OptionAt(path); option != nil && depth == len(path) && !found(path, option) {
			return
		}
	}
	switch v := value.(type) {
	case map[string]any:
		if content, isMarked := v["content"]; isMarked && v["_type"] != nil {
			eachOption(of, path, content, found) // mkForce and its like
			return
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			eachOption(of, append(slices.Clip(path), name), v[name], found)
		}
	case []any:
		for i, element := range v {
			eachOption(of, append(slices.Clip(path), strconv.Itoa(i)), element, found)
		}
	}
}

// offers tells of services, roles and options that came.
func (r *report) offers() {
	moved := map[string]bool{}
	for _, input := range r.Inputs {
		moved[input.Name] = true
	}
	used := map[string]bool{}
	for _, i := range r.old.Instances {
		used[serviceOf(i)] = true
	}
	then, now := facts.Of(r.old).Catalogue.Inputs, facts.Of(r.new).Catalogue.Inputs
	for _, input := range slices.Sorted(maps.Keys(now)) {
		if !moved[input] || !then[input].HasServices {
			continue
		}
		for _, name := range now[input].Services {
			if !slices.Contains(then[input].Services, name) && !slices.Contains(now[input].Deprecated, name) &&
				!strings.HasPrefix(name, "@") {
				r.add(Effect{Kind: codes.EffectNew, Part: "service", Scope: instance.Scope{Service: input + "#" + name},
					Name: name})
			}
		}
		for _, name := range then[input].Services {
			if !used[input+"#"+name] && !slices.Contains(then[input].Deprecated, name) &&
				!strings.HasPrefix(name, "@") &&
				(!slices.Contains(now[input].Services, name) || slices.Contains(now[input].Deprecated, name)) {
				r.add(Effect{Kind: codes.EffectChanged, Part: "service",
					Scope: instance.Scope{Service: input + "#" + name}, Name: name, Reason: "removed", Minor: true})
			}
		}
	}
	told := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(r.new.Instances)) {
		was, is := r.old.Instances[name], r.new.Instances[name]
		if was == nil || was.Module.Roles == nil || is.Module.Roles == nil {
			continue
		}
		service := serviceOf(is)
		for _, role := range slices.Sorted(maps.Keys(is.Module.Roles)) {
			if _, had := was.Module.Roles[role]; !had && !told[service] {
				r.add(Effect{Kind: codes.EffectNew, Part: "role", Scope: instance.Scope{Service: service}, Name: role,
					Reason: is.Module.Roles[role].Description})
			}
		}
		told[service] = true
		for _, role := range slices.Sorted(maps.Keys(is.Roles)) {
			before, after := r.interfaces(name, role)
			if before == nil || after == nil || told[service+"\x00"+role] {
				continue
			}
			told[service+"\x00"+role] = true
			r.newOptions(service, role, before, after)
		}
	}
}

func (r *report) newOptions(service, role string, before, after *services.Interface) {
	known := map[string]bool{}
	for path := range before.All() {
		known[strings.Join(path, "\x00")] = true
	}
	for path, option := range after.All() {
		if !known[strings.Join(path, "\x00")] && !option.Hidden && !option.Internal {
			r.add(Effect{Kind: codes.EffectNew, Part: "option", Scope: instance.Scope{Service: service, Role: role},
				Path: path, New: option.Default, Reason: sentence(option.Description)})
		}
	}
}

// sentence is the first one of a description.
func sentence(text string) string {
	paragraph, _, _ := strings.Cut(strings.TrimSpace(text), "\n\n")
	line := strings.Join(strings.Fields(paragraph), " ")
	if end := sentenceEnd.FindIndex([]byte(line)); end != nil {
		line = line[:end[0]+1]
	}
	return line
}

var sentenceEnd = lazyregexp.New(`\. \p{Lu}`)
