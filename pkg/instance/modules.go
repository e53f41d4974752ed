package instance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/hint"
	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/internal/reader"
	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/pkg/module"
)

// moduleFacts are the answers to a facts.ModuleQuery.
type moduleFacts struct {
	inputs  reader.Part[reader.Named[reader.Part[reader.Input]]]
	modules reader.Part[reader.Named[reader.Part[reader.Named[reader.Part[reader.Module]]]]]
	meant   reader.Part[reader.Named[reader.Part[reader.Meant]]]
	uses    reader.Part[reader.Named[reader.Part[reader.Use]]]
}

// moduleDecoder decodes what was asked of modules.
//
// Modules are evaluated with clan-core's own function for it. In a flake without clan-core, or with one from before
// 2025-05, nixpkgs' lib does, and what a module says of itself is not checked; without any lib, interfaces are read as
// they are written, which some cannot be. What does not evaluate has an Error in its place, and hides nothing else.
type moduleDecoder struct {
	*loader
	want   facts.ModuleQuery
	result *facts.Modules
	stores map[string]string // where the inputs are
	lost   []lostModule
}

// lostModule is a part that does not evaluate; reason is where to say why.
type lostModule struct {
	failure *reader.Failure
	reason  **services.Failure
}

func (d *moduleDecoder) lose(f *reader.Failure, reason **services.Failure) {
	if f != nil && reason != nil && f.Kind != reader.Absent {
		*reason = &services.Failure{Text: errNoMessage.Error()} // until it is explained
		d.lost = append(d.lost, lostModule{f, reason})
	}
}

// loadModules is the part of a load that facts.NeedModules asks for. The error may be one of package services', for a
// reference or an input that leads nowhere.
func (l *loader) loadModules(ctx context.Context) error {
	if l.config.Need&facts.NeedModules == 0 {
		return nil
	}
	d := &moduleDecoder{loader: l, want: l.config.ask.Modules, stores: map[string]string{},
		result: &facts.Modules{Catalogue: services.Catalogue{Inputs: map[string]services.Input{}},
			Found: map[string]*services.Service{}}}
	l.inv.facts.Modules = d.result
	c := &d.result.Catalogue
	c.Null, c.Names = l.facts.flake.Value.NullInput, l.facts.inputNames
	if uses := l.facts.modules.uses; uses.OK() {
		d.result.Uses = map[string]facts.ModuleUse{}
		for name, use := range uses.Value {
			if use.OK() {
				d.result.Uses[name] = facts.ModuleUse{Spec: module.Spec(use.Value.Spec), Roles: use.Value.Roles}
			}
		}
	}
	decode := d.all
	if len(d.want.Of) > 0 {
		decode = func() error { return d.named(ctx) }
	}
	if err := decode(); err != nil {
		return err
	}
	return d.explain(ctx)
}

// all decodes all modules of the inputs that are wanted.
func (d *moduleDecoder) all() error {
	facts, c := &d.facts.modules, &d.result.Catalogue
	unreadable := map[string]**services.Failure{}
	for _, name := range sortedKeys(facts.inputs.Value) {
		part := facts.inputs.Value[name]
		offers := d.input(name, part.Value, d.stores)
		if failure := cmp.Or(part.Failure, part.Value.Services.Failure, facts.modules.Failure,
			facts.modules.Value[name].Failure); failure != nil {
			unreadable[name] = new(*services.Failure)
			d.lose(failure, unreadable[name])
			offers.HasServices = false
		}
		c.Inputs[name] = offers
	}
	for _, input := range d.want.Inputs {
		if err := c.CheckInput(input); err != nil {
			return err
		}
	}
	d.places = d.places.withInputs(d.stores)
	for _, input := range sortedKeys(c.Inputs) {
		offers := c.Inputs[input]
		if offers.HasServices {
			modules := facts.modules.Value[input].Value
			offers.Modules = map[string]*services.Service{}
			for _, name := range sortedKeys(modules) {
				offers.Modules[name] = d.service(input, name, modules[name])
			}
			for alias, name := range facts.inputs.Value[input].Value.Twins.Value {
				if service := offers.Modules[name]; service != nil {
					service.Aliases = append(service.Aliases, alias)
				}
			}
			services.JoinTwins(offers.Modules)
			c.Inputs[input] = offers
		}
	}
	if err := d.explain(context.Background()); err != nil {
		return err
	}
	for name, reason := range unreadable {
		offers := c.Inputs[name]
		offers.Err = *reason
		c.Inputs[name] = offers
	}
	return nil
}

// named decodes the modules that are referred to.
func (d *moduleDecoder) named(ctx context.Context) error {
	for _, ref := range d.want.Of {
		part := d.facts.modules.meant.Value[ref]
		if part.Failure != nil {
			return d.errorOf(ctx, part.Failure)
		}
		meant := part.Value
		spec := specOf(ref)
		if meant.Spec != nil {
			spec = module.Spec(*meant.Spec)
		}
		input, err := d.choose(ctx, spec, meant)
		if err != nil {
			return err
		}
		if input == "" {
			return d.unknown(ctx, ref, spec, meant.Spec != nil)
		}
		found := meant.Modules[input]
		if source := found.Value.Source.Value; source != nil && input != "self" {
			d.stores[input] = *source
			d.places = d.places.withInputs(d.stores)
		}
		service := d.service(input, spec.Name, found)
		d.result.Found[ref] = service
		offers := d.result.Catalogue.Inputs[input]
		offers.HasServices = true
		if offers.Modules == nil {
			offers.Modules = map[string]*services.Service{}
		}
		offers.Modules[spec.Name] = service
		d.result.Catalogue.Inputs[input] = offers
	}
	return nil
}

// choose picks the input whose module is meant. It is empty if no input offers one; a module that is there only to
// throw says so itself.
func (d *moduleDecoder) choose(ctx context.Context, spec module.Spec, meant reader.Meant) (string, error) {
	inputs := sortedKeys(meant.Modules)
	live := slices.DeleteFunc(slices.Clone(inputs), func(input string) bool {
		return meant.Modules[input].Value.Deprecated
	})
	switch {
	case len(inputs) == 0:
		return "", nil
	case len(live) > 0:
		return d.result.Catalogue.Choose(spec.Name, live)
	}
	gone := &services.ResolveError{Code: codes.RemovedModule, Spec: spec, Input: inputs[0]}
	stub := meant.Modules[inputs[0]]
	if failure := cmp.Or(stub.Failure, stub.Value.Manifest.Failure); failure != nil {
		err := d.errorOf(ctx, failure)
		message, nixErr := d.nixWords(err)
		if nixErr == nil {
			return "", err
		}
		gone.Message = message
	}
	return "", gone
}

// errorOf is what Nix says of one part.
func (d *moduleDecoder) errorOf(ctx context.Context, failure *reader.Failure) error {
	if err := d.Explain(ctx, d.query, []*reader.Failure{failure}); err != nil {
		return err
	}
	return failure.Err
}

// unknown says what is wrong with a reference that leads nowhere; for that all inputs have to be looked at.
func (d *moduleDecoder) unknown(ctx context.Context, ref string, spec module.Spec, isInstance bool) error {
	inputs, err := d.allInputs(ctx)
	if err != nil {
		return err
	}
	c := &d.result.Catalogue
	for name, part := range inputs.Value {
		c.Inputs[name] = d.input(name, part.Value, d.stores)
	}
	if spec.Input != nil || isInstance {
		_, err = c.Resolve(spec)
		return err
	}
	_, err = c.Choose(spec.Name, nil)
	none, is := errors.AsType[*services.ResolveError](err)
	if d.want.ByInstance && is && none.Code == codes.UnknownModule {
		known := append(sortedKeys(d.result.Uses), none.Known...)
		err = &hint.Error{Text: fmt.Sprintf("there is neither an instance nor a module %q", ref),
			Advice: nearest.Hint(nearest.Of(ref, known), sortedUnique(known), "there are ", "there are none")}
	}
	return err
}

// specOf is a reference as a user writes it.
func specOf(ref string) module.Spec {
	if input, name, given := strings.Cut(ref, "#"); given {
		return module.Spec{Input: &input, Name: name}
	}
	return module.Spec{Name: ref}
}

// service is one module, as far as it evaluates.
func (d *moduleDecoder) service(input, name string, part reader.Part[reader.Module]) *services.Service {
	s := &services.Service{Input: input, Name: name}
	node := part.Value
	if node.Written != nil {
		s.Written = d.written(*node.Written, node.Placed.Value)
	}
	if part.Failure != nil {
		d.lose(part.Failure, &s.Err)
		if d.want.Written {
			s.Written = d.written(reader.Part[reader.Written]{Failure: part.Failure}, nil)
		}
		return s
	}
	s.Manifest = manifest(node.Manifest, func(_ []string, f *reader.Failure) { d.lose(f, &s.Err) })
	d.lose(node.Roles.Failure, &s.Err)
	if roles := node.Roles; roles.Value != nil {
		s.Roles = map[string]*services.Role{}
		for role, about := range roles.Value {
			r := &services.Role{Description: deref(about.Value.Description.Value)}
			s.Roles[role] = r
			d.lose(cmp.Or(about.Failure, about.Value.Description.Failure), &r.Err)
		}
	}
	s.Readme = node.Readme.Value
	d.lose(node.Readme.Failure, &s.Err)
	d.lose(node.Interfaces.Failure, &s.Err)
	for role, about := range node.Interfaces.Value {
		r := s.Roles[role]
		switch {
		case r == nil:
		case about.Failure != nil:
			d.lose(about.Failure, &r.Err)
		default:
			describer := &describer{places: d.places, lose: d.lose}
			r.Interface = describer.set(about.Value)
		}
	}
	return s
}

// written is how a module is written, and where the module itself is.
func (d *moduleDecoder) written(part reader.Part[reader.Written], placed []reader.At) *services.Written {
	node := part.Value
	manifest, roles := d.places.tree(node.Places.Value.Manifest), d.places.tree(node.Places.Value.Roles)
	// The first of some places that is known.
	place := func(candidates ...*Position) services.Position {
		for _, found := range append(candidates, d.places.pick(placed, nil)) {
			if found != nil {
				return services.Position{File: found.File, Line: found.Line, Column: found.Column}
			}
		}
		return services.Position{}
	}
	if part.Failure != nil {
		return &services.Written{Unknown: true, HasName: true, HasReadme: true, Position: place(), Constraints: place()}
	}
	at := func(tree *facts.Place, name string) *Position {
		if found := tree.At(name); found != nil {
			return found.Position
		}
		return nil
	}
	somewhere := []*Position{at(manifest, "name")}
	for _, name := range sortedKeys(manifest.Below) {
		somewhere = append(somewhere, at(manifest, name))
	}
	w := &services.Written{
		Position:    place(somewhere...),
		Constraints: place(append([]*Position{at(manifest, "constraints")}, somewhere...)...),
		PerMachine:  node.PerMachine,
		Roles:       map[string]services.WrittenRole{},
		HasName:     !node.Manifest.OK() || slices.Contains(node.Manifest.Value, "name"),
		HasReadme:   !node.Manifest.OK() || slices.Contains(node.Manifest.Value, "readme"),
	}
	for _, limits := range node.Limits.Value {
		if set, ok := limits.Prune(func([]string, *reader.Failure) {}); ok {
			if set, is := set.(map[string]any); is {
				w.Limits = append(w.Limits, set)
			}
		}
	}
	for role, r := range node.Roles.Value {
		w.Roles[role] = services.WrittenRole{Position: place(at(roles, role)), HasBehaviour: r.Value.Behaves,
			HasInterface: r.Value.Interface}
	}
	return w
}

// explain asks Nix why each lost part does not evaluate.
func (d *moduleDecoder) explain(ctx context.Context) error {
	failures := make([]*reader.Failure, len(d.lost))
	for i := range d.lost {
		failures[i] = d.lost[i].failure
	}
	if err := d.Explain(ctx, d.query, failures); err != nil {
		return err
	}
	for _, lost := range d.lost {
		err := lost.failure.Err
		if message, nixErr := d.nixWords(err); nixErr != nil {
			*lost.reason = &services.Failure{Text: message, Err: nixErr}
		} else if err != nil {
			*lost.reason = &services.Failure{Text: userTerms(d.places.sources, err.Error()), Err: err}
		}
	}
	return nil
}
