package instance

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/internal/lazyregexp"
	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// Position is a place in a file: relative to the top of the flake's source tree, or "<input>/file".
type Position = nixeval.Position

// Severity follows what clan does.
type Severity string

const (
	// SeverityError: clan fails, or does something other than what is written.
	SeverityError Severity = "error"
	// SeverityWarning: clan goes on; the user can and should do something.
	SeverityWarning Severity = "warning"
	// SeverityNote: true, and shown only when asked for.
	SeverityNote Severity = "note"
)

// Finding is one thing that is wrong with a clan, as data: what kind of thing (Code), with what (Subject), and why
// (Cause). Its words, [Finding.Message] and [Finding.Hint], are made from these. In JSON the fields of Subject and
// Position stand beside the others, and the words are there, too; read back, the words are made anew.
type Finding struct {
	// Code names the kind of finding, such as "unknown-machine": one that [Codes] lists, or that of a clan's own rule.
	// Codes are stable and described in docs/findings.md.
	Code string
	// Severity is that of the code and the cause, see [NewFinding].
	Severity Severity
	// Subject is what the finding is about.
	Subject
	// Cause is what the words are made of.
	Cause Cause
	// Position is the place in the user's files to look at, as far as it is known.
	Position
	// Definitions are, for a setting that does not evaluate, all that is written for it, in clan's order of merging.
	Definitions []SettingDefinition
	// Err is the error that the finding stands for, if there is one: a [*nixeval.Error], or one that says why a
	// reference to a module leads nowhere. It is not in the document.
	Err error
}

// Subject is what a finding, or a question, is about. The fields are empty where it is about something larger.
type Subject struct {
	Instance, Role, Machine string
	// Machines are all members that are concerned alike, sorted, where they are several; Machine is one of them.
	Machines []string
	// Module is set instead of Instance where it is about one of the flake's own modules, whoever uses it: its name.
	Module string
	// Setting is the path of the setting within the role's settings; of a module's role, that of the option in its
	// interface; of a machine, that of one of its fields.
	Setting []string
}

// Cause is what a finding's words are made of, as plain data. Which fields are set depends on the code. Lists of names
// are as long as the words need.
type Cause struct {
	// Add is what git has to be told of, so that Nix sees it.
	Add string `json:"add,omitempty"`
	// Also is what does have the wrong name: "machine" or "tag".
	Also string `json:"also,omitempty"`
	// Count is how many there are, Min and Max how many there may be.
	Count int `json:"count,omitempty"`
	// Dropped: nothing can read the settings of the role, and clan drops them.
	Dropped bool `json:"dropped,omitempty"`
	// Elsewhere are the references by which other inputs offer the service, or one that has the setting: INPUT#NAME.
	Elsewhere []string `json:"elsewhere,omitempty"`
	// Hint says what to do about Nix's error, where that is known.
	Hint string `json:"hint,omitempty"`
	// Input is the flake input that was looked for, or looked at.
	Input string `json:"input,omitempty"`
	// Instances are those concerned, OtherInstances those on the other side.
	Instances []string `json:"instances,omitempty"`
	// Known are the names that there are, if none is near the wrong one.
	Known []string `json:"known,omitempty"`
	Max   int      `json:"max,omitempty"`
	// Message is what a rule of the clan's own says, or why one does not run.
	Message string `json:"message,omitempty"`
	Min     int    `json:"min,omitempty"`
	// Name is the name that is wrong, the option that there is not, or the name of the service.
	Name string `json:"name,omitempty"`
	// Names are machines that a tag leaves out, services in an old form, or categories that clan does not know.
	Names []string `json:"names,omitempty"`
	// Near are the names that the wrong one may have meant.
	Near []string `json:"near,omitempty"`
	// Nix is Nix's own message, in the user's terms: the same for all members and under any name of the instance.
	Nix string `json:"nix,omitempty"`
	// Other is the other instance, OtherService its module.
	Other          string   `json:"other,omitempty"`
	OtherInstances []string `json:"otherInstances,omitempty"`
	OtherService   string   `json:"otherService,omitempty"`
	// Part is the part of the subject that does not evaluate, where not all of it is meant: "module", or of the
	// inventory "machines".
	Part string `json:"part,omitempty"`
	// Service is the reference to a module: "NAME" or "INPUT#NAME".
	Service string `json:"service,omitempty"`
	// Shape is what is wrong with the form of an attribute.
	Shape *Shape `json:"shape,omitempty"`
	Tag   string `json:"tag,omitempty"`
	// Type is an option's type.
	Type string `json:"type,omitempty"`
	// Unset: nobody set the setting, and it is its default that does not evaluate.
	Unset bool `json:"unset,omitempty"`
	// Values are those that do not fit, or not together.
	Values []any `json:"values,omitempty"`
	// Whole: what is lost is not just this setting or field, but all of a member's settings, the machine, or what the
	// module gives.
	Whole bool `json:"whole,omitempty"`
}

// NewFinding makes a finding with the severity that its kind has for its cause. Kinds that [Codes] does not list are
// warnings.
func NewFinding(code string, about Subject, cause Cause) Finding {
	f := Finding{Code: code, Subject: about, Cause: cause}
	f.grade()
	return f
}

// FlakeFailed is the finding that stands for a flake of which nothing could be loaded.
func FlakeFailed(err *nixeval.Error) Finding {
	code, cause := codes.FlakeFailed, Cause{Nix: err.Sources.Rewrite(err.Message), Hint: err.Hint}
	if check := failedCheck.FindStringSubmatch(err.Message); check != nil {
		code, cause.Name = codes.FailedCheck, check[1]
	}
	cause.Name = cmp.Or(cause.Name, goneOption(err.Message))
	f := NewFinding(code, Subject{}, cause)
	f.Position, _ = err.Position()
	f.Err = err
	return f
}

// failedCheck is what clan-core throws for the whole clan (lib/clan/checkConfig.nix).
var failedCheck = lazyregexp.New(`^clan\.checks\.(.+) failed with message`)

// grade gives the finding the severity of its code and cause.
func (f *Finding) grade() {
	of := kindOf(f.Code)
	f.Severity = cmp.Or(of.ifPart, of.severity, SeverityWarning)
	switch {
	case of.ifPart != "" && f.Cause.Whole:
		f.Severity = SeverityError
	case of.ifUnset != "" && f.Cause.Unset:
		f.Severity = of.ifUnset
	case len(f.Setting) > 0 && of.ofParts[f.Setting[0]] != "":
		if f.Severity = of.ofParts[f.Setting[0]]; f.Severity == SeverityNote && len(f.Cause.Near) > 0 {
			f.Severity = SeverityWarning // a name that is misspelt can be corrected
		}
	}
}

// Partial reports whether an instance, a role, a member's settings as a whole or a machine is missing from the
// inventory because of it.
func (f Finding) Partial() bool {
	of := kindOf(f.Code)
	return of.partial && of.ifPart == "" || of.ifPart != "" && f.Cause.Whole
}

// hides reports whether it is the reason why something is not in the inventory.
func (f Finding) hides(s Subject) bool {
	switch f.Code {
	case codes.InstancesFailed:
		return s.Machine == ""
	case codes.InstanceFailed:
		return s.Instance == f.Instance
	case codes.RoleFailed:
		return s.Instance == f.Instance && s.Role == f.Role
	case codes.MachinesFailed:
		return s.Machine != ""
	case codes.MachineFailed:
		return s.Machine == f.Machine && f.Cause.Whole
	case codes.Malformed:
		return f.Cause.Tag == "" && s.Instance == f.Instance &&
			(f.Instance == "" && s.Machine == f.Machine || f.Instance != "" && (f.Role == "" || f.Role == s.Role))
	}
	return false
}

// hidesMachines reports whether not all machines, or not all that carry a tag, are known because of it.
func (f Finding) hidesMachines() bool {
	return f.Code == codes.MachinesFailed || f.Code == codes.TagFailed ||
		f.Code == codes.MachineFailed && f.Cause.Whole || f.Code == codes.Malformed && f.Instance == ""
}

func (s Subject) with(setting []string) Subject {
	s.Setting = slices.Clone(setting)
	return s
}

// Message says what is wrong; for a part that does not evaluate it is Nix's own message.
func (f Finding) Message() string { message, _ := f.words(); return message }

// Hint says what to do about it; may be empty.
func (f Finding) Hint() string { _, hint := f.words(); return hint }

func (f Finding) words() (message, hint string) {
	if info := kindOf(f.Code); info.words != nil {
		return info.words(f)
	}
	if f.Cause.Message != "" {
		return ruleSays(f)
	}
	return nixSays(f.Code, "")(f)
}

// About names what the finding is about, such as "inventory.instances.backup.roles.client".
func (f Finding) About() string {
	path := []string{"inventory"}
	below := func(key, name string) {
		if name != "" {
			path = append(path, key, name)
		}
	}
	settings := "settings"
	if f.Module != "" {
		path, settings = []string{"clan", "modules", f.Module}, "interface"
	}
	below("instances", f.Instance)
	below("roles", f.Role)
	below("machines", f.Machine)
	if len(f.Setting) > 0 && f.Role != "" {
		path = append(path, settings)
	}
	path = append(path, f.Setting...)
	if f.Cause.Part != "" {
		path = append(path, f.Cause.Part)
	}
	if len(path) == 1 {
		return ""
	}
	return nixlang.PathString(path)
}

// Key is the same for findings that say the same of the same thing, wherever it stands and however it is put: the code,
// the subject (of several machines only Machine) and the names in the cause. Nix's message counts,
// without the lines in it, only where nothing else says what it is about.
func (f Finding) Key() string {
	key := []any{f.Code, f.Instance, f.Role, f.Machine, f.Module, f.Setting,
		f.Cause.Shape, f.Cause.Input, f.Cause.Name, f.Cause.Names, f.Cause.Other, f.Cause.OtherService, f.Cause.Part,
		f.Cause.Service, f.Cause.Tag}
	if f.About() == "" {
		key = append(key, linesInText.ReplaceAllString(f.Cause.Nix, ""))
	}
	text, _ := json.Marshal(key) // strings
	return string(text)
}

var linesInText = lazyregexp.New(`:\d+(:\d+)?`)

// Compare orders findings by place, then by what they are about.
func (f Finding) Compare(g Finding) int {
	order := cmp.Or(
		cmp.Compare(f.File, g.File), cmp.Compare(f.Line, g.Line), cmp.Compare(f.Column, g.Column),
		cmp.Compare(f.Module, g.Module), cmp.Compare(f.Instance, g.Instance), cmp.Compare(f.Role, g.Role),
		cmp.Compare(f.Machine, g.Machine),
		slices.Compare(f.Setting, g.Setting), cmp.Compare(f.Code, g.Code), cmp.Compare(f.Cause.Nix, g.Cause.Nix),
	)
	if order == 0 {
		return cmp.Compare(f.Key(), g.Key())
	}
	return order
}

// String is all that there is to say of the finding, for people: place, severity, subject and code in the first line,
// then the details.
func (f Finding) String() string {
	head := string(f.Severity) + ": "
	if f.File != "" {
		head = f.Position.String() + ": " + head
	}
	if about := f.About(); about != "" {
		head += about + " "
	}
	return fmt.Sprintf("%s[%s]", head, f.Code) + strings.ReplaceAll("\n"+f.details(), "\n", "\n  ")
}

// details are the message, the machines if they are several, what is written for the setting, and the hint, in lines.
func (f Finding) details() string {
	lines := []string{strings.TrimRight(f.Message(), "\n")}
	if len(f.Machines) > 1 {
		lines = append(lines, "for "+nearest.List(f.Machines))
	}
	for _, d := range f.Definitions {
		lines = append(lines, "- "+shortened(d.text()))
	}
	if hint := f.Hint(); hint != "" {
		lines = append(lines, "hint: "+hint)
	}
	return strings.Join(lines, "\n")
}

// shortened is a long text's beginning.
func shortened(text string) string {
	if runes := []rune(text); len(runes) > 160 {
		return string(runes[:157]) + "..."
	}
	return text
}

// document is a finding in JSON.
type document struct {
	Cause       json.RawMessage     `json:"cause,omitempty"`
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
}

// MarshalJSON writes the finding with sorted keys, without those that are empty.
func (f Finding) MarshalJSON() ([]byte, error) {
	cause, err := json.Marshal(f.Cause)
	if err != nil {
		return nil, err
	}
	if string(cause) == "{}" {
		cause = nil
	}
	message, hint := f.words()
	return json.Marshal(document{cause, f.Code, f.Column, f.Definitions, f.File, hint, f.Instance, f.Line, f.Machine,
		f.Machines, message, f.Module, f.Role, f.Setting, f.Severity})
}

// UnmarshalJSON reads what MarshalJSON writes, but for the words, which follow from the rest.
func (f *Finding) UnmarshalJSON(text []byte) error {
	var d document
	if err := jsonvalue.Unmarshal(text, &d); err != nil {
		return err
	}
	*f = Finding{Code: d.Code, Severity: d.Severity,
		Subject:  Subject{d.Instance, d.Role, d.Machine, d.Machines, d.Module, d.Setting},
		Position: Position{File: d.File, Line: d.Line, Column: d.Column}, Definitions: d.Definitions}
	if d.Cause == nil {
		return nil
	}
	return jsonvalue.Unmarshal(d.Cause, &f.Cause)
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

// text is the definition as people read it: "machine laptop, clan.nix:12:5: 3".
func (d SettingDefinition) text() string {
	s := d.Layer
	if d.Name != "" {
		s += " " + d.Name
	}
	if d.Position != nil {
		s += ", " + d.Position.String()
	}
	return s + ": " + compact(d.Value)
}

// Error is the finding as an error: of a part of the clan that Nix could not evaluate, say. Place, subject and message
// are on one line, as far as Nix's message is.
func (f *Finding) Error() string {
	var parts []string
	if f.File != "" {
		parts = append(parts, f.Position.String())
	}
	if about := f.About(); about != "" {
		parts = append(parts, about)
	}
	return strings.Join(append(parts, f.Message()), ": ")
}

// Unwrap returns Err: errors.As finds the [*nixeval.Error] in it.
func (f *Finding) Unwrap() error { return f.Err }
