package instance

import (
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/reader"
	"github.com/clanctl/clanctl/internal/services"
)

func (l *loader) decodeSetting() {
	if l.config.Need&facts.NeedSetting == 0 {
		return
	}
	info := &facts.SettingInfo{}
	l.inv.facts.Setting = info
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
	describer := &describer{places: l.places, lose: func(*reader.Failure, **services.Failure) {}}
	for _, node := range setting.Options.Value {
		option := facts.Option{Depth: node.Depth, Children: node.Children}
		if node.Children == nil {
			option.Option = describer.option(node.Option)
		}
		if node.Priority != nil {
			option.Priority = *node.Priority
		}
		for _, d := range node.Definitions.Value {
			text, _ := pruned(d.Value, func([]string, *reader.Failure) {})
			option.Definitions = append(option.Definitions, facts.NewDefinition(l.places.local(d.File).name, text))
		}
		info.Options = append(info.Options, option)
	}
}
