package view

import (
	"maps"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/natural"
	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/pkg/module"
)

// ModuleList is what the flake's inputs offer.
type ModuleList struct {
	// Failures are inputs that do not evaluate, in order of their names.
	Failures []InputFailure `json:"failures"`
	// Modules are in order of their inputs, the flake's own first, and names.
	Modules []ServiceModule `json:"modules"`
}

// InputFailure is an input that does not evaluate.
type InputFailure struct {
	Error string `json:"error"`
	Input string `json:"input"`
}

// ServiceModule is a service module.
type ServiceModule struct {
	// Aliases are other names of it in the same input.
	Aliases     []string       `json:"aliases,omitempty"`
	Categories  []string       `json:"categories"`
	Constraints map[string]any `json:"constraints,omitempty"`
	Description string         `json:"description,omitempty"`
	// Error says why something of all this is missing.
	Error string `json:"error,omitempty"`
	Input string `json:"input"`
	Name  string `json:"name"`
	// Paste is an instance of it, to be pasted into `inventory`.
	Paste string `json:"paste"`
	// Readme is Markdown; only where a single module was asked for.
	Readme string `json:"readme,omitempty"`
	// Roles are in order of their names.
	Roles []ModuleRole `json:"roles"`
	// UsedBy are the instances that mean the module, sorted.
	UsedBy []string `json:"usedBy"`
}

// ModuleRole is a role of a service module.
type ModuleRole struct {
	Description string `json:"description,omitempty"`
	// Error says why there is no interface, or no description.
	Error string `json:"error,omitempty"`
	// Interface is what the role accepts as settings; only where a single module was asked for.
	Interface *services.Interface `json:"interface,omitzero"`
	Name      string              `json:"name"`
}

// Partial reports whether a part of a module could not be evaluated.
func (m ServiceModule) Partial() bool {
	return m.Error != "" || slices.ContainsFunc(m.Roles, func(r ModuleRole) bool { return r.Error != "" })
}

// ServiceModules shows all modules that were looked at; with search only those that have that text somewhere in what
// they say of themselves.
func ServiceModules(modules *facts.Modules, search string) *ModuleList {
	list := &ModuleList{Failures: []InputFailure{}, Modules: []ServiceModule{}}
	inputs := slices.Sorted(maps.Keys(modules.Catalogue.Inputs))
	slices.SortStableFunc(inputs, func(a, b string) int { return order(a) - order(b) })
	for _, input := range inputs {
		offers := modules.Catalogue.Inputs[input]
		if offers.Err != nil {
			list.Failures = append(list.Failures, InputFailure{Error: offers.Err.Text, Input: input})
		}
		for _, name := range natural.Keys(offers.Modules) {
			if shown := ServiceModuleOf(modules, offers.Modules[name]); shown.mentions(search) {
				list.Modules = append(list.Modules, shown)
			}
		}
	}
	return list
}

func order(input string) int {
	if input == "self" {
		return 0
	}
	return 1
}

// ServiceModuleOf shows one module.
func ServiceModuleOf(modules *facts.Modules, service *services.Service) ServiceModule {
	shown := ServiceModule{
		Aliases: service.Aliases, Categories: []string{}, Error: service.Err.Error(), Input: service.Input,
		Name:  service.Name,
		Paste: stub(service, spelling(modules, service)), Readme: service.Readme, Roles: []ModuleRole{},
		UsedBy: []string{},
	}
	if manifest := service.Manifest; manifest != nil {
		shown.Description, shown.Constraints = manifest.Description, manifest.Constraints
		shown.Categories = append(shown.Categories, manifest.Categories...)
	}
	for _, name := range natural.Keys(service.Roles) {
		role := service.Roles[name]
		shown.Roles = append(shown.Roles,
			ModuleRole{Description: role.Description, Error: role.Err.Error(), Interface: role.Interface, Name: name})
	}
	for name, use := range modules.Uses {
		if use.Name != service.Name && !slices.Contains(service.Aliases, use.Name) {
			continue
		}
		if input := use.Input; input != nil && *input == service.Input || input == nil &&
			modules.Catalogue.Null == service.Input {
			shown.UsedBy = append(shown.UsedBy, name)
		}
	}
	natural.Sort(shown.UsedBy)
	return shown
}

// spelling is how the clan's instances spell a module, so that one more meets them; with its input, if there are none.
func spelling(modules *facts.Modules, service *services.Service) module.Spec {
	spec := module.Spec{Input: &service.Input, Name: service.Name}
	if service.Input != modules.Catalogue.Null {
		return spec
	}
	others := []module.Spec{}
	for _, name := range slices.Sorted(maps.Keys(modules.Uses)) {
		others = append(others, modules.Uses[name].Spec)
	}
	bare := module.Spec{Name: service.Name}
	if as := modules.Catalogue.Spelling(bare, others); slices.ContainsFunc(others, func(other module.Spec) bool {
		return services.Key(other) == services.Key(as)
	}) {
		return as
	}
	return spec
}

func (m ServiceModule) mentions(text string) bool {
	texts := append([]string{m.Name, m.Input + "#" + m.Name, m.Description}, m.Categories...)
	for _, role := range m.Roles {
		texts = append(texts, role.Name, role.Description)
	}
	texts = append(texts, m.Aliases...)
	return slices.ContainsFunc(texts, func(t string) bool {
		return strings.Contains(strings.ToLower(t), strings.ToLower(text))
	})
}
