package services

import (
	"encoding/json"
	"maps"
	"slices"
)

// Interface is what a role accepts as settings (`roles.<role>.interface`), or what a submodule does: a tree
// of options, as nixpkgs' module system declares them. It marshals to JSON and back without loss.
type Interface struct {
	// Options by name.
	Options map[string]*Option `json:"options"`
	// Freeform is the type of attributes that no option is declared for (`freeformType`); nil where these are errors.
	Freeform *Type `json:"freeform,omitzero"`
}

// Names are the names of the options, sorted.
func (i *Interface) Names() []string { return sortedNames(i.Options) }

func sortedNames(options map[string]*Option) []string { return slices.Sorted(maps.Keys(options)) }

// Option is one option, or a plain set of options, which has nothing but Options.
type Option struct {
	// Options are set, and Type is nil, where this is a plain set of options (`options.keep.daily`) and no
	// option itself.
	Options map[string]*Option `json:"options,omitzero"`

	// Type is what values the option takes. Nil for a set of options, and where the option as a whole does
	// not evaluate (Err).
	Type *Type `json:"type,omitzero"`
	// Description is the author's text, Markdown.
	Description string `json:"description,omitempty"`

	// HasDefault: the option has a value that nobody has to write, because of `default`, a definition by the
	// module itself, or a type that is empty by itself. Default is that value, as JSON; nil where it is none,
	// does not evaluate, depends on the clan (the module gives a `defaultText`), or cannot be expressed.
	// DefaultText is the author's `defaultText`.
	HasDefault  bool            `json:"hasDefault,omitzero"`
	Default     json.RawMessage `json:"default,omitempty"`
	DefaultText string          `json:"defaultText,omitempty"`
	// Example is the author's example as JSON, or ExampleText as a Nix expression.
	Example     json.RawMessage `json:"example,omitempty"`
	ExampleText string          `json:"exampleText,omitempty"`

	// ReadOnly: the module itself sets the option, nobody else may.
	ReadOnly bool `json:"readOnly,omitzero"`
	// Internal and Hidden (`visible = false`) options are not meant to be set by users.
	Internal bool `json:"internal,omitzero"`
	Hidden   bool `json:"hidden,omitzero"`

	// Declarations are where the option is declared.
	Declarations []Position `json:"declarations,omitempty"`
	// Err says why the option cannot be described.
	Err *Failure `json:"error,omitempty"`
}

// IsSet reports whether this is a plain set of options.
func (o *Option) IsSet() bool { return o.Options != nil }

// Required reports whether somebody has to write a value; nobody has to for an option that users are not
// meant to set (renamed and removed ones are hidden, and have no default). A set of options is required if
// one of its options is.
func (o *Option) Required() bool {
	if o.IsSet() {
		for _, child := range o.Options {
			if child.Required() {
				return true
			}
		}
		return false
	}
	return !o.HasDefault && !o.Hidden && !o.Internal && o.Err == nil
}

// Position is a place in the source of the flake or of one of its inputs.
type Position struct {
	// File is relative to the flake where it is the flake's own, and `<input>/path` for one of an input.
	File   string `json:"file"`
	Line   int    `json:"line,omitzero"`
	Column int    `json:"column,omitzero"`
}

// Type is an option's type. Which fields are set depends on Kind.
type Type struct {
	// Kind is what values of the type are, in the words of this package; switch over it.
	Kind Kind `json:"kind"`
	// Name is Nix's own name of the type: "str", "intBetween", "submodule", ...
	Name string `json:"name"`
	// Description is Nix's own description, such as "16 bit unsigned integer; between 0 and 65535 (both inclusive)".
	Description string `json:"description,omitempty"`

	// Elem is the type of the elements of a list or map, of the value of a nullable one.
	Elem *Type `json:"elem,omitzero"`
	// Alternatives are the types of a union, at least two, the order is Nix's: the first that fits counts.
	Alternatives []*Type `json:"alternatives,omitempty"`
	// Values are the values of an enum, each as JSON.
	Values []json.RawMessage `json:"values,omitempty"`
	// Interface is what a submodule accepts. For a tagged union (KindTagged) its options are the tags, of
	// which a value has exactly one.
	Interface *Interface `json:"interface,omitzero"`

	// Minimum and Maximum bound integers and numbers, inclusive; ExclusiveMinimum excludes the bound itself.
	Minimum          *json.Number `json:"minimum,omitzero"`
	Maximum          *json.Number `json:"maximum,omitzero"`
	ExclusiveMinimum *json.Number `json:"exclusiveMinimum,omitzero"`
	// NonEmpty: strings (that are not just blanks) and lists must not be empty.
	NonEmpty bool `json:"nonEmpty,omitzero"`
	// Pattern is a POSIX extended regular expression that strings match as a whole.
	Pattern string `json:"pattern,omitempty"`

	// Up is not 0 where a type contains itself: this type is the one so many types up (1: the one that this
	// is the Elem, the alternative, or an option's type of). Nothing else but Kind, Name and Description is
	// set then.
	Up int `json:"up,omitzero"`

	// Err says why the type cannot be described; Kind is then KindUnknown.
	Err *Failure `json:"error,omitempty"`
}

// Kind is what the values of a type are.
type Kind string

const (
	// KindBool are booleans, KindInt integers, KindNumber numbers with or without a fraction.
	KindBool   Kind = "bool"
	KindInt    Kind = "int"
	KindNumber Kind = "number"
	// KindString are strings, also those of several lines or of parts that are joined.
	KindString Kind = "string"
	// KindPath are file system paths, strings in JSON.
	KindPath Kind = "path"
	// KindEnum are the Values.
	KindEnum Kind = "enum"
	// KindNullable is null, or a value of Elem.
	KindNullable Kind = "nullable"
	// KindList are lists, KindMap sets with arbitrary names, of Elem.
	KindList Kind = "list"
	KindMap  Kind = "map"
	// KindSubmodule are sets with the options of Interface.
	KindSubmodule Kind = "submodule"
	// KindTagged are sets with exactly one of the options of Interface.
	KindTagged Kind = "tagged"
	// KindUnion are values of one of the Alternatives.
	KindUnion Kind = "union"
	// KindCoerced are values of the last of the two Alternatives, or of the first, which Nix converts to it.
	// In final settings there are values of the last one only.
	KindCoerced Kind = "coerced"
	// KindAny is anything at all.
	KindAny Kind = "any"
	// KindModule are modules, of which JSON can write sets (`deferredModule`).
	KindModule Kind = "module"
	// KindOpaque are values that JSON cannot express: packages, functions, option types.
	KindOpaque Kind = "opaque"
	// KindUnknown is a type that does not evaluate, or one of the author's own, of which just Name and
	// Description are known.
	KindUnknown Kind = "unknown"
)
