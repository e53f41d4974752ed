// Package services is about service modules: which one an instance means (`module.input` and `module.name`,
// resolved against the services that the flake's inputs offer, the way clan does), what a module says of
// itself ([Service]), and what its roles accept as settings: the tree of options ([Interface]), and a JSON
// Schema of it ([Schema]).
//
// It is pure and safe for concurrent use; what the inputs offer is given as a [Catalogue], which package
// instance loads.
package services

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/hint"
	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/pkg/module"
)

// Role is what a service module says of one of its roles.
type Role struct {
	Description string `json:"description,omitempty"`
	// Interface is what the role accepts as settings; nil if it was not asked for, or does not evaluate (Err).
	Interface *Interface `json:"interface,omitzero"`
	// Err says why there is no interface.
	Err *Failure `json:"error,omitempty"`
}

// Catalogue is what a flake's inputs offer.
type Catalogue struct {
	// Names are all inputs of the flake, "self" among them; nil if they are not known, and nothing is judged.
	Names []string
	// Inputs are those inputs that were looked at, by name.
	Inputs map[string]Input
	// Null is the input where a module without an input is looked up: the one that is clan-core, or "self" without
	// clan-core and before mid 2025. Empty means "self".
	Null string
}

// Input is one flake input as far as services go.
type Input struct {
	// HasServices: the input has an output `clan.modules`.
	HasServices bool
	// Services are the names in it, sorted; Deprecated those that clan-core keeps as stubs that throw.
	Services   []string
	Deprecated []string
	// Source is the input's source tree in the Nix store; empty for the flake itself, and for a part of its tree.
	Source string
	// Modules are those services that were looked at, by name; nil if none was.
	Modules map[string]*Service
	// Err says why the input could not be looked at.
	Err *Failure
}

// Resolve finds the input that a reference leads to: its name in the flake ("self" for the flake itself).
// The error is an [*UnknownInputError], [*NoServicesError], [*UnknownModuleError] or [*DeprecatedError].
func (c *Catalogue) Resolve(spec module.Spec) (string, error) {
	input := c.null()
	if spec.Input != nil {
		input = *spec.Input
	}
	if c.Names == nil {
		return input, nil
	}
	if !slices.Contains(c.Names, input) {
		return "", &UnknownInputError{Spec: spec, Known: c.Names, Nearest: nearest.Of(input, c.Names)}
	}
	offers, looked := c.Inputs[input]
	if !looked {
		return input, nil
	}
	if !offers.HasServices {
		return "", &NoServicesError{Spec: spec, Input: input, Elsewhere: c.elsewhere(spec.Name, input)}
	}
	if !slices.Contains(offers.Services, spec.Name) {
		known := offers.current()
		return "", &UnknownModuleError{
			Spec: spec, Input: input, Known: known,
			Nearest: nearest.Of(spec.Name, known), Elsewhere: c.elsewhere(spec.Name, input),
		}
	}
	if slices.Contains(offers.Deprecated, spec.Name) {
		return "", &DeprecatedError{Spec: spec, Input: input}
	}
	return input, nil
}

// CheckInput reports whether an input is there and offers services. The error is an [*UnknownInputError] or a
// [*NoServicesError].
func (c *Catalogue) CheckInput(input string) error {
	if c.Names != nil && !slices.Contains(c.Names, input) {
		return &UnknownInputError{Spec: module.Spec{Input: &input}, Known: c.Names, Nearest: nearest.Of(input, c.Names)}
	}
	if offers, looked := c.Inputs[input]; looked && !offers.HasServices && offers.Err == nil {
		return &NoServicesError{Spec: module.Spec{Input: &input}, Input: input}
	}
	return nil
}

// Find is the service that a user means by "INPUT#NAME" or just "NAME": then the only one of that name, or
// the one that an instance without an input would have. It looks at the services in [Input.Modules], by their
// names and aliases. The error is one of [Catalogue.Resolve], or names the inputs that offer one.
func (c *Catalogue) Find(ref string) (*Service, error) {
	if input, name, given := strings.Cut(ref, "#"); given {
		spec := module.Spec{Input: &input, Name: name}
		resolved, err := c.Resolve(spec)
		if err != nil {
			return nil, err
		}
		if service := c.Inputs[resolved].module(name); service != nil {
			return service, nil
		}
		known := slices.Sorted(maps.Keys(c.Inputs[resolved].Modules))
		return nil, &UnknownModuleError{Spec: spec, Input: input, Known: known, Nearest: nearest.Of(name, known)}
	}
	var inputs []string
	for _, input := range slices.Sorted(maps.Keys(c.Inputs)) {
		if c.Inputs[input].module(ref) != nil {
			inputs = append(inputs, input)
		}
	}
	input, err := c.Choose(ref, inputs)
	if err != nil {
		return nil, err
	}
	return c.Inputs[input].module(ref), nil
}

// Choose says which of several inputs a name without an input means.
func (c *Catalogue) Choose(name string, inputs []string) (string, error) {
	switch {
	case len(inputs) == 1:
		return inputs[0], nil
	case slices.Contains(inputs, c.null()):
		return c.null(), nil
	case len(inputs) > 1:
		refs := make([]string, len(inputs))
		for i, input := range inputs {
			refs[i] = input + "#" + name
		}
		return "",
			&hint.Error{Text: fmt.Sprintf("several inputs offer a service %q", name),
				Advice: "say which: " + nearest.List(refs)}
	}
	for _, input := range slices.Sorted(maps.Keys(c.Inputs)) {
		if slices.Contains(c.Inputs[input].Deprecated, name) {
			return "", &DeprecatedError{Spec: module.Spec{Name: name}, Input: input}
		}
	}
	return "",
		&UnknownModuleError{Spec: module.Spec{Name: name}, Known: c.names(), Nearest: nearest.Of(name, c.names())}
}

func (c *Catalogue) null() string {
	if c.Null == "" {
		return "self"
	}
	return c.Null
}

func (in Input) module(name string) *Service {
	if service := in.Modules[name]; service != nil {
		return service
	}
	for _, service := range in.Modules {
		if slices.Contains(service.Aliases, name) {
			return service
		}
	}
	return nil
}

// current are the input's services, but for those that are no longer.
func (in Input) current() []string {
	return slices.DeleteFunc(slices.Clone(in.Services), func(name string) bool {
		return slices.Contains(in.Deprecated, name)
	})
}

// names are all services of all inputs, but for those that are no longer, sorted.
func (c *Catalogue) names() []string {
	var all []string
	for _, input := range c.Inputs {
		all = append(all, input.current()...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// elsewhere are references to services of this name in other inputs, sorted; or, where there are none, to
// those that the name without its owner ("@owner/name") means, in any input.
func (c *Catalogue) elsewhere(name, but string) []string {
	var found, short []string
	owner, plain, scoped := strings.Cut(name, "/")
	for _, input := range slices.Sorted(maps.Keys(c.Inputs)) {
		current := c.Inputs[input].current()
		if input != but && slices.Contains(current, name) {
			found = append(found, input+"#"+name)
		}
		if scoped && strings.HasPrefix(owner, "@") && slices.Contains(current, plain) {
			short = append(short, input+"#"+plain)
		}
	}
	if len(found) == 0 {
		return short
	}
	return found
}

// UnknownInputError: the flake has no input of that name.
type UnknownInputError struct {
	Spec           module.Spec
	Known, Nearest []string
}

func (e *UnknownInputError) Error() string {
	if e.Spec.Input == nil {
		return "the flake has no input that is clan-core"
	}
	return fmt.Sprintf("the flake has no input %q", *e.Spec.Input)
}

// Hint says what to write instead.
func (e *UnknownInputError) Hint() string {
	return nearest.Hint(e.Nearest, e.Known, "the inputs are ", "")
}

// NoServicesError: the input is there, but has no output `clan.modules`.
type NoServicesError struct {
	Spec      module.Spec
	Input     string
	Elsewhere []string
}

func (e *NoServicesError) Error() string {
	what := fmt.Sprintf("the input %q offers no services (it has no output clan.modules)", e.Input)
	if e.Input == "self" {
		what = "the flake itself offers no services (no output clan.modules)"
	}
	if e.Spec.Name == "" {
		return what
	}
	return fmt.Sprintf("%s, so not %q", what, e.Spec.Name)
}

// Hint says where a service of that name is offered.
func (e *NoServicesError) Hint() string { return elsewhereHint(e.Spec.Name, e.Elsewhere) }

// UnknownModuleError: the input offers services, but none of that name. Input is empty where all inputs were
// looked through.
type UnknownModuleError struct {
	Spec                      module.Spec
	Input                     string
	Known, Nearest, Elsewhere []string
}

func (e *UnknownModuleError) Error() string {
	if e.Input == "" {
		return fmt.Sprintf("no input of the flake offers a service %q", e.Spec.Name)
	}
	if e.Spec.Input == nil && e.Input != "self" {
		return fmt.Sprintf("clan-core offers no service %q", e.Spec.Name)
	}
	if e.Input == "self" {
		return fmt.Sprintf("the flake itself offers no service %q", e.Spec.Name)
	}
	return fmt.Sprintf("the input %q offers no service %q", e.Input, e.Spec.Name)
}

// Hint says what to write instead.
func (e *UnknownModuleError) Hint() string {
	switch {
	case len(e.Elsewhere) > 0:
		return elsewhereHint(e.Spec.Name, e.Elsewhere)
	case e.Input == "":
		return nearest.Hint(e.Nearest, e.Known, "the services are ", "it offers none at all")
	}
	return nearest.Hint(e.Nearest, e.Known, "it offers ", "it offers none at all")
}

// DeprecatedError: the input keeps the service's name only to say that it is gone.
type DeprecatedError struct {
	Spec  module.Spec
	Input string
	// Message is the module's own, where it was asked for.
	Message string
}

func (e *DeprecatedError) Error() string {
	text := fmt.Sprintf("the service %q was removed from %s", e.Spec.Name, e.Input)
	if e.Message != "" {
		text += ": " + e.Message
	}
	return text
}

// Hint points at the service's own message.
func (e *DeprecatedError) Hint() string {
	if e.Message != "" {
		return ""
	}
	return "see the message of the module itself for its successor"
}

// elsewhereHint says how to write references to services of a name, or of the name that it became.
func elsewhereHint(name string, refs []string) string {
	if len(refs) == 0 {
		return ""
	}
	lines := make([]string, len(refs))
	for i, ref := range refs {
		input, other, _ := strings.Cut(ref, "#")
		lines[i] = fmt.Sprintf("module.input = %q", input)
		if other != name {
			lines[i] = fmt.Sprintf("%s (module.name = %q)", ref, other)
		}
	}
	if strings.HasPrefix(lines[0], "module.") {
		return fmt.Sprintf("a service %q is offered elsewhere: set %s", name, strings.Join(lines, " or "))
	}
	return "did you mean " + strings.Join(lines, " or ") + "?"
}
