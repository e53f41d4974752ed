package gogen

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/services"
)

// generator collects the declarations of a file.
type generator struct {
	names names
	decls []string
	// above are the types that the current one is in, from the outside in, for types that contain themselves.
	above []*frame
}

// frame is one type on the way to the current one.
type frame struct {
	t *services.Type
	// name of the Go type; empty where it has none, yet.
	name string
}

// declare adds a declaration with its doc comment.
func (g *generator) declare(doc, decl string) {
	g.decls = append(g.decls, comment(doc)+decl)
}

func comment(text string) string {
	return strings.Join(append(commentLines(text), ""), "\n")
}

// collect returns what is declared meanwhile, which goes behind what it is a part of.
func (g *generator) collect(declare func()) []string {
	saved := g.decls
	g.decls = nil
	defer func() { g.decls = saved }()
	declare()
	return g.decls
}

// goType is a type in Go code.
type goType struct {
	text string
	// nilable: of a pointer, slice or map, and of `any`, nil is a value.
	nilable bool
}

func plain(name string) goType { return goType{text: name} }

var anything = goType{text: "any", nilable: true}

// pointer is the type with nil besides its values.
func pointer(t goType) goType {
	if t.text == "any" || strings.HasPrefix(t.text, "*") {
		return t
	}
	return goType{text: "*" + t.text, nilable: true}
}

// place is where a type stands: the Go name that it gets if it needs one, and the setting as the manuals of
// NixOS write it.
type place struct{ name, setting string }

func (p place) item() place  { return place{p.name + "Item", p.below("*")} }
func (p place) entry() place { return place{p.name + "Entry", p.below("<name>")} }

// below is the name of a setting inside.
func (p place) below(name string) string { return strings.TrimPrefix(p.setting+"."+name, ".") }

// of is the Go type for a type of an option. Types that need a name get that of the place, or one that begins with it.
func (g *generator) of(t *services.Type, at place) goType {
	if t == nil {
		return anything
	}
	if t.Up > 0 {
		return g.enclosing(t.Up)
	}
	f := &frame{t: t}
	outer := g.above
	g.above = append(slices.Clone(outer), f)
	defer func() { g.above = outer }()

	switch t.Kind {
	case services.KindBool:
		return plain("bool")
	case services.KindInt:
		return plain(intType(t))
	case services.KindNumber:
		return plain("float64")
	case services.KindString:
		return plain("string")
	case services.KindPath:
		return plain("typed.Path")
	case services.KindEnum, services.KindUnion:
		return g.union(t, outer, at)
	case services.KindNullable:
		return pointer(g.of(t.Elem, at))
	case services.KindCoerced:
		return g.of(last(t.Alternatives), at)
	case services.KindList:
		return goType{text: "[]" + g.of(t.Elem, at.item()).text, nilable: true}
	case services.KindMap:
		return goType{text: "map[string]" + g.of(t.Elem, at.entry()).text, nilable: true}
	case services.KindSubmodule, services.KindTagged:
		if t.Interface == nil {
			return anything
		}
		f.name = g.names.take(at.name)
		s := g.structure(place{f.name, at.setting}, f.name)
		s.tagged = t.Kind == services.KindTagged
		s.declare(f.name+" is the setting "+inline(at.setting)+".", t.Interface)
		return plain(f.name)
	}
	return anything
}

// enclosing is the type so many types up, of which the current one is a part. Only structs can be named from
// inside: all other types that contain themselves are `any`.
func (g *generator) enclosing(up int) goType {
	if up > len(g.above) {
		return anything
	}
	inside := g.above[len(g.above)-up:]
	target := inside[0]
	switch target.t.Kind {
	case services.KindNullable, services.KindCoerced:
		if len(inside) > 1 && inside[1].name != "" {
			target = inside[1]
		}
	}
	if target.name == "" {
		return anything
	}
	t := plain(target.name)
	for _, between := range inside {
		switch between.t.Kind {
		case services.KindList, services.KindMap:
			return t
		}
	}
	return pointer(t) // a struct cannot hold itself
}

// intType is the Go type for a type of integers: that of its bounds, where it is made for them, else of 64
// bits, as in Nix.
func intType(t *services.Type) string {
	if t.Minimum == nil || t.Maximum == nil {
		return "int64"
	}
	for name, bounds := range map[string][2]json.Number{
		"int8": {"-128", "127"}, "int16": {"-32768", "32767"}, "int32": {"-2147483648", "2147483647"},
		"uint8": {"0", "255"}, "uint16": {"0", "65535"}, "uint32": {"0", "4294967295"},
	} {
		if bounds == [2]json.Number{*t.Minimum, *t.Maximum} {
			return name
		}
	}
	return "int64"
}
