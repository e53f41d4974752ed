// Package services is about service modules: which one an instance means (`module.input` and `module.name`,
// resolved against the services that the flake's inputs offer, the way clan does), what a module says of
// itself ([Service]), and what its roles accept as settings: the tree of options ([Interface]), and a JSON
// Schema of it ([Schema]).
//
// It is pure and safe for concurrent use; what the inputs offer is given as a [Catalogue], which package
// instance loads.
package services

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/codes"
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
// The error is a [*ResolveError].
func (c *Catalogue) Resolve(spec module.Spec) (string, error) {
	input := cmp.Or(c.Null, "self")
	if spec.Input != nil {
		input = *spec.Input
	}
	if c.Names == nil {
		return input, nil
	}
	failed := &ResolveError{Spec: spec, Input: input}
	if !slices.Contains(c.Names, input) {
		failed.Code, failed.Known, failed.Nearest = codes.UnknownInput, c.Names, nearest.Of(input, c.Names)
		if spec.Input == nil {
			failed.Input = ""
		}
		return "", failed
	}
	offers, looked := c.Inputs[input]
	if !looked {
		return input, nil
	}
	switch {
	case !offers.HasServices:
		failed.Code, failed.Elsewhere = codes.InputWithoutServices, c.elsewhere(spec.Name, input)
	case !slices.Contains(offers.Services, spec.Name):
		failed.Code, failed.Known = codes.UnknownModule, offers.current()
		failed.Nearest, failed.Elsewhere = nearest.Of(spec.Name, failed.Known), c.elsewhere(spec.Name, input)
	case slices.Contains(offers.Deprecated, spec.Name):
		failed.Code = codes.RemovedModule
	default:
		return input, nil
	}
	return "", failed
}

// CheckInput reports whether an input is there and offers services. The error is a [*ResolveError].
func (c *Catalogue) CheckInput(input string) error {
	_, err := c.Resolve(module.Spec{Input: &input})
	if failed, is := err.(*ResolveError); is && (failed.Code == codes.UnknownInput ||
		failed.Code == codes.InputWithoutServices && c.Inputs[input].Err == nil) {
		return err
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
		return nil, &ResolveError{Code: codes.UnknownModule, Spec: spec, Input: input, Known: known,
			Nearest: nearest.Of(name, known)}
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
	switch null := cmp.Or(c.Null, "self"); {
	case len(inputs) == 1:
		return inputs[0], nil
	case slices.Contains(inputs, null):
		return null, nil
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
			return "", &ResolveError{Code: codes.RemovedModule, Spec: module.Spec{Name: name}, Input: input}
		}
	}
	return "", &ResolveError{Code: codes.UnknownModule, Spec: module.Spec{Name: name}, Known: c.names(),
		Nearest: nearest.Of(name, c.names())}
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

// ResolveError: a reference leads to no module. Code says why:
//
//   - [codes.UnknownInput]: the flake has no input of that name;
//   - [codes.InputWithoutServices]: the input is there, but has no output `clan.modules`;
//   - [codes.UnknownModule]: it offers services, but none of that name;
//   - [codes.RemovedModule]: it keeps the service's name only to say that it is gone.
type ResolveError struct {
	Code string
	Spec module.Spec
	// Input is the one that was looked for, or looked at; empty for the one that is clan-core, if the flake has none
	// such, and where all inputs were looked through.
	Input string
	// Known are the names that there are, Nearest those that may be meant, Elsewhere references to services of the name
	// in other inputs.
	Known, Nearest, Elsewhere []string
	// Message is that of the module itself, where it was asked for.
	Message string
}

func (e *ResolveError) Error() string {
	name := e.Spec.Name
	switch e.Code {
	case codes.UnknownInput:
		if e.Input == "" {
			return "the flake has no input that is clan-core"
		}
		return fmt.Sprintf("the flake has no input %q", e.Input)
	case codes.InputWithoutServices:
		what := fmt.Sprintf("the input %q offers no services (it has no output clan.modules)", e.Input)
		if e.Input == "self" {
			what = "the flake itself offers no services (no output clan.modules)"
		}
		if name == "" {
			return what
		}
		return fmt.Sprintf("%s, so not %q", what, name)
	case codes.RemovedModule:
		text := fmt.Sprintf("the service %q was removed from %s", name, e.Input)
		if e.Message != "" {
			text += ": " + e.Message
		}
		return text
	}
	who := fmt.Sprintf("the input %q", e.Input)
	switch {
	case e.Input == "":
		return fmt.Sprintf("no input of the flake offers a service %q", name)
	case e.Input == "self":
		who = "the flake itself"
	case e.Spec.Input == nil:
		who = "clan-core"
	}
	return fmt.Sprintf("%s offers no service %q", who, name)
}

// Hint says what to write instead.
func (e *ResolveError) Hint() string {
	switch {
	case e.Code == codes.UnknownInput:
		return nearest.Hint(e.Nearest, e.Known, "the inputs are ", "")
	case e.Code == codes.RemovedModule && e.Message == "":
		return "see the message of the module itself for its successor"
	case e.Code == codes.RemovedModule:
		return ""
	case e.Code == codes.InputWithoutServices, len(e.Elsewhere) > 0:
		return elsewhereHint(e.Spec.Name, e.Elsewhere)
	case e.Input == "":
		return nearest.Hint(e.Nearest, e.Known, "the services are ", "it offers none at all")
	}
	return nearest.Hint(e.Nearest, e.Known, "it offers ", "it offers none at all")
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
