package gogen

import (
	"github.com/dave/jennifer/jen"

	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/module"
)

// structure is a struct that is being declared.
type structure struct {
	g *generator
	// name is the struct's; types inside have names that begin with that of at.
	name   string
	at     place
	fields names
	// tagged: of the fields exactly one is set.
	tagged bool
	// custom: `json` tags do not suffice.
	custom bool
	code   []jen.Code
}

func (g *generator) structure(at place, name string) *structure {
	return &structure{g: g, name: name, at: at, fields: newNames("MarshalJSON", "UnmarshalJSON")}
}

// declare declares the struct for what a role or a submodule accepts.
func (s *structure) declare(doc string, accepts *module.Interface) {
	inside := s.g.collect(func() {
		for _, option := range accepts.Names() {
			s.option(option, accepts.Options[option])
		}
		if accepts.Freeform != nil {
			s.freeform(accepts.Freeform)
		}
	})
	if s.tagged {
		doc += " Exactly one field is set."
	}
	s.g.declare(doc, jen.Type().Id(s.name).Struct(s.code...))
	if s.custom {
		s.g.codec(s.name, "Object", jen.Id("v"), jen.Id("v"))
	}
	s.g.decls = append(s.g.decls, inside...)
}

func (s *structure) option(option string, o *module.Option) {
	field := s.fields.take(identifier(option))
	at := place{s.at.name + field, s.at.below(instance.PathString([]string{option}))}
	t := anything
	switch {
	case o == nil || o.Err != nil:
	case o.IsSet():
		name := s.g.names.take(at.name)
		s.g.structure(place{name, at.setting}, name).
			declare(name+" are the settings "+inline(at.setting)+".", &module.Interface{Options: o.Options})
		t = plain(name)
	default:
		t = s.g.of(o.Type, at)
	}
	tag := map[string]string{"json": option}
	if s.tagged {
		t = pointer(t)
		tag["json"] += ",omitzero"
	}
	if !inJSONTag(option) {
		s.custom = true
		tag = map[string]string{"json": "-", "setting": option}
		if s.tagged {
			tag["settings"] = "optional"
		}
	}
	s.field(optionDoc(o, s.tagged), jen.Id(field).Add(t.code), tag)
}

// freeform adds a map for the settings that no option is declared for; their set has the type t.
func (s *structure) freeform(t *module.Type) {
	s.custom = true
	field := s.fields.take("Freeform")
	all := goType{code: jen.Map(jen.String()).Any()}
	if t.Kind == module.KindMap {
		all = s.g.of(t, place{s.at.name + "Freeform", s.at.setting})
	}
	s.field("The settings that no option is declared for.", jen.Id(field).Add(all.code),
		map[string]string{"json": "-", "settings": "freeform"})
}

func (s *structure) field(doc string, code *jen.Statement, tag map[string]string) {
	if len(s.code) > 0 {
		s.code = append(s.code, jen.Line())
	}
	for _, line := range commentLines(doc) {
		s.code = append(s.code, jen.Comment(line))
	}
	s.code = append(s.code, code.Tag(tag))
}

// codec declares the methods for JSON of a type, by the functions of package typed for it.
func (g *generator) codec(name, kind string, decoded, encoded jen.Code) {
	g.declare("UnmarshalJSON decodes strictly.",
		jen.Func().Params(jen.Id("v").Op("*").Id(name)).Id("UnmarshalJSON").Params(jen.Id("data").Index().Byte()).Error().
			Block(jen.Return(jen.Qual(typedPath, "Unmarshal"+kind).Call(jen.Id("data"), decoded))))
	g.declare("MarshalJSON is the inverse of UnmarshalJSON.",
		jen.Func().Params(jen.Id("v").Id(name)).Id("MarshalJSON").Params().Params(jen.Index().Byte(), jen.Error()).
			Block(jen.Return(jen.Qual(typedPath, "Marshal"+kind).Call(encoded))))
}
