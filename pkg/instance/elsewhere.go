package instance

import (
	"context"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/reader"
)

// findSettings looks for settings that a role does not have in services of the same name: the instance may take its
// module from the wrong input. It looks at the flake's own modules and at inputs that instances use, so that nothing is
// fetched for it.
func (l *loader) findSettings(ctx context.Context) error {
	of := map[string][]*Finding{} // by reference
	for i := range l.inv.Findings {
		f := &l.inv.Findings[i]
		inst := l.inv.Instances[f.Instance]
		if f.Code != codes.UnknownSetting || inst == nil || len(f.Setting) == 0 {
			continue
		}
		inputs := append(sortedKeys(l.inv.facts.Catalogue.Inputs), "self")
		for _, input := range sortedUnique(inputs) {
			if input != inst.Module.Resolved {
				ref := input + "#" + inst.Module.Name
				of[ref] = append(of[ref], f)
			}
		}
	}
	if len(of) == 0 {
		return nil
	}
	var meant reader.Part[reader.Named[reader.Part[reader.Meant]]]
	query := l.query
	query.Named, query.Interfaces, query.ByInstance = sortedKeys(of), true, false
	if err := l.Ask(ctx, query, reader.Want{Path: []string{"meant"}, Into: &meant}); err != nil {
		return err
	}
	for _, ref := range query.Named {
		for _, module := range meant.Value[ref].Value.Modules {
			for _, f := range of[ref] {
				if role, has := module.Value.Interfaces.Value[f.Role]; has && hasOption(role.Value.Options, f.Setting) {
					f.Cause.Elsewhere = append(f.Cause.Elsewhere, ref)
				}
			}
		}
	}
	return nil
}

func hasOption(options reader.Named[reader.Part[reader.Option]], path []string) bool {
	option, has := options[path[0]]
	if !has || len(path) == 1 {
		return has
	}
	return hasOption(option.Value.Options, path[1:])
}
