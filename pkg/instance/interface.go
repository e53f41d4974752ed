package instance

import (
	"bytes"
	"encoding/json"

	"github.com/clanctl/clanctl/internal/reader"
	"github.com/clanctl/clanctl/internal/services"
)

// describer turns what Nix tells of options into a services.Interface.
type describer struct {
	places *placer
	// lose is called for each part that does not evaluate, with where the reason goes (nil where nothing but a text is
	// lost).
	lose func(f *reader.Failure, reason **services.Failure)
	// depths are, for each type around the current one, how many types are around it in the result, where unions of
	// unions are one.
	depths []int
}

func (d *describer) set(node reader.Interface) *services.Interface {
	result := &services.Interface{Options: d.options(node.Options)}
	if node.Freeform != nil {
		result.Freeform = d.typ(*node.Freeform, false)
	}
	return result
}

func (d *describer) options(nodes reader.Named[reader.Part[reader.Option]]) map[string]*services.Option {
	options := make(map[string]*services.Option, len(nodes))
	for name, node := range nodes {
		options[name] = d.option(node)
	}
	return options
}

func (d *describer) option(part reader.Part[reader.Option]) *services.Option {
	option := &services.Option{}
	if !part.OK() {
		d.lose(part.Failure, &option.Err)
		return option
	}
	node := part.Value
	if node.Options != nil {
		option.Options = d.options(node.Options)
		return option
	}
	option.Description = d.text(node.Description)
	option.HasDefault, option.ReadOnly, option.Internal, option.Hidden = node.HasDefault, node.ReadOnly, node.Internal,
		node.Hidden
	option.Default, option.DefaultText = d.valueOrText(node.Default, node.DefaultText)
	option.Example, option.ExampleText = d.valueOrText(node.Example, node.ExampleText)
	for _, at := range node.Declarations.Value {
		option.Declarations = append(option.Declarations,
			services.Position{File: d.places.local(at.File).name, Line: at.Line, Column: at.Column})
	}
	if node.Type != nil {
		option.Type = d.typ(*node.Type, false)
	} else {
		option.Type = services.NewType("unspecified", "")
	}
	return option
}

// text is a value that should be a text. Where it does not evaluate nothing but a text is lost.
func (d *describer) text(v reader.Value) string {
	value, ok := v.Prune(func(_ []string, f *reader.Failure) { d.lose(f, nil) })
	if text, is := value.(string); is || !ok || value == nil {
		return text
	}
	data, _ := json.Marshal(value)
	return string(data)
}

// valueOrText is a default or an example: a value as JSON, or else a text. Both are empty where there is none.
func (d *describer) valueOrText(v, text reader.Value) (json.RawMessage, string) {
	data, whole := v.Whole()
	switch {
	case data == nil:
		return nil, d.text(text)
	case !whole: // some of it failed, or its names have to be put together
		failed := false
		value, _ := v.Prune(func([]string, *reader.Failure) { failed = true })
		if failed {
			return nil, "<does not evaluate>"
		}
		data, _ = json.Marshal(value)
	}
	return expressible(data)
}

// expressible is a value as JSON, or a text that stands for one that JSON cannot express.
func expressible(data json.RawMessage) (json.RawMessage, string) {
	if !bytes.Contains(data, []byte(`{"$derivation":`)) && !bytes.Contains(data, []byte(`{"$function":`)) {
		return data, ""
	}
	var mark struct {
		Derivation *string `json:"$derivation"`
		Function   bool    `json:"$function"`
	}
	switch err := json.Unmarshal(data, &mark); {
	case err == nil && mark.Derivation != nil:
		return nil, "<derivation " + *mark.Derivation + ">"
	case err == nil && mark.Function:
		return nil, "<function>"
	}
	return nil, "<not expressible as JSON>"
}

// typ decodes a type; inUnion tells that it becomes part of the union around it, if it is one.
func (d *describer) typ(part reader.Part[reader.Type], inUnion bool) *services.Type {
	if !part.OK() {
		t := &services.Type{Kind: services.KindUnknown}
		d.lose(part.Failure, &t.Err)
		return t
	}
	node := part.Value
	t := services.NewType(node.Name, d.text(node.Description))
	depth := 0
	if len(d.depths) > 0 {
		depth = d.depths[len(d.depths)-1] + 1
	}
	if node.Same != nil && *node.Same < len(d.depths) {
		t.Up = depth - d.depths[*node.Same]
		return t
	}
	if node.TooDeep {
		t.Kind, t.Err = services.KindUnknown, &services.Failure{Text: "nested too deeply to be described"}
		return t
	}
	isUnion := t.Kind == services.KindUnion
	if isUnion && inUnion || t.Name == "unique" || t.Name == "uniq" {
		depth = max(depth-1, 0)
	}
	d.depths = append(d.depths, depth)
	defer func() { d.depths = d.depths[:len(d.depths)-1] }()

	if node.Elem != nil {
		t.Elem = d.typ(*node.Elem, false)
	}
	for _, alternative := range node.Alternatives {
		t.Alternatives = append(t.Alternatives, d.typ(alternative, isUnion))
	}
	if inner := node.Interface; inner != nil {
		if inner.OK() {
			t.Interface = d.set(inner.Value)
		} else {
			t.Kind = services.KindUnknown
			d.lose(inner.Failure, &t.Err)
		}
	}
	if values, ok := node.Values.Prune(func(_ []string, f *reader.Failure) { d.lose(f, &t.Err) }); ok && values != nil {
		data, _ := json.Marshal(values)
		_ = json.Unmarshal(data, &t.Values)
	}
	number := func(v *reader.Value) *json.Number {
		if v == nil {
			return nil
		}
		data, _ := v.Whole()
		n := json.Number(data)
		return &n
	}
	if node.Minimum != nil || node.Maximum != nil || node.ExclusiveMinimum != nil {
		t.Minimum, t.Maximum, t.ExclusiveMinimum = number(node.Minimum), number(node.Maximum),
			number(node.ExclusiveMinimum)
	}
	t.NonEmpty = t.NonEmpty || node.NonEmpty
	return t.Settle()
}
