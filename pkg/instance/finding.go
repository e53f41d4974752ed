package instance

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/pkg/module"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// Position is a place in a file: relative to the top of the flake's source tree, or "<input>/file".
type Position = nixeval.Position

// Severity follows what clan does.
type Severity string

const (
	// SeverityError: clan fails, or does something other than what is written.
	SeverityError Severity = "error"
	// SeverityWarning: clan goes on, but the user can and should do something.
	SeverityWarning Severity = "warning"
	// SeverityNote: true, and shown only when asked for.
	SeverityNote Severity = "note"
)

// Finding is one thing that is wrong with a clan, as data: what kind of thing, where, and why. Its words are made of that,
// by [Finding.Message] and [Finding.Hint].
type Finding struct {
	Code     Code
	Severity Severity
	Subject
	// Position is the place in the user's files to look at, as far as it is known.
	Position
	// Definitions are, for a setting that does not evaluate, all that is written for it, in clan's order of merging.
	Definitions []SettingDefinition
	Cause       Cause
	// Err is the error behind it: a [*nixeval.Error], or one of package module. Nil where the clan evaluates, and in a finding
	// that was read back from JSON.
	Err error
}

// Subject is what a finding is about; what is empty does not matter.
type Subject struct {
	// Instance, Role and Machine: where several members are concerned alike, Machine is one of them and Machines are all, sorted.
	Instance, Role, Machine string
	Machines                []string
	// Module is set instead of Instance where it is about one of the flake's own modules, whoever uses it: its name.
	Module string
	// Setting is the path of the setting within the role's settings; of a module's role, that of the option in its interface; of
	// a machine, that of the field.
	Setting []string
}

func (s Subject) with(setting []string) Subject {
	s.Setting = slices.Clone(setting)
	return s
}

// Cause says why, in names and numbers; which of the fields are set depends on the code.
type Cause struct {
	// Name is the name that is wrong, Kind what it should have been the name of, Also what else bears the name.
	Name string `json:"name,omitempty"`
	Kind string `json:"kind,omitempty"`
	Also string `json:"also,omitempty"`
	// Near are known names that may be meant, Known the first of all of them, if none may.
	Near  []string `json:"near,omitempty"`
	Known []string `json:"known,omitempty"`
	// Elsewhere are inputs that do offer a module.
	Elsewhere []string `json:"elsewhere,omitempty"`
	Tag       string   `json:"tag,omitempty"`
	Input     string   `json:"input,omitempty"`
	// Module is a module reference, Other another one; Names and Others are the instances of these.
	Module *module.Spec `json:"module,omitempty"`
	Other  *module.Spec `json:"other,omitempty"`
	Names  []string     `json:"names,omitempty"`
	Others []string     `json:"others,omitempty"`
	// Count is how many there are, Limit how many there may be.
	Count *int64 `json:"count,omitempty"`
	Limit *int64 `json:"limit,omitempty"`
	// Part is the part of the subject that is concerned.
	Part string `json:"part,omitempty"`
	// Shape is set where an attribute of the inventory is not as it must be.
	Shape *Shape `json:"shape,omitempty"`
	// Values are the values that do not go together.
	Values []any `json:"values,omitempty"`
	// Nix is Nix's own message, in the user's terms, Hint what to do about that error.
	Nix  string `json:"nix,omitempty"`
	Hint string `json:"hint,omitempty"`
}

// among returns the cause with the names that may be meant instead of a name, of all that are known.
func (c Cause) among(name string, known []string) Cause {
	if c.Near = nearest.Of(name, known); len(c.Near) == 0 {
		c.Known = known[:min(len(known), nearest.Most+1)]
	}
	return c
}

// NewFinding makes a finding with the severity of its code.
func NewFinding(code Code, subject Subject, cause Cause) Finding {
	return newFinding(code, subject, cause)
}

func newFinding(code Code, subject Subject, cause Cause) Finding {
	f := Finding{Code: code, Subject: subject, Cause: cause}
	f.Severity = code.kind().severityOf(f)
	return f
}

// Message says what is wrong; for a part that does not evaluate it is Nix's own message.
func (f Finding) Message() string {
	text, _ := f.words()
	return text
}

// Hint says what to do about it; may be empty.
func (f Finding) Hint() string {
	_, hint := f.words()
	if hint == "" {
		hint = f.Cause.Hint
	}
	return hint
}

func (f Finding) words() (message, hint string) {
	if f.Code.kind().words != nil {
		message, hint = f.Code.kind().words(f)
	}
	if f.Cause.Nix != "" && f.Cause.Shape == nil {
		message = f.Cause.Nix
	}
	return message, hint
}

// isOfMachines reports whether not all machines, or not all of their tags, are known because of the finding.
func (f Finding) isOfMachines() bool { return f.Instance == "" && f.Code.kind().is(unknownMachines) }

// Key is what the finding is about and why, without its place and its words: two findings with one key are the same, wherever they
// stand.
func (f Finding) Key() string {
	cause := f.Cause
	if f.Subject.Path() != "" {
		cause.Nix, cause.Hint = "", ""
	}
	cause.Near, cause.Known = nil, nil
	subject := f.Subject
	subject.Machines = nil
	text, _ := json.Marshal(struct {
		Code     Code
		Severity Severity
		Subject  Subject
		Cause    Cause
	}{f.Code, f.Severity, subject, cause})
	return string(text)
}

// For returns a finding that concerns several machines alike as one about another of them; one that does not concern the
// machine, as it is. Its position is no longer known, see [Inventory.Place].
func (f Finding) For(machine string) Finding {
	if slices.Contains(f.Machines, machine) {
		f.Machine = machine
	}
	return f
}

// Path names what the finding is about, such as "inventory.instances.backup.roles.client"; "" if that is all of the clan.
func (s Subject) Path() string {
	var path []string
	switch {
	case s.Module != "":
		path = []string{"clan", "modules", s.Module}
		if s.Role != "" {
			path = append(path, "roles", s.Role)
			if len(s.Setting) > 0 {
				path = append(path, "interface")
			}
		} else if len(s.Setting) > 0 {
			path = append(path, "manifest")
		}
		return PathString(append(path, s.Setting...))
	case s.Instance == "" && s.Machine != "":
		return PathString(append([]string{"inventory", "machines", s.Machine}, s.Setting...))
	case s.Instance == "":
		return ""
	}
	path = []string{"inventory", "instances", s.Instance}
	if s.Role != "" {
		path = append(path, "roles", s.Role)
	}
	if s.Machine != "" {
		path = append(path, "machines", s.Machine)
	}
	if len(s.Setting) > 0 {
		path = append(append(path, "settings"), s.Setting...)
	}
	return PathString(path)
}

// Text is the finding as people read it, in several lines: place and subject, code, message, what is written, hint.
func (f Finding) Text() string {
	var b strings.Builder
	place := f.Subject.Path()
	if f.File != "" {
		place = strings.TrimSuffix(f.Position.String()+": "+place, ": ")
	}
	fmt.Fprintf(&b, "%s: %s [%s]\n  %s\n", f.Severity, place, f.Code, indent(f.Message()))
	for _, d := range f.Definitions {
		fmt.Fprintf(&b, "  - %s\n", d)
	}
	if hint := f.Hint(); hint != "" {
		fmt.Fprintf(&b, "  hint: %s\n", indent(hint))
	}
	return b.String()
}

func indent(s string) string { return strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n  ") }

// Compare orders findings by place, then by what they are about.
func (f Finding) Compare(g Finding) int {
	return cmp.Or(
		cmp.Compare(f.File, g.File), cmp.Compare(f.Line, g.Line), cmp.Compare(f.Column, g.Column),
		cmp.Compare(f.Module, g.Module), cmp.Compare(f.Instance, g.Instance), cmp.Compare(f.Role, g.Role), cmp.Compare(f.Machine, g.Machine),
		slices.Compare(f.Setting, g.Setting), cmp.Compare(f.Code, g.Code), cmp.Compare(f.Message(), g.Message()),
	)
}

// document is a finding in JSON: flat, with sorted keys, without those that are empty.
type document struct {
	Cause       *Cause              `json:"cause,omitempty"`
	Code        Code                `json:"code"`
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
}

// MarshalJSON writes the finding with its words.
func (f Finding) MarshalJSON() ([]byte, error) {
	doc := document{Code: f.Code, Column: f.Column, Definitions: f.Definitions, File: f.File, Hint: f.Hint(), Instance: f.Instance, Line: f.Line,
		Machine: f.Machine, Machines: f.Machines, Message: f.Message(), Module: f.Module, Role: f.Role, Setting: f.Setting, Severity: f.Severity}
	if text, _ := json.Marshal(f.Cause); string(text) != "{}" {
		doc.Cause = &f.Cause
	}
	return json.Marshal(doc)
}

// UnmarshalJSON reads a finding back; its words are made anew, of the cause.
func (f *Finding) UnmarshalJSON(data []byte) error {
	var doc document
	if err := json.Unmarshal(data, &doc); err != nil {
		return err
	}
	*f = Finding{Code: doc.Code, Severity: doc.Severity, Definitions: doc.Definitions,
		Subject:  Subject{Instance: doc.Instance, Role: doc.Role, Machine: doc.Machine, Machines: doc.Machines, Module: doc.Module, Setting: doc.Setting},
		Position: Position{File: doc.File, Line: doc.Line, Column: doc.Column}}
	if doc.Cause != nil {
		f.Cause = *doc.Cause
	}
	return nil
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

// EvalError is a part of the clan that Nix could not evaluate. errors.As also finds the [*nixeval.Error] in it.
type EvalError struct{ Finding Finding }

func (e *EvalError) Error() string {
	text := e.Finding.Message()
	if subject := e.Finding.Subject.Path(); subject != "" {
		text = subject + ": " + text
	}
	if e.Finding.File != "" {
		text += fmt.Sprintf(" (%s)", e.Finding.Position)
	}
	return text
}

// Unwrap returns Nix's error, if there is one.
func (e *EvalError) Unwrap() error { return e.Finding.Err }
