package typed

import (
	"bytes"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Tags of struct fields that `json` cannot express.
const (
	// `setting:"NAME"` is a setting of any name at all.
	nameTag = "setting"
	// `settings:"freeform"` is the map that holds the settings without a field; `settings:"optional"` is for
	// a field what `omitzero` is in a `json` tag.
	kindTag = "settings"
)

// field is one of a struct's.
type field struct {
	name     string // as a setting
	value    reflect.Value
	optional bool // `omitzero`
}

// fieldsOf are the fields of a struct that stand for settings, and its freeform map, if there is one.
func fieldsOf(object reflect.Value) (fields []field, freeform reflect.Value) {
	t := object.Type()
	for i := range t.NumField() {
		tag, value := t.Field(i).Tag, object.Field(i)
		if tag.Get(kindTag) == "freeform" {
			freeform = value
			continue
		}
		name, given := tag.Lookup(nameTag)
		if given {
			fields = append(fields, field{name, value, tag.Get(kindTag) == "optional"})
			continue
		}
		name, options, _ := strings.Cut(tag.Get("json"), ",")
		if name != "" && name != "-" {
			fields = append(fields, field{name, value, options == "omitzero"})
		}
	}
	return fields, freeform
}

// UnmarshalObject decodes a JSON object, strictly, into the struct that v points to, whose fields may have
// the tags `setting` and `settings`.
func UnmarshalObject(data []byte, v any) error {
	if bytes.Equal(bytes.TrimSpace(data), []byte("null")) {
		return nil // by convention
	}
	var members map[string]jsontext.Value
	if err := jsonv2.Unmarshal(data, &members); err != nil {
		return err
	}
	fields, freeform := fieldsOf(reflect.ValueOf(v).Elem())
	for _, f := range fields {
		member, has := members[f.name]
		if !has {
			continue
		}
		delete(members, f.name)
		if err := jsonv2.Unmarshal(member, f.value.Addr().Interface(), strict); err != nil {
			return fmt.Errorf("%q: %w", f.name, err)
		}
	}
	if !freeform.IsValid() {
		for _, name := range slices.Sorted(maps.Keys(members)) {
			return fmt.Errorf("%q: %w in %T", name, jsonv2.ErrUnknownName, v)
		}
		return nil
	}
	freeform.Set(reflect.MakeMapWithSize(freeform.Type(), len(members)))
	for _, name := range slices.Sorted(maps.Keys(members)) {
		value := reflect.New(freeform.Type().Elem())
		if err := jsonv2.Unmarshal(members[name], value.Interface(), strict); err != nil {
			return fmt.Errorf("%q: %w", name, err)
		}
		freeform.SetMapIndex(reflect.ValueOf(name), value.Elem())
	}
	return nil
}

// MarshalObject is the inverse of [UnmarshalObject] for a struct.
func MarshalObject(v any) ([]byte, error) {
	object := reflect.ValueOf(v)
	members := map[string]any{}
	fields, freeform := fieldsOf(object)
	if freeform.IsValid() {
		for entries := freeform.MapRange(); entries.Next(); {
			members[entries.Key().String()] = entries.Value().Interface()
		}
	}
	for _, f := range fields {
		if !f.optional || !f.value.IsZero() {
			members[f.name] = f.value.Interface()
		}
	}
	return jsonv2.Marshal(members, strict)
}
