package services

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/lazyregexp"
)

// NewType makes a type of what nixpkgs' lib tells of one: its name and description, from which its kind, its
// bounds and its pattern are read. Parts of it (Elem, Alternatives, Values, Interface) are the caller's to
// add; call [Type.Settle] then.
func NewType(name, description string) *Type {
	t := &Type{Name: name, Description: description, Kind: kindOf(name)}
	switch t.Kind {
	case KindInt, KindNumber:
		t.readBounds()
	case KindString:
		t.readPattern()
	case KindList:
		t.NonEmpty = strings.HasPrefix(description, "non-empty ")
	}
	return t
}

func kindOf(name string) Kind {
	if kind, known := kinds[name]; known {
		return kind
	}
	switch {
	case strings.HasPrefix(name, "unsignedInt"), strings.HasPrefix(name, "signedInt"):
		return KindInt
	case strings.HasPrefix(name, "strMatching "), strings.HasPrefix(name, "passwdEntry "):
		return KindString
	}
	return KindUnknown
}

// What nixpkgs' lib calls its types, now and in older versions.
var kinds = map[string]Kind{
	"bool": KindBool, "boolByOr": KindBool,
	"int": KindInt, "intBetween": KindInt, "positiveInt": KindInt,
	"float": KindNumber, "numberBetween": KindNumber, "numberNonnegative": KindNumber, "numberPositive": KindNumber,
	"str": KindString, "string": KindString, "nonEmptyStr": KindString, "singleLineStr": KindString,
	"separatedString": KindString,
	"path":            KindPath, "pathInStore": KindPath, "externalPath": KindPath,
	"enum": KindEnum, "nullOr": KindNullable, "listOf": KindList,
	"attrsOf": KindMap, "lazyAttrsOf": KindMap, "attrsWith": KindMap, "loaOf": KindMap, "attrs": KindMap,
	"submodule": KindSubmodule, "attrTag": KindTagged, "either": KindUnion, "coercedTo": KindCoerced,
	"anything": KindAny, "raw": KindAny, "unspecified": KindAny,
	"deferredModule": KindModule,
	"package":        KindOpaque, "pkgs": KindOpaque, "functionTo": KindOpaque, "optionType": KindOpaque,
	"optionDeclaration": KindOpaque,
	"fileset":           KindOpaque, "luaInline": KindOpaque,
}

var bothInclusive = lazyregexp.New(`between (-?[0-9.]+) and (-?[0-9.]+) \(both inclusive\)`)

func (t *Type) readBounds() {
	number := func(text string) *json.Number { n := json.Number(text); return &n }
	if match := bothInclusive.FindStringSubmatch(t.Description); match != nil {
		t.Minimum, t.Maximum = number(match[1]), number(match[2])
		return
	}
	switch t.Name {
	case "unsignedInt", "numberNonnegative":
		t.Minimum = number("0")
	case "positiveInt", "numberPositive":
		t.ExclusiveMinimum = number("0")
	}
}

func (t *Type) readPattern() {
	switch {
	case t.Name == "nonEmptyStr":
		t.NonEmpty = true
	case t.Name == "singleLineStr":
		t.Pattern = "[^\n\r]*\n?"
	case strings.HasPrefix(t.Name, "passwdEntry "):
		t.Pattern = "[^:\n]*"
	default:
		// A string as Nix writes it: as JSON but for the dollar.
		if quoted, ok := strings.CutPrefix(t.Name, "strMatching "); ok {
			_ = json.Unmarshal([]byte(strings.ReplaceAll(quoted, `\$`, `$`)), &t.Pattern)
			t.Name = "strMatching"
		}
	}
}

// Settle completes a type whose parts are there: unions in unions become one, and a union of integers and
// numbers a number. Types that add nothing to the one inside ("unique") become that one.
func (t *Type) Settle() *Type {
	switch {
	case (t.Name == "unique" || t.Name == "uniq") && t.Elem != nil:
		return t.Elem
	case t.Name == "attrs":
		t.Elem = &Type{Kind: KindAny, Name: "anything", Description: "anything"}
	case t.Kind == KindUnion:
		var flat []*Type
		for _, a := range t.Alternatives {
			if a.Kind == KindUnion && a.Up == 0 {
				flat = append(flat, a.Alternatives...)
			} else {
				flat = append(flat, a)
			}
		}
		t.Alternatives = flat
		plain := func(kind Kind) func(*Type) bool {
			return func(a *Type) bool {
				return a.Kind == kind && a.Minimum == nil && a.ExclusiveMinimum == nil && a.Up == 0
			}
		}
		if len(flat) == 2 && slices.ContainsFunc(flat, plain(KindInt)) && slices.ContainsFunc(flat, plain(KindNumber)) {
			t.Kind, t.Alternatives = KindNumber, nil
		}
	}
	return t
}
