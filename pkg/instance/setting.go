package instance

import (
	"errors"

	"github.com/clanctl/clanctl/internal/reader"
	"github.com/clanctl/clanctl/pkg/module"
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

// Option mirrors an option of nixpkgs' module system, as it is for one member.
type Option struct {
	// Depth is how much of the setting's path leads to the option.
	Depth int
	// Children are set instead of all that follows where the path ends at a set of options.
	Children []string
	// Option is what is declared.
	*module.Option
	// Priority is that of the definitions that count: 100 for a plain value, 50 for mkForce, 1000 for mkDefault.
	Priority int64
	// Definitions are those that count, in the order of merging.
	Definitions []Definition
}

func (l *loader) decodeSetting() {
	if l.config.Need&NeedSetting == 0 {
		return
	}
	info := &SettingInfo{}
	l.inv.Setting = info
	if !l.facts.setting.OK() {
		l.settingFailure = l.facts.setting.Failure
		return
	}
	setting := l.facts.setting.Value
	lost := func(_ []string, f *reader.Failure) {
		if f.Kind != reader.Absent && l.settingFailure == nil {
			l.settingFailure = f
		}
	}
	info.Value, info.HasValue = setting.Value.Prune(lost)
	describer := &describer{places: l.places, lose: func(*reader.Failure, **module.Failure) {}}
	for _, node := range setting.Options.Value {
		option := Option{Depth: node.Depth, Children: node.Children}
		if node.Children == nil {
			option.Option = describer.option(node.Option)
		}
		if node.Priority != nil {
			option.Priority = *node.Priority
		}
		for _, d := range node.Definitions.Value {
			value, _ := d.Value.Prune(func([]string, *reader.Failure) {})
			option.Definitions = append(option.Definitions, Definition{File: l.places.local(d.File).name, Value: value})
		}
		info.Options = append(info.Options, option)
	}
}

// fail says why there is no value.
func (s *SettingInfo) fail(sources nixeval.Sources, err error) {
	s.Err = err
	var nixErr *nixeval.Error
	if errors.As(err, &nixErr) {
		nixErr.Sources = sources
		s.Message = userTerms(sources, nixErr.Message)
	}
}
