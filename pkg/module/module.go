// Package module has the words in which an instance names its service module, and in which a module describes itself.
package module

// Spec is a module reference as an instance writes it.
type Spec struct {
	// Input is the flake input that offers the module, "self" for the flake's own, nil for clan-core's.
	Input *string `json:"input"`
	// Name is the module's attribute name in that input's `clan.modules`.
	Name string `json:"name"`
}

// String is the reference as "input#name", or just the name where there is no input.
func (s Spec) String() string {
	if s.Input == nil {
		return s.Name
	}
	return *s.Input + "#" + s.Name
}

// Manifest is what a service module says of itself (`manifest`), without its README.
type Manifest struct {
	Categories  []string       `json:"categories,omitempty"`
	Constraints map[string]any `json:"constraints,omitempty"`
	Description string         `json:"description,omitempty"`
	Exports     any            `json:"exports,omitzero"`
	Name        string         `json:"name,omitempty"`
}

// Role is what a service module says of one of its roles.
type Role struct {
	Description string `json:"description,omitempty"`
}
