package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"reflect"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/hint"
	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/internal/shell"
	"github.com/clanctl/clanctl/pkg/instance"
)

// Layer is one of the places where an instance has settings: those of a role, or of a machine or tag in it.
type Layer struct {
	Instance, Role string
	// Machine and Tag: at most one is set.
	Machine, Tag string
}

// layerPath is the layer's path below `inventory`.
func (l Layer) layerPath() []string {
	path := []string{"instances", l.Instance, "roles", l.Role}
	switch {
	case l.Machine != "":
		path = append(path, "machines", l.Machine)
	case l.Tag != "":
		path = append(path, "tags", l.Tag)
	}
	return append(path, "settings")
}

func (l Layer) text() string {
	text := l.Instance + " " + l.Role
	switch {
	case l.Machine != "":
		text += " machine " + l.Machine
	case l.Tag != "":
		text += " @" + l.Tag
	}
	return text
}

// Set writes a setting: value is JSON (or else the error is a [*json.SyntaxError]), and is written as it is, down to
// the digits of its numbers. An empty path stands for all settings of the layer, which then have to be an object. A
// machine or tag has to be in the role: settings for it would put it there.
func (s *Store) Set(layer Layer, path []string, value []byte) error {
	if err := s.checkLayer(layer); err != nil {
		return err
	}
	if err := checkValue(value); err != nil {
		return err
	}
	if len(path) == 0 && bytes.TrimSpace(value)[0] != '{' {
		return errors.New("settings must be an object, not " + string(value))
	}
	at := append(layer.layerPath(), path...)
	if err := s.may(at...); err != nil {
		return err
	}
	before := s.doc.text()
	if err := s.widen(layer); err != nil {
		return err
	}
	if err := s.doc.set(at, value); err != nil {
		return err
	}
	if bytes.Equal(before, s.doc.text()) {
		return nil
	}
	if !slices.Contains(s.written, layer) {
		s.written = append(s.written, layer)
	}
	later := s.later()
	s.forget(at, true)
	s.did(at, fmt.Sprintf("set %s of %s", pathText(path), layer.text()), func(after *instance.Inventory) string {
		now := layer
		now.Instance = later(layer.Instance)
		// What the document has by now: a later change can have set or unset something in the value.
		want, wanted := s.doc.get(append(now.layerPath(), path...)...)
		got, found, known := s.layerValue(after.Instances[now.Instance], layer, path)
		if !wanted || !known || found && same(got, want) || isEmptySet(want) {
			return ""
		}
		return fmt.Sprintf("%s of %s is not %s", pathText(path), layer.text(), compact(want))
	})
	return nil
}

// Unset takes a setting out of the file. An empty path stands for all settings of the layer.
func (s *Store) Unset(layer Layer, path []string) error {
	if _, err := s.checkRole(layer.Instance, layer.Role); err != nil {
		return err
	}
	at := append(layer.layerPath(), path...)
	if !s.doc.has(at...) {
		if err, _ := s.mayRemove(at...); err != nil {
			return err
		}
		var known []string
		settings, _ := s.doc.get(layer.layerPath()...)
		settingPaths(nil, settings, &known)
		err := unknown("setting", nixlang.PathString(path), known)
		err.Text = fmt.Sprintf("%s of %s is not set in inventory.json", pathText(path), layer.text())
		return err
	}
	s.doc.remove(at...)
	// Sets of settings that became empty go, too; the member itself stays.
	for n := len(at) - 1; n >= len(layer.layerPath()) && s.doc.isEmpty(at[:n]...); n-- {
		s.doc.remove(at[:n]...)
	}
	if len(layer.layerPath()) == 5 {
		s.prune(layer.layerPath()[:4])
	} else if len(facts.Of(s.before).Owners.Of(layer.layerPath()[:6]...)) > 0 {
		s.prune(layer.layerPath()[:6])
	}
	later := s.later()
	s.forget(at, true)
	s.did(at, fmt.Sprintf("unset %s of %s", pathText(path), layer.text()), func(after *instance.Inventory) string {
		if _, found, known := s.layerValue(after.Instances[later(layer.Instance)], layer, path); !known || !found ||
			len(path) == 0 {
			return ""
		}
		return fmt.Sprintf("%s of %s is still set", pathText(path), layer.text())
	})
	return nil
}

// checkLayer makes sure that settings of the layer do nothing but to set.
func (s *Store) checkLayer(layer Layer) error {
	inst, err := s.checkRole(layer.Instance, layer.Role)
	if err != nil {
		return err
	}
	key, name := "machines", layer.Machine
	if layer.Tag != "" {
		key, name = "tags", layer.Tag
	}
	if name == "" || s.Force || isMember(inst, layer.Role, key, name) ||
		s.persists([]string{"instances", layer.Instance, "roles", layer.Role, key, name}) {
		return nil
	}
	m := Members{Role: layer.Role}
	if key == "tags" {
		m.Tags = []string{name}
	} else {
		m.Machines = []string{name}
	}
	if err := s.checkMembers(m); err != nil {
		return err
	}
	missing := &hint.Error{
		Text: fmt.Sprintf("%s is not in %s %s, and settings for it would add it there", memberText(key, name),
			layer.Instance, layer.Role),
		Advice: shell.Join([]string{"clanctl", "roles", "add", layer.Instance, layer.Role, memberText(key, name)})}
	if role := inst.Roles[layer.Role]; key == "machines" && role != nil && role.Machines[name] != nil {
		missing.Text = fmt.Sprintf("%s is in %s %s by a tag only (%s), and settings for it would add it by name", name,
			layer.Instance, layer.Role,
			memberText("tags", role.Machines[name].Tags[0]))
	}
	return missing
}

// widen turns a list of names on the way to a layer into the set that can hold settings.
func (s *Store) widen(layer Layer) error {
	path := layer.layerPath()
	if len(path) < 7 || !s.doc.isList(path[:5]...) {
		return nil
	}
	names := s.doc.names(path[:5]...)
	if err := s.doc.set(path[:5], []byte("{}")); err != nil {
		return err
	}
	for _, name := range names {
		if err := s.doc.set(append(slices.Clone(path[:5]), name), []byte("{}")); err != nil {
			return err
		}
	}
	return nil
}

// layerValue looks a setting up in the evaluated clan, as it is written in the layer. known is false where the role
// does not evaluate.
func (s *Store) layerValue(inst *instance.Instance, layer Layer, path []string) (value any, found, known bool) {
	if inst == nil || inst.Roles[layer.Role] == nil {
		return nil, false, false
	}
	value, found = facts.OfRole(inst.Roles[layer.Role]).Layers.Lookup(layer.Machine, layer.Tag, path)
	return value, found, true
}

// checkValue accepts one JSON value.
func checkValue(value []byte) error {
	dec := jsontext.NewDecoder(bytes.NewReader(value))
	_, err := dec.ReadValue()
	if err == nil {
		if _, err = dec.ReadToken(); errors.Is(err, io.EOF) {
			return nil
		}
		err = errors.New("trailing data after top-level value")
	}
	var syntactic *jsontext.SyntacticError
	switch {
	case errors.As(err, &syntactic):
		err = syntactic.Err
	case errors.Is(err, io.EOF):
		err = errors.New("the value is empty")
	}
	return &hint.Error{Text: fmt.Sprintf("%s is not valid JSON: %v", value, err),
		Err: &json.SyntaxError{Offset: dec.InputOffset()}}
}

// same compares JSON values; 1, 1.0 and 1e0 are one number.
func same(a, b any) bool {
	switch x := a.(type) {
	case json.Number:
		y, ok := b.(json.Number)
		if !ok {
			return false
		}
		m, _, errM := big.ParseFloat(x.String(), 10, 64, big.ToNearestEven)
		n, _, errN := big.ParseFloat(y.String(), 10, 64, big.ToNearestEven)
		if errM != nil || errN != nil {
			return x == y
		}
		if m.Cmp(n) == 0 {
			return true
		}
		// Nix has 64 bits for a number with a fraction, and prints six digits of it.
		p, _ := m.Float64()
		q, _ := n.Float64()
		return !m.IsInt() && !n.IsInt() && fmt.Sprintf("%.5g", p) == fmt.Sprintf("%.5g", q)
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok || len(x) != len(y) {
			return false
		}
		for key, value := range x {
			if other, ok := y[key]; !ok || !same(value, other) {
				return false
			}
		}
		return true
	case []any:
		y, ok := b.([]any)
		return ok && slices.EqualFunc(x, y, same)
	}
	return reflect.DeepEqual(a, b)
}

func compact(value any) string {
	text, _ := json.Marshal(value)
	return string(text)
}

func isEmptySet(value any) bool {
	set, ok := value.(map[string]any)
	return ok && len(set) == 0
}

// settingPaths lists the paths of the settings in a value.
func settingPaths(path []string, value any, into *[]string) {
	set, ok := value.(map[string]any)
	if !ok {
		if len(path) > 0 {
			*into = append(*into, nixlang.PathString(path))
		}
		return
	}
	for _, name := range sortedKeys(set) {
		settingPaths(append(slices.Clip(path), name), set[name], into)
	}
}

func pathText(path []string) string {
	if len(path) == 0 {
		return "all settings"
	}
	return nixlang.PathString(path)
}
