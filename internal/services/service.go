package services

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/hint"
	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/pkg/module"
)

// Service is one service module: an entry of an input's `clan.modules`, and what it says of itself.
type Service struct {
	// Input is the flake input that offers it, "self" for the flake itself; Name its name there.
	Input string `json:"input"`
	Name  string `json:"name"`
	// Aliases are other names of the same module in the same input (clan-core has had "@clan/x" beside "x"), sorted.
	Aliases []string `json:"aliases,omitempty"`
	// Manifest is the module's own description; nil where the module does not evaluate.
	Manifest *module.Manifest `json:"manifest,omitzero"`
	// Readme is `manifest.readme`, Markdown; empty if it was not asked for.
	Readme string `json:"readme,omitempty"`
	// Roles by name; nil where they do not evaluate.
	Roles map[string]*Role `json:"roles,omitzero"`
	// Err says why something of the above is missing, in Nix's words.
	Err *Failure `json:"error,omitempty"`
	// Written is how the module is written; nil if it was not asked for.
	Written *Written `json:"-"`
}

// Spec is how an instance refers to the module. For a service of clan-core's the input may be left out, see
// [Catalogue.Null].
func (s *Service) Spec() module.Spec { return module.Spec{Input: &s.Input, Name: s.Name} }

// JoinTwins takes services out of an input's that are listed a second time as "@owner/name", and makes those
// names aliases: they say the same of themselves, word for word.
func JoinTwins(services map[string]*Service) {
	for name, twin := range services {
		owner, plain, scoped := strings.Cut(name, "/")
		service := services[plain]
		if !scoped || !strings.HasPrefix(owner, "@") || service == nil || service.Manifest == nil ||
			len(service.Roles) == 0 ||
			!reflect.DeepEqual(service.Manifest, twin.Manifest) || !reflect.DeepEqual(service.Roles, twin.Roles) {
			continue
		}
		service.Aliases = append(service.Aliases, name)
		delete(services, name)
	}
	for _, service := range services {
		slices.Sort(service.Aliases)
	}
}

// Role checks the name of a role; an empty one means the only role there is.
func (s *Service) Role(name string) (string, error) {
	known := slices.Sorted(maps.Keys(s.Roles))
	if _, ok := s.Roles[name]; ok {
		return name, nil
	}
	if name == "" && len(known) == 1 {
		return known[0], nil
	}
	err := &hint.Error{Text: fmt.Sprintf("the module %s has no role %q", s.Spec(), name),
		Advice: nearest.Hint(nearest.Of(name, known), known, "its roles are ", "")}
	switch {
	case s.Roles == nil && s.Err != nil:
		err.Text = fmt.Sprintf("the module %s does not evaluate: %s", s.Spec(), s.Err)
	case len(known) == 0:
		err.Text = fmt.Sprintf("the module %s has no roles", s.Spec())
	case name == "":
		err.Text = fmt.Sprintf("the module %s has several roles", s.Spec())
	}
	return "", err
}

// Count reads a number of `manifest.constraints`; false where it is none.
func Count(constraint any) (int, bool) {
	n, ok := constraint.(json.Number)
	if !ok {
		return 0, false
	}
	i, err := n.Int64()
	return int(i), err == nil
}
