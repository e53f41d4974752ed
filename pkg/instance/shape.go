package instance

import (
	"cmp"
	"maps"
	"slices"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/internal/reader"
)

// A wrongly shaped inventory fails somewhere in the module system, in words about options and types. What is written is
// compared with what clan knows instead (clan-core: modules/inventoryClass), so that a finding can name the attribute
// and say the right form.

// Shape says which attribute is not as it must be.
type Shape struct {
	// Path leads to it, below the instance, machine or tag.
	Path []string `json:"path,omitempty"`
	// Type is what is written there, such as "a list"; empty where clan knows no attribute of that name.
	Type string `json:"type,omitempty"`
	// Want is what belongs there, such as "a list"; empty where Type is.
	Want string `json:"want,omitempty"`
	// Near are the names of attributes that may be meant.
	Near []string `json:"near,omitempty"`
}

// form is what an attribute must be.
type form struct {
	types  []string
	fields map[string]*form
	// each is the form of attributes with the user's names.
	each *form
}

var (
	settingsForm = &form{types: []string{"set", "lambda", "path"}}
	memberForm   = &form{types: []string{"set", "lambda"}, fields: map[string]*form{"settings": settingsForm}}
	membersForm  = &form{types: []string{"set"}, each: memberForm}
	roleForm     = &form{types: []string{"set", "lambda"}, fields: map[string]*form{
		"machines": membersForm, "tags": {types: []string{"set", "list"}, each: memberForm},
		"settings": settingsForm, "extraModules": {types: []string{"list"}},
	}}
	instanceForm = &form{types: []string{"set", "lambda"}, fields: map[string]*form{
		"module": {types: []string{"set", "lambda"}, fields: map[string]*form{
			"name": {types: []string{"string"}}, "input": {types: []string{"string", "null"}},
		}},
		"roles": {types: []string{"set"}, each: roleForm},
	}}
	textForm    = &form{types: []string{"string", "null"}}
	machineForm = &form{types: []string{"set", "lambda"}, fields: map[string]*form{
		"name": textForm, "description": textForm, "icon": textForm, "machineClass": {types: []string{"string"}},
		"installedAt": {types: []string{"int", "null"}}, "tags": {types: []string{"list"}},
		"deploy": {types: []string{"set", "lambda"}, fields: map[string]*form{
			"targetHost": textForm, "buildHost": textForm, "forwardAgent": {types: []string{"bool", "null"}},
		}},
	}}
	tagForm       = &form{types: []string{"list"}}
	inventoryForm = &form{fields: map[string]*form{
		"instances": {each: instanceForm}, "machines": {each: machineForm}, "tags": {each: tagForm},
		"meta": {fields: map[string]*form{"name": textForm, "description": textForm, "icon": textForm,
			"domain": textForm}},
	}}
)

// attributes are the names that clan knows below a part of the inventory.
func attributes(path []string) []string {
	f := inventoryForm
	for _, name := range path {
		if f = cmp.Or(f.fields[name], f.each); f == nil {
			return nil
		}
	}
	return slices.Sorted(maps.Keys(f.fields))
}

// shapeTree is where what is written for a loss can be looked up; "" where the loss is not of the inventory's own
// attributes.
func shapeTree(l loss) string {
	if l.failure == nil || len(l.failure.Path) < 2 || l.failure.Kind == reader.Blocked ||
		l.failure.Kind == reader.Opaque {
		return ""
	}
	switch tree := l.failure.Path[0]; tree {
	case "instances", "machines", "tags":
		return tree
	case "carried":
		return "machines"
	}
	return ""
}

// shaped makes a loss one of shape, if something of it has the wrong one.
func (l *loader) shaped(lost loss, tree string, written reader.Named[reader.Place]) loss {
	name := lost.failure.Path[1]
	place, known := written[name]
	if !known {
		return lost
	}
	expected := inventoryForm.fields[tree].each
	shape := expected.check(place, nil)
	if shape == nil {
		return lost
	}
	subject := lost.finding.Subject
	if tree == "instances" && len(shape.Path) > 1 && shape.Path[0] == "roles" {
		subject.Role = shape.Path[1]
	}
	if tree == "machines" {
		subject.Setting = shape.Path
	}
	f := NewFinding(codes.Malformed, subject, Cause{Shape: shape, Tag: lost.finding.Cause.Tag})
	if at := l.inv.facts.Places.At(append([]string{tree, name}, shape.Path...)...); at != nil && at.Position != nil {
		f.Position = *at.Position
	} else if at := l.places.pick(atPath(place, shape.Path).At,
		append([]string{tree, name}, shape.Path...)); at != nil {
		f.Position = *at
	}
	lost.failure.Err = errMalformed
	return loss{failure: lost.failure, finding: f}
}

func atPath(place reader.Place, path []string) reader.Place {
	for _, name := range path {
		place = place.Below[name]
	}
	return place
}

// check returns what is not as it must be in an attribute, or nil.
func (f *form) check(place reader.Place, path []string) *Shape {
	for _, at := range place.At {
		if len(f.types) > 0 && at.Type != "?" && at.Type != "" && !slices.Contains(f.types, at.Type) {
			return &Shape{Path: path, Type: typeWords(at.Type), Want: typeWords(f.types[0])}
		}
	}
	if f.fields == nil && f.each == nil ||
		slices.ContainsFunc(moduleWords, func(word string) bool { _, has := place.Below[word]; return has }) {
		return nil
	}
	for _, name := range sortedKeys(place.Below) {
		inner := f.each
		if inner == nil {
			if inner = f.fields[name]; inner == nil {
				return &Shape{Path: extend(path, name), Near: nearest.Of(name, sortedKeys(f.fields))}
			}
		}
		if shape := inner.check(place.Below[name], extend(path, name)); shape != nil {
			return shape
		}
	}
	return nil
}

// moduleWords are attributes of a module: its options can be anywhere.
var moduleWords = []string{"imports", "config", "options", "freeformType", "_module", "_file"}

// typeWords are a type of Nix's with its article.
func typeWords(nixType string) string {
	switch nixType {
	case "int":
		return "an integer"
	case "null":
		return "null"
	case "bool":
		return "a Boolean"
	case "set":
		return "an attribute set"
	case "lambda":
		return "a function"
	}
	return "a " + nixType
}
