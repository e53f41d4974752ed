package instance

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/clanctl/clanctl/pkg/nixeval"
)

// Position is a place in a file: relative to the top of the flake's source tree, or "<input>/file".
type Position = nixeval.Position

// Severity follows what clan does.
type Severity string

const (
	// SeverityError: clan fails, or does something other than what is written.
	SeverityError Severity = "error"
	// SeverityWarning: clan goes on.
	SeverityWarning Severity = "warning"
)

// Finding is one thing that is wrong with a clan.
type Finding struct {
	// Code names the kind of finding; the codes are stable and described in docs/findings.md.
	Code string
	// Position is the place in the user's files to look at, as far as it is known.
	Position
	// Definitions are, for a setting that does not evaluate, all that is written for it, in clan's order of merging.
	Definitions []SettingDefinition
	// Hint says what to do about it; may be empty.
	Hint string
	// Instance, Role and Machine are what it is about; empty where it is about something larger. Where several members are
	// concerned alike, Machine is one of them and Machines are all, sorted.
	Instance, Role, Machine string
	Machines                []string
	// Message says what is wrong; for a part that does not evaluate it is Nix's own message.
	Message string
	// Module is set instead of Instance where it is about one of the flake's own modules, whoever uses it: its name.
	Module   string
	Severity Severity
	// Setting is the path of the setting within the role's settings; of a module's role, that of the option in its interface.
	Setting []string

	partial bool
	err     *EvalError
}

// MarshalJSON writes the finding with sorted keys, without those that are empty.
func (f Finding) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Code        string              `json:"code"`
		Column      int                 `json:"column,omitempty"`
		Definitions []SettingDefinition `json:"definitions,omitempty"`
		File        string              `json:"file,omitempty"`
		Hint        string              `json:"hint,omitempty"`
		Instance    string              `json:"instance,omitempty"`
		Line        int                 `json:"line,omitempty"`
		Machine     string              `json:"machine,omitempty"`
		Machines    []string            `json:"machines,omitempty"`
		Message     string              `json:"message"`
		Module      string              `json:"module,omitempty"`
		Role        string              `json:"role,omitempty"`
		Setting     []string            `json:"setting,omitempty"`
		Severity    Severity            `json:"severity"`
	}{f.Code, f.Column, f.Definitions, f.File, f.Hint, f.Instance, f.Line, f.Machine, f.Machines, f.Message, f.Module, f.Role, f.Setting, f.Severity})
}

// SettingDefinition is one value that is written for a setting.
type SettingDefinition struct {
	// Layer is where: "role", "machine" or "tag"; Name the machine or tag.
	Layer string `json:"layer"`
	Name  string `json:"name,omitempty"`
	// Position is nil where it is not known.
	Position *Position `json:"position,omitempty"`
	// Value is the value as JSON data; mkForce, mkDefault and their like are sets with a `_type`.
	Value any `json:"value"`
}

// String is the definition as people read it: "machine laptop, clan.nix:12:5: 3".
func (d SettingDefinition) String() string {
	s := d.Layer
	if d.Name != "" {
		s += " " + d.Name
	}
	if d.Position != nil {
		s += ", " + d.Position.String()
	}
	return s + ": " + compact(d.Value)
}

// Subject names what the finding is about, such as "inventory.instances.backup.roles.client".
func (f Finding) Subject() string {
	switch {
	case f.Module != "":
		path := []string{"clan", "modules", f.Module}
		if f.Role != "" {
			path = append(path, "roles", f.Role)
		}
		if len(f.Setting) > 0 {
			path = append(append(path, "interface"), f.Setting...)
		}
		return optionPath(path...)
	case f.Code == "instances-failed":
		return "inventory.instances"
	case f.Code == "machines-failed":
		return "inventory.machines"
	case f.Instance == "" && f.Machine != "":
		return optionPath("inventory", "machines", f.Machine)
	case f.Instance == "":
		return ""
	}
	path := []string{"inventory", "instances", f.Instance}
	if f.Role != "" {
		path = append(path, "roles", f.Role)
	}
	if f.Machine != "" {
		path = append(path, "machines", f.Machine)
	}
	if len(f.Setting) > 0 {
		path = append(append(path, "settings"), f.Setting...)
	}
	return optionPath(path...)
}

// CompareFindings orders findings by place, then by what they are about.
func CompareFindings(a, b Finding) int {
	return cmp.Or(
		cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
		cmp.Compare(a.Module, b.Module), cmp.Compare(a.Instance, b.Instance), cmp.Compare(a.Role, b.Role), cmp.Compare(a.Machine, b.Machine),
		cmp.Compare(strings.Join(a.Setting, "."), strings.Join(b.Setting, ".")),
		cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message),
	)
}

// EvalError is a part of the clan that Nix could not evaluate. errors.As also finds the [*nixeval.Error] in it.
type EvalError struct {
	Finding Finding
	err     error
}

func (e *EvalError) Error() string {
	var b strings.Builder
	if subject := e.Finding.Subject(); subject != "" {
		b.WriteString(subject + ": ")
	}
	b.WriteString(e.Finding.Message)
	if e.Finding.File != "" {
		fmt.Fprintf(&b, " (%s)", e.Finding.Position)
	}
	return b.String()
}

// Unwrap returns Nix's error, if there is one.
func (e *EvalError) Unwrap() error { return e.err }

// PathString writes the path of a setting as Nix does: names that are no identifiers are quoted.
func PathString(path []string) string { return optionPath(path...) }

// ParsePath reads a path as PathString writes it: names separated by dots, quoted where they hold dots themselves.
func ParsePath(path string) []string { return splitOptionPath(path) }

// optionPath writes an option's path as Nix does: names that are no identifiers are quoted.
func optionPath(names ...string) string {
	parts := make([]string, len(names))
	for i, name := range names {
		if isIdentifier(name) {
			parts[i] = name
		} else {
			parts[i] = nixeval.Quote(name)
		}
	}
	return strings.Join(parts, ".")
}

func isIdentifier(s string) bool {
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_'
		if !letter && (i == 0 || (r < '0' || r > '9') && r != '-' && r != '\'') {
			return false
		}
	}
	return s != ""
}
