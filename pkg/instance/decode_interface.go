package instance

import (
	"encoding/json"
	"strconv"

	"github.com/clanctl/clanctl/pkg/module"
)

// interfaceDecoder turns what services.nix tells of a role's interface into a [module.Interface].
type interfaceDecoder struct {
	local func(file string) string
	// miss is called for each part that does not evaluate: with its path in the facts, the node, and where the reason goes.
	miss func(path []string, node any, reason **module.Failure)
	// depths are, for each type around the current one, how many types are around it in the result, where unions of unions are one.
	depths []int
}

func (d *interfaceDecoder) decode(node any, path []string) *module.Interface {
	result := &module.Interface{Options: d.options(child(node, "options"), extend(path, "options"))}
	if freeform := child(node, "freeform"); freeform != nil {
		result.Freeform = d.typ(freeform, extend(path, "freeform"), false)
	}
	return result
}

func (d *interfaceDecoder) options(node any, path []string) map[string]*module.Option {
	options := map[string]*module.Option{}
	for name, o := range asMap(node) {
		options[name] = d.option(o, extend(path, name))
	}
	return options
}

func (d *interfaceDecoder) option(node any, path []string) *module.Option {
	option := &module.Option{}
	if bad(node) {
		d.miss(path, node, &option.Err)
		return option
	}
	if inner, isSet := asMap(node)["options"]; isSet {
		if bad(inner) {
			d.miss(extend(path, "options"), inner, &option.Err)
			return option
		}
		option.Options = d.options(inner, extend(path, "options"))
		return option
	}
	option.Description = d.text(node, path, "description")
	option.HasDefault = asBool(child(node, "hasDefault"))
	option.Default, option.DefaultText = d.textOrValue(node, path, "default")
	option.Example, option.ExampleText = d.textOrValue(node, path, "example")
	option.ReadOnly = asBool(child(node, "readOnly"))
	option.Internal = asBool(child(node, "internal"))
	option.Hidden = asBool(child(node, "hidden"))
	for _, p := range asList(child(node, "declarations")) {
		option.Declarations = append(option.Declarations, module.Position{
			File: d.local(asString(child(p, "file"))), Line: int(asInt(child(p, "line"))), Column: int(asInt(child(p, "column"))),
		})
	}
	if t := child(node, "type"); t != nil {
		option.Type = d.typ(t, extend(path, "type"), false)
	} else {
		option.Type = module.NewType("unspecified", "")
	}
	return option
}

// text is a field that should be a text. Where it does not evaluate it is left out, as nothing but a text is lost.
func (d *interfaceDecoder) text(node any, path []string, field string) string {
	switch value := child(node, field).(type) {
	case string:
		return value
	case nil:
		return ""
	default:
		if bad(value) {
			d.miss(extend(path, field), value, nil)
			return ""
		}
		data, _ := json.Marshal(value)
		return string(data)
	}
}

// textOrValue is a default or an example: a value as JSON, or else a text. Both are empty where there is none.
func (d *interfaceDecoder) textOrValue(node any, path []string, field string) (json.RawMessage, string) {
	given := child(node, field)
	if bad(given) {
		return nil, foreignText(given)
	}
	value, isValue := asMap(given)["value"]
	if !isValue {
		return nil, d.text(given, extend(path, field), "text")
	}
	if data := plainJSON(value); data != nil {
		return data, ""
	}
	return nil, foreignText(value)
}

// typ decodes a type; inUnion tells that it becomes part of the union around it, if it is one.
func (d *interfaceDecoder) typ(node any, path []string, inUnion bool) *module.Type {
	if bad(node) {
		t := &module.Type{Kind: module.KindUnknown}
		d.miss(path, node, &t.Err)
		return t
	}
	t := module.NewType(asString(child(node, "name")), d.text(node, path, "description"))
	depth := 0
	if len(d.depths) > 0 {
		depth = d.depths[len(d.depths)-1] + 1
	}
	if same, again := child(node, "same").(json.Number); again {
		if i := int(asInt(same)); i < len(d.depths) {
			t.Up = depth - d.depths[i]
			return t
		}
	}
	if asBool(child(node, "tooDeep")) {
		t.Kind, t.Err = module.KindUnknown, &module.Failure{Text: "nested too deeply to be described"}
		return t
	}
	isUnion := t.Kind == module.KindUnion
	if isUnion && inUnion || t.Name == "unique" || t.Name == "uniq" {
		depth = max(depth-1, 0)
	}
	d.depths = append(d.depths, depth)
	defer func() { d.depths = d.depths[:len(d.depths)-1] }()

	if elem := child(node, "elem"); elem != nil {
		t.Elem = d.typ(elem, extend(path, "elem"), false)
	}
	for i, a := range asList(child(node, "alternatives")) {
		t.Alternatives = append(t.Alternatives, d.typ(a, extend(path, "alternatives", strconv.Itoa(i)), isUnion))
	}
	if inner := child(node, "interface"); inner != nil {
		if bad(inner) {
			t.Kind = module.KindUnknown
			d.miss(extend(path, "interface"), inner, &t.Err)
		} else if options := child(inner, "options"); bad(options) {
			t.Kind = module.KindUnknown
			d.miss(extend(path, "interface", "options"), options, &t.Err)
		} else {
			t.Interface = d.decode(inner, extend(path, "interface"))
		}
	}
	if values := child(node, "values"); values != nil {
		if bad(values) {
			d.miss(extend(path, "values"), values, &t.Err)
		}
		for _, value := range asList(values) {
			if data := plainJSON(value); data != nil {
				t.Values = append(t.Values, data)
			}
		}
	}
	d.bounds(t, child(node, "bounds"))
	return t.Settle()
}

// bounds are told by the stand-in for nixpkgs' lib only.
func (d *interfaceDecoder) bounds(t *module.Type, node any) {
	for field, into := range map[string]**json.Number{"minimum": &t.Minimum, "maximum": &t.Maximum, "exclusiveMinimum": &t.ExclusiveMinimum} {
		if n, ok := child(node, field).(json.Number); ok {
			*into = &n
		}
	}
	t.NonEmpty = t.NonEmpty || asBool(child(node, "nonEmpty"))
}

// plainJSON is a value as JSON; nil for one that JSON cannot express, or that does not evaluate.
func plainJSON(node any) json.RawMessage {
	if hasForeign(node) {
		return nil
	}
	clean, _ := prune(node, nil, nil, func(hole) {})
	data, err := json.Marshal(clean)
	if err != nil {
		return nil
	}
	return data
}

// foreignText stands for a value that JSON cannot express.
func foreignText(node any) string {
	if name, ok := child(node, "$derivation").(string); ok {
		return "<derivation " + name + ">"
	}
	if asBool(child(node, "$function")) {
		return "<function>"
	}
	if bad(node) {
		return "<does not evaluate>"
	}
	return "<not expressible as JSON>"
}

// hasForeign reports whether a function, a derivation or a part that does not evaluate is anywhere in a value.
func hasForeign(node any) bool {
	switch n := node.(type) {
	case failure:
		return true
	case []any:
		for _, item := range n {
			if hasForeign(item) {
				return true
			}
		}
	case map[string]any:
		if bad(n) {
			return true
		}
		for key, value := range n {
			if key == "$function" || key == "$derivation" || hasForeign(value) {
				return true
			}
		}
	}
	return false
}
