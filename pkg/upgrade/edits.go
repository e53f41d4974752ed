package upgrade

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/internal/lazyregexp"
	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/internal/permachine"
	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/pkg/instance"
)

// Edit is a change of one place in the user's files.
type Edit struct {
	// From is set for the operation move: the path that it was at.
	From []string `json:"from,omitempty"`
	// Op is "add", "remove", "replace" or "move", as in a JSON Patch (RFC 6902).
	Op string `json:"op"`
	// Path is below `inventory`.
	Path []string `json:"path"`
	// Persisted: it is in the clan's inventory.json, where a program can make the edit.
	Persisted bool `json:"persisted,omitzero"`
	// Position is the place in the user's files; nil where it is not known.
	Position *instance.Position `json:"position,omitzero"`
	// Value is the new one; nil where only a person can know it.
	Value json.RawMessage `json:"value,omitzero"`
	// absent is how many of the sets around the place are not written yet.
	absent int
}

// text is the edit as people write it in Nix: "set inventory.instances.dns.module.input to \"community\"".
func (e Edit) text() string {
	at := func(path []string) string { return nixlang.PathString(append([]string{"inventory"}, path...)) }
	switch {
	case e.Op == "remove":
		return "remove " + at(e.Path)
	case e.Op == "move":
		parent := len(e.Path) - 1
		if slices.Equal(e.From[:len(e.From)-1], e.Path[:parent]) {
			return "rename " + at(e.From) + " to " + nixlang.PathString(e.Path[parent:])
		}
		return "rename " + at(e.From) + " to " + at(e.Path)
	case e.Value == nil:
		return "set " + at(e.Path)
	}
	return "set " + at(e.Path) + " to " + string(e.Value)
}

// edits are the smallest change after which a finding is none.
func (r *report) edits(f instance.Finding) []Edit {
	base := []string{"instances", f.Instance}
	if input := r.movedFrom(f.Instance, f.Cause.Input); input != "" {
		return []Edit{r.module(f.Instance, "input", input)}
	}
	switch f.Code {
	case codes.FlakeFailed:
		path, err := nixlang.ParsePath(f.Cause.Name)
		if err != nil || len(path) < 2 || path[0] != "inventory" || f.File == "" {
			return nil
		}
		persisted := f.File == facts.Of(r.old).PersistedFile
		return []Edit{{Op: "remove", Path: path[1:], Position: &f.Position, Persisted: persisted}}
	case codes.UnknownModule, codes.RemovedModule, codes.InputWithoutServices,
		codes.UnknownInput, codes.DeprecatedModule:
		if name := r.withoutOwner(f); name != "" {
			return []Edit{r.module(f.Instance, "name", name)}
		}
		if f.Code == codes.DeprecatedModule {
			return nil
		}
		if len(f.Cause.Elsewhere) == 0 && f.Cause.Nix != "" {
			return nil // the module itself says what to do
		}
		if len(f.Cause.Elsewhere) == 0 {
			return []Edit{r.at(Edit{Op: "remove", Path: base})}
		}
		input, name, _ := strings.Cut(f.Cause.Elsewhere[0], "#")
		edits := []Edit{r.module(f.Instance, "input", input)}
		if name != f.Cause.Name {
			edits = append(edits, r.module(f.Instance, "name", name))
		}
		return edits
	case codes.UnknownRole:
		at := append(base, "roles", f.Role)
		if len(f.Cause.Near) == 0 {
			return []Edit{r.at(Edit{Op: "remove", Path: at})}
		}
		return []Edit{r.at(Edit{Op: "move", From: at, Path: append(slices.Clone(at[:3]), f.Cause.Near[0])})}
	case codes.UnknownSetting, codes.InvalidSetting:
		return r.settingEdits(f)
	case codes.MissingSetting:
		e := Edit{Op: "add", Path: append(base, append([]string{"roles", f.Role, "settings"}, f.Setting...)...)}
		if _, after := r.interfaces(f.Instance, f.Role); optionAt(after, f.Setting) != nil && !r.inList(f) {
			e.Value = optionAt(after, f.Setting).Example
		}
		return []Edit{r.at(e)}
	}
	return nil
}

// inList reports whether a setting is within a list that is written: which of several layers' lists its element comes
// from is not known.
func (r *report) inList(f instance.Finding) bool {
	for n := range f.Setting {
		for _, d := range r.written(f.Instance, f.Role, f.Machine, f.Setting[:n]) {
			if _, isList := d.Value.([]any); isList {
				return true
			}
		}
	}
	return false
}

// movedFrom is the input whose module an instance without module.input had, where it is looked for in another one after
// the upgrade; else "". Where the module is not there, its finding says which that is.
func (r *report) movedFrom(name, found string) string {
	was, is := r.old.Instances[name], r.new.Instances[name]
	if was == nil || is == nil || was.Module.Input != nil {
		return ""
	}
	if now := cmp.Or(is.Module.Resolved, found); now == "" || now == was.Module.Resolved {
		return ""
	}
	return was.Module.Resolved
}

// withoutOwner is the name "x" of a module that an instance names "@owner/x", where the input offers that, too.
func (r *report) withoutOwner(f instance.Finding) string {
	is := r.new.Instances[f.Instance]
	if is == nil || !strings.HasPrefix(is.Module.Name, "@") {
		return ""
	}
	_, name, _ := strings.Cut(is.Module.Name, "/")
	offers := facts.Of(r.new).Catalogue.Inputs[cmp.Or(is.Module.Resolved, f.Cause.Input)]
	if !slices.Contains(offers.Services, name) || slices.Contains(offers.Deprecated, name) {
		return ""
	}
	return name
}

// module is an edit of a module reference.
func (r *report) module(name, field, value string) Edit {
	e := Edit{Op: "add", Path: []string{"instances", name, "module", field}, Value: jsonvalue.Text(value)}
	if i := r.old.Instances[name]; i != nil &&
		(field == "input" && i.Module.Input != nil || facts.At(r.old, e.Path...) != nil) {
		e.Op = "replace"
	}
	return r.at(e)
}

// at adds where an edit is to be made.
func (r *report) at(e Edit) Edit {
	from := e.Path
	if e.Op == "move" {
		from = e.From
	}
	e.Position = r.old.Where(from...)
	if places := facts.Of(r.old).Places; (e.Op == "add" || e.Op == "move") && places.At(e.Path[:2]...) != nil {
		for n := len(e.Path) - 1; places.At(e.Path[:n]...) == nil; n-- {
			e.absent++
		}
	}
	e.Persisted = e.Position != nil && e.Position.File == facts.Of(r.old).PersistedFile
	return e
}

// settingEdits are those of all places where a setting is written that no longer fits.
func (r *report) settingEdits(f instance.Finding) []Edit {
	_, after := r.interfaces(f.Instance, f.Role)
	near := f.Cause.Near
	if len(near) == 0 && after != nil && len(f.Setting) == 1 {
		near = nearest.Of(f.Setting[0], after.Names())
	}
	var edits []Edit
	for _, machine := range permachine.Machines(f) {
		for _, d := range r.written(f.Instance, f.Role, machine, f.Setting) {
			at := append(facts.Layer{Kind: d.Layer, Name: d.Name}.Path(f.Instance, f.Role), f.Setting...)
			e := Edit{Op: "remove", Path: at}
			switch option := optionAt(after, f.Setting); {
			case f.Code == codes.UnknownSetting && len(near) > 0 &&
				len(r.written(f.Instance, f.Role, machine,
					append(slices.Clone(f.Setting[:len(f.Setting)-1]), near[0]))) == 0:
				e.Op, e.From, e.Path = "move", at, append(slices.Clone(at[:len(at)-1]), near[0])
			case option != nil && f.Code == codes.InvalidSetting:
				if e.Value = converted(after, f.Setting, d.Value); e.Value != nil {
					e.Op = "replace"
				}
			}
			e = r.at(e)
			if !slices.ContainsFunc(edits, func(other Edit) bool { return slices.Equal(other.Path, e.Path) }) {
				edits = append(edits, e)
			}
		}
	}
	return edits
}

// aliasEdits give an option that is an alias by now its new name, in the layer that sets it.
func (r *report) aliasEdits(layer []string, path []string, is *services.Option, after *services.Interface) []Edit {
	alias := aliasOf.FindStringSubmatch(is.Description)
	if alias == nil {
		return nil
	}
	to, err := nixlang.ParsePath(alias[1])
	if err != nil {
		return nil
	}
	var edits []Edit
	for n := range path { // the name is relative to the settings, or to the set within them that declares it
		named := append(slices.Clone(path[:n]), to...)
		if option, depth := after.OptionAt(named); option == nil || depth < len(named) {
			continue
		}
		e := Edit{Op: "move", From: slices.Concat(layer, path), Path: slices.Concat(layer, named)}
		if len(edits) > 0 || facts.At(r.old, e.Path...) != nil {
			return nil
		}
		edits = append(edits, r.at(e))
	}
	return edits
}

// aliasOf is how nixpkgs' mkRenamedOptionModule describes the old name.
var aliasOf = lazyregexp.New("^Alias of \\{option\\}`(.+)`\\.$")

// converted is a value in the form that an option takes now: in a list or out of one, as a string or as a number. Nil
// if none of these fits.
func converted(of *services.Interface, path []string, value any) json.RawMessage {
	var candidates []any
	switch v := value.(type) {
	case []any:
		if len(v) == 1 {
			candidates = append(candidates, v[0])
		}
	case json.Number:
		candidates = append(candidates, v.String())
	case bool:
		candidates = append(candidates, strconv.FormatBool(v))
	case string:
		if _, err := strconv.ParseFloat(v, 64); err == nil && json.Valid([]byte(v)) {
			candidates = append(candidates, json.Number(v))
		}
		if v == "true" || v == "false" {
			candidates = append(candidates, v == "true")
		}
	}
	candidates = append(candidates, []any{value})
	schema := services.NewSchema(of, services.SchemaOptions{})
	for _, candidate := range candidates {
		settings := candidate
		for _, name := range slices.Backward(path) {
			settings = map[string]any{name: settings}
		}
		if schema.Validate(settings) == nil {
			return jsonvalue.Text(candidate)
		}
	}
	return nil
}

// Patch is the edits that are to be made in the clan's inventory.json, as a JSON Patch (RFC 6902) of it; those whose
// value only a person can know are not among them.
func (r *Report) Patch() json.RawMessage {
	type operation struct {
		From  string          `json:"from,omitempty"`
		Op    string          `json:"op"`
		Path  string          `json:"path"`
		Value json.RawMessage `json:"value,omitzero"`
	}
	operations := []operation{}
	add := func(o operation) {
		if !slices.ContainsFunc(operations, func(other operation) bool {
			return other.Op == o.Op && other.Path == o.Path
		}) {
			operations = append(operations, o)
		}
	}
	for _, effect := range r.Effects {
		for _, e := range effect.Edits {
			if !e.Persisted || e.Value == nil && e.Op != "remove" && e.Op != "move" {
				continue
			}
			for n := len(e.Path) - e.absent; n < len(e.Path); n++ {
				add(operation{Op: "add", Path: jsonvalue.Pointer(e.Path[:n]), Value: json.RawMessage("{}")})
			}
			o := operation{Op: e.Op, Path: jsonvalue.Pointer(e.Path), Value: e.Value}
			if e.Op == "move" {
				o.From = jsonvalue.Pointer(e.From)
			}
			add(o)
		}
	}
	return jsonvalue.Text(operations)
}

func isInput(file string) bool { return strings.HasPrefix(file, "<") }
