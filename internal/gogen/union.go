package gogen

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/internal/services"
)

// alternatives are what the values of a union, or of an enum, can be, sorted by what JSON tells apart.
type alternatives struct {
	null, boolean, number bool
	// ints are the Go types of integers, other than those of an enum.
	ints []string
	// anyString: strings other than those of an enum.
	anyString bool
	// The values of enums.
	strings  []string
	integers []json.Number
	// others are lists and objects, and paths, which are strings or objects.
	others []nested
	// anything: no more can be said.
	anything bool
}

// nested is a type with those around it.
type nested struct {
	t     *services.Type
	above []*frame
}

// add adds what a type can be. The types around it are those in above, the type itself included.
func (a *alternatives) add(t *services.Type, above []*frame) {
	if t == nil {
		a.anything = true
		return
	}
	inside := func(inner *services.Type) { a.add(inner, append(slices.Clone(above), &frame{t: t})) }
	switch {
	case t.Up > 0:
		a.others = append(a.others, nested{t, above})
		return
	case t.Kind == services.KindUnion && len(t.Alternatives) > 0:
		for _, alternative := range t.Alternatives {
			inside(alternative)
		}
		return
	}
	switch t.Kind {
	case services.KindNullable:
		a.null = true
		inside(t.Elem)
	case services.KindCoerced:
		inside(last(t.Alternatives))
	case services.KindEnum:
		a.addValues(t.Values)
	case services.KindBool:
		a.boolean = true
	case services.KindInt:
		a.ints = append(a.ints, intType(t))
	case services.KindNumber:
		a.number = true
	case services.KindString:
		a.anyString = true
	case services.KindPath, services.KindList, services.KindMap, services.KindSubmodule, services.KindTagged:
		a.others = append(a.others, nested{t, above})
	default:
		a.anything = true
	}
}

func (a *alternatives) addValues(values []json.RawMessage) {
	if len(values) == 0 {
		a.anything = true // no value is of such a type; whatever is there is there
	}
	for _, raw := range values {
		value, err := jsonvalue.Decode(raw)
		if err != nil {
			a.anything = true
			return
		}
		switch v := value.(type) {
		case nil:
			a.null = true
		case bool:
			a.boolean = true
		case string:
			a.strings = append(a.strings, v)
		case json.Number:
			if _, err := v.Int64(); err != nil {
				a.number = true
			} else {
				a.integers = append(a.integers, v)
			}
		default:
			a.anything = true
		}
	}
}

// kinds counts what JSON tells apart.
func (a *alternatives) kinds() int {
	n := len(a.others)
	for _, has := range []bool{a.boolean, a.hasNumbers(), a.hasStrings()} {
		if has {
			n++
		}
	}
	return n
}

func (a *alternatives) hasNumbers() bool { return a.number || len(a.ints) > 0 || len(a.integers) > 0 }
func (a *alternatives) hasStrings() bool { return a.anyString || len(a.strings) > 0 }

// branch is one alternative in Go.
type branch struct {
	label string
	t     goType
}

// union is the Go type for values of several kinds: a struct of which exactly one field is set, or, if there
// is only one kind, just that. The types around it are those in above.
func (g *generator) union(t *services.Type, above []*frame, at place) goType {
	var a alternatives
	a.add(t, above)
	if a.anything || a.kinds() == 0 {
		return anything
	}
	name := ""
	label := func(string) string { return at.name }
	if a.kinds() > 1 {
		name = g.names.take(at.name)
		label = func(label string) string { return name + label }
	}
	var branches []branch
	inside := g.collect(func() { branches = g.branches(&a, label, at.setting) })
	if isJSON(branches) {
		return anything
	}
	result := branches[0].t
	if len(branches) > 1 {
		g.declareUnion(name, branches, at.setting)
		result = plain(name)
	}
	g.decls = append(g.decls, inside...)
	if a.null {
		return pointer(result)
	}
	return result
}

// branches are the alternatives as Go types, no two alike.
func (g *generator) branches(a *alternatives, name func(label string) string, setting string) []branch {
	var out []branch
	add := func(label string, t goType) {
		if !slices.ContainsFunc(out, func(b branch) bool { return b.t.text == t.text }) {
			out = append(out, branch{label, t})
		}
	}
	if a.boolean {
		add("Bool", plain("bool"))
	}
	switch {
	case a.number:
		add("Number", plain("float64"))
	case len(a.ints) > 0:
		t := a.ints[0]
		if len(a.integers) > 0 || slices.ContainsFunc(a.ints, func(other string) bool { return other != t }) {
			t = "int64"
		}
		add("Int", plain(t))
	case len(a.integers) > 0:
		add("Int", g.enum(place{name("Int"), setting}, "int64", false, intConstants(a.integers)))
	}
	switch {
	case len(a.strings) > 0:
		add("String", g.enum(place{name("String"), setting}, "string", a.anyString, stringConstants(a.strings)))
	case a.anyString:
		add("String", plain("string"))
	}
	saved := g.above
	defer func() { g.above = saved }()
	for _, other := range a.others {
		label := "Object"
		switch other.t.Kind {
		case services.KindList:
			label = "List"
		case services.KindMap:
			label = "Map"
		case services.KindPath:
			label = "Path"
		}
		g.above = other.above
		add(label, g.of(other.t, place{name(label), setting}))
	}
	return out
}

// isJSON reports whether a union is just any JSON at all: of scalars, lists and maps of anything.
func isJSON(branches []branch) bool {
	has := map[string]bool{}
	for _, b := range branches {
		has[b.t.text] = true
	}
	return has["any"] || has["string"] && has["bool"] && has["[]any"] && has["map[string]any"]
}

func (g *generator) declareUnion(name string, branches []branch, setting string) {
	fields := newNames()
	var decode, encode []string
	code := ""
	for _, b := range branches {
		field := fields.take(b.label)
		t := b.t
		if !t.nilable {
			t = pointer(t)
		}
		code += field + " " + t.text + "\n"
		decode = append(decode, "&v."+field)
		encode = append(encode, "v."+field)
	}
	g.declare(name+" is the setting "+inline(setting)+", of one of several types: exactly one field is not nil.",
		fmt.Sprintf("type %s struct {\n%s}", name, code))
	g.codec(name, "Union", strings.Join(decode, ", "), strings.Join(encode, ", "))
}

// constant is one value of an enum.
type constant struct{ suffix, literal string }

func stringConstants(values []string) []constant {
	out := make([]constant, len(values))
	for i, v := range values {
		suffix := "Empty"
		if v != "" {
			suffix = identifier(v)
		}
		out[i] = constant{suffix, strconv.Quote(v)}
	}
	return out
}

func intConstants(values []json.Number) []constant {
	out := make([]constant, len(values))
	for i, v := range values {
		out[i] = constant{strings.Replace(v.String(), "-", "Minus", 1), v.String()}
	}
	return out
}

// enum declares a type with constants for the values that are known; open: there may be others.
func (g *generator) enum(at place, underlying string, open bool, constants []constant) goType {
	name := g.names.take(at.name)
	doc := name + " is the setting " + inline(at.setting) + ": one of the constants of this type"
	if open {
		doc += ", or another value"
	}
	g.declare(doc+".", "type "+name+" "+underlying)
	values := ""
	seen := map[string]bool{}
	for _, c := range constants {
		if seen[c.literal] {
			continue
		}
		seen[c.literal] = true
		values += g.names.take(name+c.suffix) + " " + name + " = " + c.literal + "\n"
	}
	g.declare("The values of "+name+".", "const (\n"+values+")")
	return plain(name)
}

func last(types []*services.Type) *services.Type {
	if len(types) == 0 {
		return nil
	}
	return types[len(types)-1]
}
