package gogen

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/internal/services"
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
	code   string
}

func (g *generator) structure(at place, name string) *structure {
	return &structure{g: g, name: name, at: at, fields: newNames("MarshalJSON", "UnmarshalJSON")}
}

// declare declares the struct for what a role or a submodule accepts.
func (s *structure) declare(doc string, accepts *services.Interface) {
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
	s.g.declare(doc, fmt.Sprintf("type %s struct {\n%s}", s.name, s.code))
	if s.custom {
		s.g.codec(s.name, "Object", "v", "v")
	}
	s.g.decls = append(s.g.decls, inside...)
}

func (s *structure) option(option string, o *services.Option) {
	field := s.fields.take(identifier(option))
	at := place{s.at.name + field, s.at.below(nixlang.PathString([]string{option}))}
	t := anything
	switch {
	case o == nil || o.Err != nil:
	case o.IsSet():
		name := s.g.names.take(at.name)
		s.g.structure(place{name, at.setting}, name).
			declare(name+" are the settings "+inline(at.setting)+".", &services.Interface{Options: o.Options})
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
	s.field(optionDoc(o, s.tagged), field, t, tag)
}

// freeform adds a map for the settings that no option is declared for; their set has the type t.
func (s *structure) freeform(t *services.Type) {
	s.custom = true
	field := s.fields.take("Freeform")
	all := plain("map[string]any")
	if t.Kind == services.KindMap {
		all = s.g.of(t, place{s.at.name + "Freeform", s.at.setting})
	}
	s.field("The settings that no option is declared for.", field, all,
		map[string]string{"json": "-", "settings": "freeform"})
}

func (s *structure) field(doc, name string, t goType, tag map[string]string) {
	if s.code != "" {
		s.code += "\n"
	}
	s.code += comment(doc) + name + " " + t.text + " " + tagLiteral(tag) + "\n"
}

func tagLiteral(tag map[string]string) string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(tag)) {
		parts = append(parts, key+":"+strconv.Quote(tag[key]))
	}
	text := strings.Join(parts, " ")
	if strconv.CanBackquote(text) {
		return "`" + text + "`"
	}
	return strconv.Quote(text)
}

// codec declares the methods for JSON of a type, by the functions of package typed for it.
func (g *generator) codec(name, kind, decoded, encoded string) {
	g.declare("UnmarshalJSON decodes strictly.",
		fmt.Sprintf("func (v *%s) UnmarshalJSON(data []byte) error {\nreturn typed.Unmarshal%s(data, %s)\n}", name,
			kind, decoded))
	g.declare("MarshalJSON is the inverse of UnmarshalJSON.",
		fmt.Sprintf("func (v %s) MarshalJSON() ([]byte, error) {\nreturn typed.Marshal%s(%s)\n}", name, kind, encoded))
}
