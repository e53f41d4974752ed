package instance

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/jsonvalue"
)

// loseLayers reports the parts of layers that do not evaluate, and returns the layers that are missing as a whole, by
// kind and name: with them their members' settings are.
func (d *instanceDecoder) loseLayers(subject Subject, lost []lostLayer) map[string]bool {
	whole := map[string]bool{}
	for _, layer := range lost {
		about := subject.with(layer.path)
		if layer.kind == "machine" {
			about.Machine = layer.name
		}
		if len(layer.path) == 0 {
			whole[layer.kind+layer.name] = true
		}
		d.lose(layer.failure, settingCode(layer.path), about, Cause{Whole: len(layer.path) == 0})
	}
	return whole
}

// mergeStructurally stands in for the module system where there is none: sets merge, lists concatenate in clan's order
// (tags in reverse order, machine, role), and two different values for one setting are a conflict. There are no
// defaults and no checks; the role says that its settings are of layers only.
func (d *instanceDecoder) mergeStructurally(name string, role *Role, layers *layerDecoder) {
	subject := Subject{Instance: d.name, Role: name}
	whole := d.loseLayers(subject, layers.lost)
	done := map[string]*Settings{}
	for _, machine := range sortedKeys(role.Machines) {
		member := role.Machines[machine]
		about := subject
		about.Machine = machine
		if whole["role"] || whole["machine"+machine] ||
			slices.ContainsFunc(member.Tags, func(tag string) bool { return whole["tag"+tag] }) {
			continue
		}
		key := role.layersKey(machine, member)
		if settings, ok := done[key]; ok {
			member.Settings = settings
			continue
		}
		m := merger{conflict: func(path []string, a, b any) {
			d.lose(nil, codes.Conflict, about.with(path), Cause{Values: []any{a, b}})
		}}
		texts := []json.RawMessage{}
		for _, layer := range role.layers(machine) {
			for _, definition := range layer.Definitions {
				texts = append(texts, definition.JSON)
			}
		}
		if i := slices.IndexFunc(texts, func(text json.RawMessage) bool {
			return !bytes.HasPrefix(text, []byte("{"))
		}); i >= 0 {
			d.lose(nil, codes.SettingsFailed, about,
				Cause{Values: []any{jsonvalue.Parse(texts[i])}, Whole: true})
		} else {
			member.Settings = m.settings(texts)
			if len(layers.files) > 0 {
				member.Settings.files = map[string]facts.FlakeFile{}
				member.Settings.markFiles(nil, member.Settings.Value(), layers.files)
			}
		}
		done[key] = member.Settings
	}
}

// markFiles notes where a value holds paths into the flake, by their text.
func (s *Settings) markFiles(path []string, value any, files map[string]facts.FlakeFile) {
	switch v := value.(type) {
	case map[string]any:
		for name, inner := range v {
			s.markFiles(extend(path, name), inner, files)
		}
	case []any:
		for i, inner := range v {
			s.markFiles(extend(path, strconv.Itoa(i)), inner, files)
		}
	case string:
		if file, known := files[v]; known {
			s.files[strings.Join(path, "\x00")] = file
		}
	}
}

type merger struct {
	conflict func(path []string, a, b any)
}

// settings merges sets, given as JSON.
func (m merger) settings(texts []json.RawMessage) *Settings {
	if len(texts) == 1 {
		return &Settings{raw: texts[0]}
	}
	var value any = map[string]any{}
	for _, text := range texts {
		value, _ = m.merge(nil, value, jsonvalue.Parse(text))
	}
	return &Settings{raw: jsonvalue.Text(value)}
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
