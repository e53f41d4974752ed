package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/hint"
	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/pkg/instance"
)

// settingsError: settings are not what the role accepts. Nothing was written.
type settingsError struct {
	Layer    Layer
	Problems []services.Problem
}

func (e *settingsError) Error() string {
	lines := []string{fmt.Sprintf("invalid settings for %s:", e.Layer.text())}
	for _, p := range e.Problems {
		line := pathText(p.Path) + ": " + p.Message
		if p.Hint != "" {
			line += " (" + p.Hint + ")"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func (e *settingsError) Is(target error) bool { return target == ErrRefused }

// checkSettings holds the layers that were written to against the schemas of their roles, as far as these are to be
// had.
func (s *Store) checkSettings(ctx context.Context) error {
	refs := map[Layer]string{}
	var all []string
	for _, layer := range s.written {
		if value, found := s.doc.get(layer.layerPath()...); !found || holdsType(value) {
			continue // unset since, or something like mkForce, which a schema does not know
		}
		inst := s.before.Instances[s.nameBefore(layer.Instance)]
		if inst == nil {
			continue
		}
		input, err := facts.Of(s.before).Catalogue.Resolve(inst.Module.Spec())
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
	config := s.config
	config.Need, facts.Ask(&config).Modules = facts.NeedModules, facts.ModuleQuery{Of: all}
	inv, err := instance.Load(ctx, s.ref, config)
	if err != nil {
		return nil // the evaluation says it better
	}
	var errs []error
	for _, layer := range s.written {
		service := facts.Of(inv).Modules.Found[refs[layer]]
		if service == nil {
			continue
		}
		role := service.Roles[layer.Role]
		if role == nil || role.Interface == nil {
			continue
		}
		value, _ := s.doc.get(layer.layerPath()...)
		schema := services.NewSchema(role.Interface, services.SchemaOptions{})
		if fresh := without(problems(schema, value), problems(schema, s.valueBefore(layer))); len(fresh) > 0 {
			errs = append(errs, &settingsError{layer, fresh})
		}
	}
	return hint.Join(errs...)
}

// valueBefore is what the file that was read has for a layer; nil if there is nothing.
func (s *Store) valueBefore(layer Layer) any {
	layer.Instance = s.nameBefore(layer.Instance)
	value, _ := jsonvalue.Lookup(jsonvalue.Parse(s.original), layer.layerPath())
	return value
}

// problems are what a schema has against a layer's settings; none where there are no settings.
func problems(schema *services.Schema, value any) []services.Problem {
	if value == nil {
		return nil
	}
	var invalid *services.InvalidError
	if errors.As(schema.Validate(value), &invalid) {
		return invalid.Problems
	}
	return nil
}

// without are the problems that were not there before: what was wrong may stay wrong, so that it can be mended step by
// step.
func without(problems, before []services.Problem) []services.Problem {
	return slices.DeleteFunc(slices.Clone(problems), func(p services.Problem) bool {
		return slices.ContainsFunc(before, func(q services.Problem) bool {
			return slices.Equal(p.Path, q.Path) && p.Message == q.Message
		})
	})
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
