package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/module"
)

// SettingsError: settings are not what the role accepts. Nothing was written.
type SettingsError struct {
	Layer    Layer
	Problems []module.Problem
}

func (e *SettingsError) Error() string {
	lines := []string{fmt.Sprintf("these are no settings for %s:", e.Layer)}
	for _, p := range e.Problems {
		line := pathText(p.Path) + ": " + p.Message
		if p.Hint != "" {
			line += " (" + p.Hint + ")"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// Hint says where to look.
func (e *SettingsError) Hint() string { return "nothing was written; --force writes them nonetheless" }

// checkSettings holds the layers that were written to against the schemas of their roles, as far as these are to be had.
func (s *Store) checkSettings(ctx context.Context) error {
	refs := map[Layer]string{}
	var all []string
	for _, layer := range s.written {
		if value, found := s.doc.get(layer.Path()...); !found || holdsType(value) {
			continue // unset since, or something like mkForce, which a schema does not know
		}
		inst := s.before.Instances[s.nameBefore(layer.Instance)]
		if inst == nil {
			continue
		}
		input, err := s.before.Catalogue.Resolve(inst.Module.Spec())
		if err != nil {
			continue
		}
		refs[layer] = input + "#" + inst.Module.Name
		if !slices.Contains(all, refs[layer]) {
			all = append(all, refs[layer])
		}
	}
	if len(all) == 0 {
		return nil
	}
	modules, err := instance.LoadModules(ctx, s.flake, s.config, instance.ModuleQuery{Of: all})
	if err != nil {
		return nil // the evaluation says it better
	}
	var errs []error
	for _, layer := range s.written {
		service := modules.Found[refs[layer]]
		if service == nil {
			continue
		}
		role := service.Roles[layer.Role]
		if role == nil || role.Interface == nil {
			continue
		}
		value, _ := s.doc.get(layer.Path()...)
		err := module.NewSchema(role.Interface, module.SchemaOptions{}).Validate(value)
		if invalid, ok := err.(*module.InvalidError); ok {
			errs = append(errs, &SettingsError{layer, invalid.Problems})
		}
	}
	return JoinErrors(errs...)
}

// holdsType reports whether there is a set with a _type anywhere.
func holdsType(value any) bool {
	switch v := value.(type) {
	case map[string]any:
		if _, found := v["_type"]; found {
			return true
		}
		for _, inner := range v {
			if holdsType(inner) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, holdsType)
	}
	return false
}

// nameBefore is what an instance is called in the clan as it is.
func (s *Store) nameBefore(name string) string {
	if old, renamed := s.renamed[name]; renamed {
		return old
	}
	return name
}
