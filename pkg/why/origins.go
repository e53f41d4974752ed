package why

import (
	"maps"
	"slices"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/pkg/instance"
)

// Origin is one value within the final settings of a member, and where it comes from.
type Origin struct {
	Path  []string
	Value any
	From  string
	// Definitions are all that is written for the setting, in the order of merging, as in [Setting]. Where a layer
	// writes the value as part of a larger one that is no set (a string, say, that the option's type turns into one),
	// they are of that.
	Definitions []Definition

	// option is the option that the setting is, or that it lies in, depth how much of Path leads to it; nil where none
	// is known.
	option *services.Option
	depth  int
}

// Origins explains all settings of a member, in order of their paths: each value that is no set, and each set that is
// empty. It takes an inventory that was loaded with [instance.NeedOrigins]; what is not known there is "unknown".
// A value that does not evaluate has no origin; it has a finding. Nor has what is no member.
//
// Members that share one value of Settings have the same origins.
//
// Unlike [Explain], which asks the module system about one setting, it cannot tell what a submodule defines for its own
// options: where the value is not the declared default, it says that the module computed it.
func Origins(inv *instance.Inventory, of instance.Scope) []Origin {
	inst := inv.Instances[of.Instance]
	if inst == nil || inst.Roles[of.Role] == nil {
		return nil
	}
	role := inst.Roles[of.Role]
	member := role.Machines[of.Machine]
	if member == nil || member.Settings == nil {
		return nil
	}
	o := originator{layers: layers{inv, of, facts.LayersOf(role, of.Machine)}, of: role}
	o.walk(nil, member.Settings.Value())
	return o.found
}

type originator struct {
	layers
	of    *instance.Role
	found []Origin
}

func (o *originator) walk(path []string, value any) {
	set, isSet := value.(map[string]any)
	if !isSet || len(set) == 0 && len(path) > 0 || isMark(set) {
		o.found = append(o.found, o.origin(path, value))
		return
	}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		o.walk(append(slices.Clip(path), name), set[name])
	}
}

// isMark reports whether a set stands for what JSON cannot carry.
func isMark(set map[string]any) bool {
	_, function := set["$function"]
	_, derivation := set["$derivation"]
	return len(set) == 1 && (function || derivation)
}

func (o *originator) origin(path []string, value any) Origin {
	origin := Origin{Path: path, Value: value, From: codes.SourceLayers}
	if facts.OfRole(o.of).Interface != nil {
		origin.option, origin.depth = facts.OfRole(o.of).Interface.OptionAt(path)
	}
	origin.Definitions = o.at(path)
	for _, own := range facts.OfRole(o.of).Own[o.member.Machine] {
		if lookup, ok := below(own.Path, path); ok {
			for _, v := range valuesAt(own.Value(), lookup, own.Priority) {
				origin.Definitions = append(origin.Definitions,
					Definition{Layer: "module", Name: own.File, Priority: own.Priority, Value: v.value})
			}
		}
	}
	// What is written for it as a whole, if that is no set: the option's type made more of it.
	for n := len(path) - 1; n > 0 && len(origin.Definitions) == 0; n-- {
		for _, d := range o.at(path[:n]) {
			if _, isSet := d.Value.(map[string]any); !isSet {
				origin.Definitions = append(origin.Definitions, d)
			}
		}
	}
	weigh(origin.Definitions)
	if len(origin.Definitions) == 0 {
		origin.From = o.unwritten(origin)
	}
	return origin
}

// unwritten tells where a value comes from that nobody wrote.
func (o *originator) unwritten(origin Origin) string {
	option := origin.option
	if option == nil {
		if facts.OfRole(o.of).Interface == nil {
			return codes.SourceUnknown
		}
		return codes.SourceModule
	}
	if !option.HasDefault {
		if isEmpty(origin.Value) {
			return codes.SourceDefault
		}
		return codes.SourceModule
	}
	if option.DefaultText != "" {
		return codes.SourceDefault // its value is not known; the text says what it is made of
	}
	declared, _ := jsonvalue.Decode(option.Default)
	if declared, ok := jsonvalue.Lookup(declared, origin.Path[origin.depth:]); ok &&
		text(declared) == text(origin.Value) {
		return codes.SourceDefault
	}
	return codes.SourceModule
}

func isEmpty(v any) bool {
	switch x := v.(type) {
	case nil:
		return true
	case []any:
		return len(x) == 0
	case map[string]any:
		return len(x) == 0
	}
	return false
}

// below is the rest of a path behind its beginning.
func below(beginning, path []string) ([]string, bool) {
	if len(beginning) > len(path) || !slices.Equal(beginning, path[:len(beginning)]) {
		return nil, false
	}
	return path[len(beginning):], true
}
