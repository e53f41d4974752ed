package services

import (
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Schema is a role's interface as a JSON Schema (draft 2020-12): one document, its root the settings, that
// refers to nothing outside itself. It marshals to that document, with sorted keys. It is safe for concurrent
// use.
//
// It accepts what the module system accepts, as far as a schema can tell: where it cannot, it accepts too
// much, and says so in Inexpressible. See [SchemaOptions.Whole] for what is required.
type Schema struct {
	// Inexpressible are the options of which a schema cannot tell what they accept, in the order of their paths.
	Inexpressible []Inexpressible

	document map[string]any
	of       *Interface
	whole    bool
}

// SchemaOptions say what a schema is for.
type SchemaOptions struct {
	// Title is the schema's title.
	Title string
	// Whole: the schema is for all settings of a member of the role taken together, so that options without a
	// default are required. Otherwise it is for one layer (what is written for the role, for a machine or for
	// a tag), where nothing is required, because another layer may have it; only an element of a list is
	// always written in one place.
	Whole bool
}

// Inexpressible is an option that a schema cannot describe in full.
type Inexpressible struct {
	// Path is the option's, "*" for the elements of a list or map.
	Path []string `json:"path"`
	// Reason says what cannot be told.
	Reason string `json:"reason"`
}

// NewSchema makes the schema of an interface.
func NewSchema(of *Interface, options SchemaOptions) *Schema {
	g := &schemaGenerator{schema: &Schema{of: of, whole: options.Whole}}
	g.schema.document = g.settings(of, place{required: options.Whole})
	g.schema.document["$schema"] = draft
	if options.Title != "" {
		g.schema.document["title"] = options.Title
	}
	slices.SortStableFunc(g.schema.Inexpressible, func(a, b Inexpressible) int {
		return slices.Compare(a.Path, b.Path)
	})
	return g.schema
}

const draft = "https://json-schema.org/draft/2020-12/schema"

// MarshalJSON writes the schema's document.
func (s *Schema) MarshalJSON() ([]byte, error) { return json.Marshal(s.document) }

type schemaGenerator struct {
	schema *Schema
	// around are the places of the types around the current one, from the outside in.
	around []place
}

// place is where in the schema, and in the settings, something is.
type place struct {
	pointer  []string // in the document
	path     []string // in the settings
	required bool     // all layers are in here
	absent   bool     // the type is nowhere in the document, but only its attributes are
}

func (p place) in(keywords ...string) place {
	p.pointer = append(slices.Clip(p.pointer), keywords...)
	return p
}

func (p place) at(name string) place {
	p.path = append(slices.Clip(p.path), name)
	return p
}

// settings is the schema of a set of options.
func (g *schemaGenerator) settings(i *Interface, at place) map[string]any {
	schema := g.options(i.Options, at)
	if i.Freeform == nil {
		return schema
	}
	schema["additionalProperties"] = true
	attributes, inside := attributesOf(i.Freeform)
	if attributes == nil {
		return schema
	}
	at = at.at("*").in("additionalProperties")
	if attributes.Up == len(inside) {
		// The attributes are of the freeform type again, as in JSON's values: from here on it is in the document.
		schema["additionalProperties"] = g.typ(i.Freeform, at)
		return schema
	}
	outer := g.around
	for range inside {
		g.around = append(g.around, place{absent: true})
	}
	schema["additionalProperties"] = g.typ(attributes, at)
	g.around = outer
	return schema
}

// attributesOf is the type of the attributes of a freeform type, and the types that it is inside of, from the
// freeform type itself inwards; nil if the attributes may be anything.
func attributesOf(t *Type) (attributes *Type, inside []*Type) {
	switch {
	case t == nil:
	case t.Kind == KindMap && t.Elem != nil:
		return t.Elem, []*Type{t}
	case t.Kind == KindNullable:
		if attributes, inside = attributesOf(t.Elem); attributes != nil {
			return attributes, append([]*Type{t}, inside...)
		}
	case t.Kind == KindUnion:
		var found *Type
		for _, a := range t.Alternatives {
			if a.Kind != KindMap {
				continue
			}
			if found != nil {
				return nil, nil // each of them would do
			}
			found = a
		}
		if attributes, inside = attributesOf(found); attributes != nil {
			return attributes, append([]*Type{t}, inside...)
		}
	}
	return nil, nil
}

func (g *schemaGenerator) options(options map[string]*Option, at place) map[string]any {
	properties := map[string]any{}
	var required []string
	for name, option := range options {
		properties[name] = g.option(option, at.at(name).in("properties", name))
		if at.required && option.Required() {
			required = append(required, name)
		}
	}
	schema := map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
	if required != nil {
		slices.Sort(required)
		schema["required"] = required
	}
	return schema
}

func (g *schemaGenerator) option(o *Option, at place) map[string]any {
	if o.IsSet() {
		return g.options(o.Options, at)
	}
	if o.Type == nil {
		reason := "the option does not evaluate"
		if why := o.Err.Error(); why != "" {
			reason += ": " + why
		}
		return g.inexpressible(at, reason)
	}
	schema := g.typ(o.Type, at)
	if o.Description != "" {
		schema["description"] = strings.TrimSpace(o.Description)
	}
	if o.Default != nil {
		schema["default"] = o.Default
	}
	if o.Example != nil {
		schema["examples"] = []json.RawMessage{o.Example}
	}
	if o.ReadOnly {
		schema["readOnly"] = true
	}
	return schema
}

func (g *schemaGenerator) typ(t *Type, at place) map[string]any {
	if t.Up > 0 && t.Up <= len(g.around) {
		target := g.around[len(g.around)-t.Up]
		if target.absent {
			return g.inexpressible(at, "no schema is known for a type that contains itself in this way: "+t.describe())
		}
		return map[string]any{"$ref": reference(target.pointer)}
	}
	g.around = append(g.around, at)
	defer func() { g.around = g.around[:len(g.around)-1] }()

	switch t.Kind {
	case KindBool:
		return map[string]any{"type": "boolean"}
	case KindInt:
		return bounded(t, map[string]any{"type": "integer"})
	case KindNumber:
		return bounded(t, map[string]any{"type": "number"})
	case KindString, KindPath:
		return g.text(t, at)
	case KindEnum:
		if t.Err != nil {
			return g.inexpressible(at, t.Err.Text)
		}
		values := t.Values
		if values == nil {
			values = []json.RawMessage{}
		}
		return map[string]any{"enum": values}
	case KindNullable:
		return g.nullable(t, at)
	case KindList:
		schema := map[string]any{"type": "array"}
		if t.NonEmpty {
			schema["minItems"] = 1
		}
		if t.Elem != nil {
			at := at.at("*").in("items")
			at.required = true
			schema["items"] = g.typ(t.Elem, at)
		}
		return schema
	case KindMap:
		schema := map[string]any{"type": "object"}
		if t.Elem != nil && t.Elem.Kind != KindAny {
			schema["additionalProperties"] = g.typ(t.Elem, at.at("*").in("additionalProperties"))
		}
		return schema
	case KindSubmodule:
		if t.Interface != nil {
			return g.settings(t.Interface, at)
		}
	case KindTagged:
		if t.Interface != nil {
			schema := g.options(t.Interface.Options, at)
			delete(schema, "required")
			schema["minProperties"], schema["maxProperties"] = 1, 1
			return schema
		}
	case KindUnion, KindCoerced:
		if len(t.Alternatives) > 0 {
			return g.anyOf(t.Alternatives, at)
		}
	case KindAny:
		return map[string]any{}
	case KindModule:
		return map[string]any{"type": "object"}
	case KindOpaque:
		return g.inexpressible(at, "JSON cannot express the type: "+t.describe())
	}
	if t.Err != nil {
		return g.inexpressible(at, "the type does not evaluate: "+t.Err.Text)
	}
	return g.inexpressible(at, "no schema is known for the type: "+t.describe())
}

func (t *Type) describe() string {
	if t.Description != "" {
		return t.Description
	}
	return t.Name
}

func (g *schemaGenerator) inexpressible(at place, reason string) map[string]any {
	for _, known := range g.schema.Inexpressible {
		if slices.Equal(known.Path, at.path) && known.Reason == reason {
			return map[string]any{"$comment": reason}
		}
	}
	g.schema.Inexpressible = append(g.schema.Inexpressible, Inexpressible{Path: at.path, Reason: reason})
	return map[string]any{"$comment": reason}
}

func bounded(t *Type, schema map[string]any) map[string]any {
	if t.Minimum != nil {
		schema["minimum"] = *t.Minimum
	}
	if t.Maximum != nil {
		schema["maximum"] = *t.Maximum
	}
	if t.ExclusiveMinimum != nil {
		schema["exclusiveMinimum"] = *t.ExclusiveMinimum
	}
	return schema
}

func (g *schemaGenerator) text(t *Type, at place) map[string]any {
	schema := map[string]any{"type": "string"}
	pattern, ok := t.ecma()
	if !ok {
		maps.Copy(schema, g.inexpressible(at, "no schema can express the pattern "+t.Pattern))
	}
	if pattern != "" {
		schema["pattern"] = pattern
	}
	return schema
}

// ecma is the pattern of a string or path as ECMA writes it; empty where there is none, or, reported as
// false, none that ECMA can write.
func (t *Type) ecma() (pattern string, ok bool) {
	switch {
	case t.Pattern != "":
		return ecmaPattern(t.Pattern)
	case t.NonEmpty:
		return `[^ \t\n]`, true // anything that is not blank
	case t.Kind == KindPath && (strings.HasPrefix(t.Description, "absolute ") ||
		strings.HasSuffix(t.Description, " in the Nix store") && !strings.Contains(t.Description, " not ")):
		return "^/", true
	}
	return "", true
}

func (g *schemaGenerator) nullable(t *Type, at place) map[string]any {
	if t.Elem == nil {
		return map[string]any{}
	}
	switch t.Elem.Kind {
	case KindBool, KindInt, KindNumber, KindString, KindPath:
		schema := g.typ(t.Elem, at)
		schema["type"] = []any{schema["type"], "null"}
		return schema
	case KindAny:
		return map[string]any{}
	}
	return map[string]any{"anyOf": []any{g.typ(t.Elem, at.in("anyOf", "0")), map[string]any{"type": "null"}}}
}

func (g *schemaGenerator) anyOf(alternatives []*Type, at place) map[string]any {
	schemas := make([]any, len(alternatives))
	for i, a := range alternatives {
		schemas[i] = g.typ(a, at.in("anyOf", strconv.Itoa(i)))
	}
	return map[string]any{"anyOf": schemas}
}

// reference is a pointer into the document as a reference to it.
func reference(pointer []string) string {
	var b strings.Builder
	b.WriteString("#")
	for _, token := range pointer {
		token = strings.ReplaceAll(strings.ReplaceAll(token, "~", "~0"), "/", "~1")
		b.WriteString("/" + (&url.URL{Fragment: token}).EscapedFragment())
	}
	return b.String()
}
