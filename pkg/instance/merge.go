package instance

import (
	"encoding/json"
	"reflect"
	"slices"
)

// mergeStructurally stands in for the module system where there is none: sets merge, lists concatenate in clan's order (tags
// in reverse order, machine, role), and two different values for one setting are a conflict. There are no defaults and no
// checks; the role says that its settings are of layers only.
func (l *loader) mergeStructurally(inst *Instance, role *Role, holes []layerHole) {
	whole := map[string]bool{} // layers that are missing as a whole, and their members' settings with them
	for _, h := range holes {
		about := Subject{Instance: inst.Name, Role: role.Name, Setting: h.user}
		if h.kind == "machine" {
			about.Machine = h.name
		}
		if len(h.user) == 0 {
			l.miss(h.hole, NewFinding(CodeSettingsFailed, about, Cause{Whole: true}))
			whole[h.kind+h.name] = true
		} else {
			l.miss(h.hole, NewFinding(CodeSettingFailed, about, Cause{}))
		}
	}
	done := map[string]*Settings{}
	for _, name := range sortedKeys(role.Machines) {
		member := role.Machines[name]
		if whole["role"] || whole["machine"+name] || slices.ContainsFunc(member.Tags, func(tag string) bool { return whole["tag"+tag] }) {
			continue
		}
		key := role.layersOf(member)
		if settings, ok := done[key]; ok {
			member.Settings = settings
			continue
		}
		var layers []Definition
		for _, tag := range slices.Backward(member.Tags) {
			layers = append(layers, role.Layers.Tags[tag]...)
		}
		layers = append(append(layers, role.Layers.Machines[name]...), role.Layers.Role...)
		m := merger{conflict: func(path []string, a, b any) {
			about := Subject{Instance: inst.Name, Role: role.Name, Machine: name, Setting: path}
			l.missing = append(l.missing, missing{hole: hole{user: path}, finding: NewFinding(CodeConflict, about, Cause{Values: []any{a, b}})})
		}}
		var value any = map[string]any{}
		ok := true
		for _, layer := range layers {
			if _, isSet := layer.Value.(map[string]any); !isSet {
				l.missing = append(l.missing, missing{finding: NewFinding(CodeSettingsFailed, Subject{Instance: inst.Name, Role: role.Name, Machine: name},
					Cause{Values: []any{layer.Value}, Whole: true})})
				ok = false
				break
			}
			value, _ = m.merge(nil, value, layer.Value)
		}
		if !ok {
			done[key] = nil
			continue
		}
		member.Settings, _ = NewSettings(value)
		done[key] = member.Settings
	}
}

type merger struct {
	conflict func(path []string, a, b any)
}

// merge combines two values for one setting; ok is false if they conflict.
func (m merger) merge(path []string, a, b any) (value any, ok bool) {
	switch x := a.(type) {
	case map[string]any:
		y, both := b.(map[string]any)
		if !both {
			break
		}
		out := make(map[string]any, len(x)+len(y))
		for k, v := range x {
			out[k] = v
		}
		for k, v := range y {
			if old, twice := out[k]; twice {
				if v, ok := m.merge(extend(path, k), old, v); ok {
					out[k] = v
				} else {
					delete(out, k)
				}
			} else {
				out[k] = v
			}
		}
		return out, true
	case []any:
		if y, both := b.([]any); both {
			return append(slices.Clip(x), y...), true
		}
	}
	if reflect.DeepEqual(a, b) {
		return a, true
	}
	m.conflict(path, a, b)
	return nil, false
}

func compact(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "?"
	}
	return string(b)
}
