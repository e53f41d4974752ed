package instance

import (
	"context"
	"errors"
	"slices"

	"github.com/clanctl/clanctl/pkg/nixeval"
)

// SettingRef names one setting of one member.
type SettingRef struct {
	Instance string   `json:"instance"`
	Role     string   `json:"role"`
	Machine  string   `json:"machine"`
	Path     []string `json:"path"`
}

// SettingInfo is what the module system knows of one setting.
type SettingInfo struct {
	// Value is the final value; HasValue is false where it does not evaluate or there is no such setting.
	Value    any
	HasValue bool
	// Err is Nix's error for the value, if it has one; Message what it says, in the user's terms.
	Err     error
	Message string
	// Options are the options on the way to the setting, from the outside in; the last one is the setting's own, unless the
	// way leads into a value that has no options. Empty where the role has no such option.
	Options []Option
}

// Option mirrors an option of nixpkgs' module system.
type Option struct {
	// Depth is how much of the setting's path leads to the option.
	Depth int
	// Children are set instead of all that follows where the path ends at a set of options.
	Children []string
	OptionInfo
	// IsDefined: some module gives a value.
	IsDefined bool
	// Priority is that of the definitions that count: 100 for a plain value, 50 for mkForce, 1000 for mkDefault.
	Priority int64
	// Definitions are those that count, in the order of merging.
	Definitions []Definition
}

// LoadSetting is [Load] for the one instance that a setting belongs to, and what the module system knows of that setting, from
// the same Nix process. Its error is as that of Load, which it may come with beside an inventory.
func LoadSetting(ctx context.Context, flake string, config Config, ref SettingRef) (*Inventory, *SettingInfo, error) {
	config.Instances, config.Omit = []string{ref.Instance}, OmitNothing
	if ref.Path == nil {
		ref.Path = []string{}
	}
	var info *SettingInfo
	inv, err := load(ctx, flake, config, request{setting: &ref, then: func(l *loader) error {
		node := l.facts["setting"]
		if node == nil {
			// The clan had to be read in parts.
			values, _, err := l.ask(ctx, query{Select: [][]string{{"setting"}, {"positions", "settings", ref.Instance}}, Setting: &ref})
			switch {
			case err == nil:
				node = values[0]
				graft(asMap(l.inv.positions.tree), []string{"instances", ref.Instance}, values[1])
			case isolates(err):
				node = failure{err}
			default:
				return err
			}
		}
		info = l.decodeSetting(node)
		if markOf(child(node, "value")) == markThrows {
			_, _, err := l.ask(ctx, query{Select: [][]string{{"setting", "value"}}, Setting: &ref, Strict: true})
			if err != nil && !isolates(err) {
				return err
			}
			info.Err = err
		}
		var nixErr *nixeval.Error
		if errors.As(info.Err, &nixErr) {
			info.Message = relative(l.userTerms(nixErr.Message), Subject{Instance: ref.Instance, Role: ref.Role})
		}
		return nil
	}})
	return inv, info, err
}

func (l *loader) decodeSetting(node any) *SettingInfo {
	info := &SettingInfo{}
	if f, failed := node.(failure); failed {
		info.Err = f.err
		return info
	}
	if bad(node) {
		return info
	}
	info.Value, info.HasValue = prune(child(node, "value"), nil, nil, func(hole) {})
	list, _ := child(node, "options").([]any)
	for _, o := range list {
		option := Option{
			Depth:      int(asInt(child(o, "depth"))),
			OptionInfo: l.decodeOption(o),
			IsDefined:  asBool(child(o, "isDefined")),
			Priority:   asInt(child(o, "priority")),
		}
		if names, isSet := child(o, "children").([]any); isSet {
			option.Children = asStrings(names)
		}
		for _, d := range asList(child(o, "definitions")) {
			value, _ := prune(child(d, "value"), nil, nil, func(hole) {})
			file, _ := l.sources.Local(definitionFile(asString(child(d, "file"))))
			option.Definitions = append(option.Definitions, Definition{File: file, Value: value})
		}
		info.Options = append(info.Options, option)
	}
	return info
}

func asList(node any) []any { list, _ := node.([]any); return list }

// Sources maps store paths in what Nix says of this clan back to the user's files.
func (inv *Inventory) Sources() nixeval.Sources {
	if inv.positions == nil {
		return nixeval.Sources{}
	}
	return inv.positions.sources
}

// At returns the place of exactly one inventory option, given by its path below `inventory`; nil if it has none. See
// [Inventory.Where].
func (inv *Inventory) At(path ...string) *Position {
	if inv.positions == nil || len(path) < 2 {
		return nil
	}
	return inv.positions.exact(slices.Clone(path)...)
}
