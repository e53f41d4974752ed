package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/tailscale/hujson"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/internal/nixlang"
)

// document is the text of an inventory.json that can be changed in place: what is not touched keeps its bytes, order
// and spacing included, and numbers their digits.
type document struct {
	mark    []byte // a byte order mark
	root    hujson.Value
	newline string // "\n" or "\r\n"
	unit    string // one level of indentation
	lines   bool   // an object's members have lines of their own
}

// emptyDocument is the text of a new file.
const emptyDocument = "{}\n"

// parseDocument reads the text of an inventory.json, which must be an object.
func parseDocument(text []byte) (*document, *jsonvalue.Fault) {
	if fault := jsonvalue.CheckObject(text, true); fault != nil {
		return nil, fault
	}
	body := jsonvalue.Body(text)
	root, err := hujson.Parse(bytes.Clone(body))
	if err != nil {
		return nil, &jsonvalue.Fault{Line: 1, Column: 1, Reason: strings.TrimPrefix(err.Error(), "hujson: ")}
	}
	d := &document{mark: text[:len(text)-len(body)], root: root, newline: "\n", unit: "  ", lines: true}
	if bytes.Contains(text, []byte("\r\n")) {
		d.newline = "\r\n"
	}
	if object := root.Value.(*hujson.Object); len(object.Members) > 0 {
		before := string(object.Members[0].Name.BeforeExtra)
		d.lines = strings.Contains(before, "\n")
		if indent := before[strings.LastIndex(before, "\n")+1:]; d.lines && indent != "" {
			d.unit = indent
		}
	}
	return d, nil
}

// text is the document's text.
func (d *document) text() []byte { return slices.Concat(d.mark, d.root.Pack()) }

// value is the document as maps, slices, strings, bools, nil and json.Number.
func (d *document) value() map[string]any {
	value, _ := jsonvalue.Parse(d.root.Pack()).(map[string]any)
	return value
}

// get returns what stands at a path of names.
func (d *document) get(path ...string) (any, bool) {
	v, _ := d.find(path)
	if v == nil {
		return nil, false
	}
	clone := v.Clone()
	clone.BeforeExtra, clone.AfterExtra = nil, nil
	return jsonvalue.Parse(clone.Pack()), true
}

func (d *document) has(path ...string) bool {
	v, _ := d.find(path)
	return v != nil
}

// layout is how a value is laid out that is put somewhere: the indentation of the line where it begins, and whether
// what is in it has lines of its own.
type layout struct {
	indent string
	lines  bool
}

// inside is the layout of a member's value: as that of the member itself.
func (l layout) inside(before hujson.Extra) layout {
	if i := bytes.LastIndexByte(before, '\n'); i >= 0 {
		return layout{string(before[i+1:]), true}
	}
	return layout{l.indent, false}
}

// find returns the value at a path, and its layout; nil if there is none.
func (d *document) find(path []string) (v *hujson.Value, l layout) {
	v, l = &d.root, layout{"", d.lines}
	for _, name := range path {
		object, ok := v.Value.(*hujson.Object)
		if !ok {
			return nil, l
		}
		i := memberIndex(object, name)
		if i < 0 {
			return nil, l
		}
		l = l.inside(object.Members[i].Name.BeforeExtra)
		v = &object.Members[i].Value
	}
	return v, l
}

func memberIndex(object *hujson.Object, name string) int {
	for i := range object.Members {
		if literal, ok := object.Members[i].Name.Value.(hujson.Literal); ok && literal.String() == name {
			return i
		}
	}
	return -1
}

// set puts a value (JSON text) at a path, and makes the objects on the way. It fails where something on the way is no
// object.
func (d *document) set(path []string, raw []byte) error {
	v, l := &d.root, layout{"", d.lines}
	for i, name := range path {
		object, ok := v.Value.(*hujson.Object)
		if !ok {
			return fmt.Errorf("inventory.%s is not an object in %s", nixlang.PathString(path[:i]), facts.PersistedName)
		}
		at := memberIndex(object, name)
		if at < 0 {
			at = d.insert(object, l, name)
			object.Members[at].Value.Value = &hujson.Object{}
		}
		l = l.inside(object.Members[at].Name.BeforeExtra)
		v = &object.Members[at].Value
	}
	parsed, err := hujson.Parse(bytes.Clone(raw))
	if err != nil {
		return err
	}
	v.Value = d.layOut(parsed.Value, l)
	return nil
}

// insert adds a member to an object, laid out as the others.
func (d *document) insert(object *hujson.Object, l layout, name string) int {
	member := hujson.ObjectMember{Name: hujson.Value{Value: hujson.String(name)},
		Value: hujson.Value{BeforeExtra: hujson.Extra(" ")}}
	n := len(object.Members)
	switch {
	case n > 0:
		last := &object.Members[n-1]
		member.Name.BeforeExtra = bytes.Clone(last.Name.BeforeExtra)
		member.Name.AfterExtra = bytes.Clone(last.Name.AfterExtra)
		member.Value.BeforeExtra = bytes.Clone(last.Value.BeforeExtra)
		if n == 1 && !bytes.Contains(last.Name.BeforeExtra, []byte("\n")) {
			member.Name.BeforeExtra = hujson.Extra(" ")
		}
	case l.lines:
		member.Name.BeforeExtra = hujson.Extra(d.newline + l.indent + d.unit)
		object.AfterExtra = hujson.Extra(d.newline + l.indent)
	default:
		object.AfterExtra = nil
	}
	object.Members = append(object.Members, member)
	return n
}

// layOut gives a value the document's layout.
func (d *document) layOut(value hujson.ValueTrimmed, l layout) hujson.ValueTrimmed {
	before, after := d.newline+l.indent+d.unit, d.newline+l.indent
	between, inner := before, layout{l.indent + d.unit, l.lines}
	if !l.lines {
		before, after, between = "", "", " "
	}
	switch v := value.(type) {
	case *hujson.Object:
		v.AfterExtra = nil
		for i := range v.Members {
			m := &v.Members[i]
			m.Name.BeforeExtra, m.Name.AfterExtra = hujson.Extra(before), nil
			if i > 0 {
				m.Name.BeforeExtra = hujson.Extra(between)
			}
			m.Value.BeforeExtra, m.Value.AfterExtra = hujson.Extra(" "), nil
			m.Value.Value = d.layOut(m.Value.Value, inner)
			v.AfterExtra = hujson.Extra(after)
		}
	case *hujson.Array:
		v.AfterExtra = nil
		for i := range v.Elements {
			e := &v.Elements[i]
			e.BeforeExtra, e.AfterExtra = hujson.Extra(before), nil
			if i > 0 {
				e.BeforeExtra = hujson.Extra(between)
			}
			e.Value = d.layOut(e.Value, inner)
			v.AfterExtra = hujson.Extra(after)
		}
	}
	return value
}

// member returns the object that holds the member at a path, and which one it is; nil if there is none.
func (d *document) member(path []string) (object *hujson.Object, at int) {
	parent, _ := d.find(path[:len(path)-1])
	if parent == nil {
		return nil, 0
	}
	object, ok := parent.Value.(*hujson.Object)
	if !ok {
		return nil, 0
	}
	if at = memberIndex(object, path[len(path)-1]); at < 0 {
		return nil, 0
	}
	return object, at
}

// remove takes the member at a path away; false if there is none.
func (d *document) remove(path ...string) bool {
	object, at := d.member(path)
	if object == nil {
		return false
	}
	if at == 0 && len(object.Members) > 1 {
		object.Members[1].Name.BeforeExtra = object.Members[0].Name.BeforeExtra
	}
	object.Members = append(object.Members[:at], object.Members[at+1:]...)
	if n := len(object.Members); n == 0 {
		object.AfterExtra = nil
	} else {
		object.Members[n-1].Value.AfterExtra = nil // what stood before the comma
	}
	return true
}

// rename gives the member at a path another name, in its place.
func (d *document) rename(path []string, name string) bool {
	object, at := d.member(path)
	if object == nil {
		return false
	}
	object.Members[at].Name.Value = hujson.String(name)
	return true
}

// add puts a name into the list at a path, which is made if there is none.
func (d *document) add(path []string, name string) error {
	v, l := d.find(path)
	if v == nil || d.isNull(path...) {
		raw, err := json.Marshal([]string{name})
		if err != nil {
			return err
		}
		return d.set(path, raw)
	}
	array, ok := v.Value.(*hujson.Array)
	if !ok {
		return fmt.Errorf("inventory.%s is not a list in %s", nixlang.PathString(path), facts.PersistedName)
	}
	element := hujson.ArrayElement{Value: hujson.String(name)}
	switch n := len(array.Elements); {
	case n == 0 && l.lines:
		element.BeforeExtra = hujson.Extra(d.newline + l.indent + d.unit)
		array.AfterExtra = hujson.Extra(d.newline + l.indent)
	case n == 0:
		array.AfterExtra = nil
	case bytes.Contains(array.Elements[n-1].BeforeExtra, []byte("\n")) || n > 1:
		element.BeforeExtra = bytes.Clone(array.Elements[n-1].BeforeExtra)
	default:
		element.BeforeExtra = hujson.Extra(" ")
	}
	array.Elements = append(array.Elements, element)
	return nil
}

// drop takes a name out of the list at a path, each time that it is there; false if it is not.
func (d *document) drop(path []string, name string) bool {
	v, _ := d.find(path)
	if v == nil {
		return false
	}
	array, ok := v.Value.(*hujson.Array)
	if !ok {
		return false
	}
	found := false
	for i := 0; i < len(array.Elements); {
		literal, ok := array.Elements[i].Value.(hujson.Literal)
		if !ok || literal.Kind() != '"' || literal.String() != name {
			i++
			continue
		}
		found = true
		if i == 0 && len(array.Elements) > 1 {
			array.Elements[1].BeforeExtra = array.Elements[0].BeforeExtra
		}
		array.Elements = append(array.Elements[:i], array.Elements[i+1:]...)
		if n := len(array.Elements); n == 0 {
			array.AfterExtra = nil
		} else {
			array.Elements[n-1].AfterExtra = nil
		}
	}
	return found
}

// names are the names in the set or list at a path.
func (d *document) names(path ...string) []string {
	value, _ := d.get(path...)
	switch v := value.(type) {
	case map[string]any:
		return sortedKeys(v)
	case []any:
		var names []string
		for _, element := range v {
			if name, ok := element.(string); ok {
				names = append(names, name)
			}
		}
		return names
	}
	return nil
}

// isList reports whether a list stands at a path.
func (d *document) isList(path ...string) bool {
	value, _ := d.get(path...)
	_, ok := value.([]any)
	return ok
}

// isNull reports whether null stands at a path.
func (d *document) isNull(path ...string) bool {
	value, found := d.get(path...)
	return found && value == nil
}

// isEmpty reports whether an empty object or list stands at a path.
func (d *document) isEmpty(path ...string) bool {
	value, found := d.get(path...)
	switch v := value.(type) {
	case map[string]any:
		return found && len(v) == 0
	case []any:
		return found && len(v) == 0
	}
	return false
}
