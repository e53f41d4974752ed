package instance

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/pkg/module"
)

// Code is a kind of finding. The codes are stable, and described in docs/findings.md.
type Code string

// Codes are all codes, in the order of docs/findings.md.
func Codes() []Code {
	var codes []Code
	for _, k := range kinds() {
		codes = append(codes, k.code)
	}
	return codes
}

// Severity is that of most findings of the kind.
func (c Code) Severity() Severity { return c.kind().severity }

// Title says in one sentence what is wrong.
func (c Code) Title() string { return c.kind().title }

// kind is all there is to a code.
type kind struct {
	code     Code
	severity Severity
	title    string
	// words make the message and the hint; where Nix has a message, that counts.
	words func(f Finding) (message, hint string)
	flags flags
}

// flags say more of a kind.
type flags int

const (
	// partial: something that the document should hold is missing because of it.
	partial flags = 1 << iota
	// unlessPlain: but not without clan-core, where settings come from layers alone.
	unlessPlain
	// absent: what it is about is not in the inventory.
	absent
	// unknownMachines: not all machines, or not all tags of them, are known.
	unknownMachines
	// ofMembers: only where a member has it; settings that nobody has, clan never looks at.
	ofMembers
)

func (k kind) is(flag flags) bool { return k.flags&flag != 0 }

func (c Code) kind() kind {
	all := kinds()
	if i := slices.IndexFunc(all, func(k kind) bool { return k.code == c }); i >= 0 {
		return all[i]
	}
	return kind{code: c, severity: SeverityWarning}
}

// severityOf is that of a new finding.
func (k kind) severityOf(f Finding) Severity {
	if k.is(ofMembers) && f.Machine == "" && f.Role != "" {
		return SeverityWarning
	}
	return k.severity
}

// isPartial reports whether something is missing from the document because of a finding.
func (f Finding) isPartial(layout Layout) bool {
	k := f.Code.kind()
	switch {
	case k.is(unlessPlain) && layout == LayoutInventory:
		return false
	case k.is(partial):
		return f.Severity == SeverityError
	}
	// A single definition, a conflict or the wrong type, can cost all of a member's settings.
	return f.Severity == SeverityError && f.Role != "" && f.Err != nil
}

// kinds are in the order of docs/findings.md.
var kinds = sync.OnceValue(func() []kind {
	const failure, warning, note = SeverityError, SeverityWarning, SeverityNote
	return []kind{
		{"unknown-machine", warning, "A role names a machine that the clan does not have.", nil, 0},
		{"unknown-tag", warning, "A role takes machines by a tag that no machine carries and that nobody declares.", nil, 0},
		{"empty-tag", warning, "A role takes machines by a tag that is declared, but has no members.", nil, 0},
		{"unused-tag", warning, "No role takes machines by a tag that the inventory declares.", nil, 0},
		{"ghost-tag-member", warning, "The inventory's tags list a machine that the clan does not have.", nil, 0},
		{"replaced-tag", warning, "The inventory replaces a tag that clan computes, and leaves machines out.", nil, 0},
		{"role-without-members", warning, "No machine has the role.", nil, 0},
		{"unchecked-settings", warning, "A role has settings, but no members that they would be evaluated for.", nil, 0},

		{"unknown-input", failure, "An instance takes its module from an input that the flake does not have.", resolveWords, partial | unlessPlain},
		{"input-without-services", failure, "An instance takes its module from an input that offers no services.", resolveWords, partial | unlessPlain},
		{"unknown-module", failure, "An instance takes a module that the input does not offer.", resolveWords, partial | unlessPlain},
		{"removed-module", failure, "An instance takes a module that the input keeps only to say that it is gone.", resolveWords, partial | unlessPlain},
		{"module-failed", failure, "The module of an instance does not evaluate.", say("the service module does not evaluate", ""), partial | unlessPlain},
		{"manifest-failed", warning, "A part of a module's manifest does not evaluate.", say("this part of the manifest does not evaluate", ""), 0},
		{"unknown-role", failure, "An instance uses a role that its module does not have.", unknownRoleWords, partial},
		{"key-collision", failure, "Clan takes two modules for one, and an instance runs the other's.", nil, 0},
		{"split-service", warning, "Clan evaluates one service twice, because its instances spell the module differently.", nil, 0},
		{"too-many-instances", failure, "The module allows fewer instances than there are.", nil, 0},
		{"too-few-machines", failure, "The module wants more machines in a role.", nil, 0},
		{"too-many-machines", failure, "The module allows fewer machines in a role.", nil, 0},
		{"mac-without-module", note, "A service has nothing for the Macs among the members of a role.", nil, 0},

		{"unknown-setting", failure, "The role's interface has no such option.", say("the role's interface has no such option", "correct the name, or remove it"), partial | ofMembers},
		{"conflict", warning, "Two layers give different values that cannot be merged.", conflictWords, 0},
		{"invalid-setting", warning, "A value is not of the option's type.", say("the value is not of the option's type", "give a value of the option's type"), 0},
		{"missing-setting", warning, "An option has no value and no default.", say("the option has no value and no default", "set it for the role, the machine or a tag, if anything reads it"), 0},
		{"setting-failed", warning, "A setting does not evaluate.", say("the setting does not evaluate", ""), 0},
		{"settings-failed", failure, "The settings of a member do not evaluate at all.", settingsFailedWords, partial | ofMembers},
		{"not-representable", warning, "A value cannot be shown in a document.", say("the value cannot be shown in a document", ""), 0},

		{"malformed-inventory", failure, "An attribute of the inventory has a name or a form that clan does not know.", malformedWords, partial | absent | unknownMachines},
		{"role-failed", failure, "A role of an instance does not evaluate.", say("the role does not evaluate", ""), partial | absent},
		{"instance-failed", failure, "An instance does not evaluate.", say("the instance does not evaluate", ""), partial | absent},
		{"instances-failed", failure, "The set of instances does not evaluate.", say("the instances do not evaluate", ""), partial | absent},
		{"machine-failed", failure, "A machine does not evaluate.", say("the machine does not evaluate", ""), partial | unknownMachines},
		{"machines-failed", failure, "The clan's machines do not evaluate.", say("the machines do not evaluate", ""), partial | unknownMachines},
		{"tag-failed", failure, "A tag of the inventory does not evaluate, and so no machine's tags do.", tagFailedWords, partial | unknownMachines},
		{"evaluation-failed", warning, "Some other part of the clan does not evaluate.", evaluationFailedWords, 0},
		{"nix-warning", warning, "The clan's own code warns.", nil, 0},
	}
})

// say is a fixed message with a hint.
func say(message, hint string) func(Finding) (string, string) {
	return func(Finding) (string, string) { return message, hint }
}

// nearOr is the hint that names known names.
func nearOr(c Cause, all string) string {
	switch {
	case len(c.Near) > 0:
		return "did you mean " + nearest.List(c.Near) + "?"
	case len(c.Known) > 0:
		return all + nearest.List(c.Known)
	}
	return ""
}

// resolveFinding is about a module reference that leads nowhere. The error is one of package module's.
func resolveFinding(instance string, err error) Finding {
	f := Finding{Subject: Subject{Instance: instance}}
	switch e := err.(type) {
	case *module.UnknownInputError:
		f = newFinding("unknown-input", f.Subject, Cause{Module: &e.Spec, Near: e.Nearest, Known: e.Known})
	case *module.NoServicesError:
		f = newFinding("input-without-services", f.Subject, Cause{Module: &e.Spec, Input: e.Input, Elsewhere: e.Elsewhere})
	case *module.DeprecatedError:
		f = newFinding("removed-module", f.Subject, Cause{Module: &e.Spec, Input: e.Input})
	case *module.UnknownModuleError:
		f = newFinding("unknown-module", f.Subject, Cause{Module: &e.Spec, Input: e.Input, Near: e.Nearest, Known: e.Known, Elsewhere: e.Elsewhere})
	}
	f.Cause.Known = f.Cause.Known[:min(len(f.Cause.Known), nearest.Most+1)]
	f.Err = err
	return f
}

// resolveWords are those of the error.
func resolveWords(f Finding) (string, string) {
	c := f.Cause
	var err interface {
		error
		Hint() string
	}
	switch f.Code {
	case "unknown-input":
		err = &module.UnknownInputError{Spec: *c.Module, Nearest: c.Near, Known: c.Known}
	case "input-without-services":
		err = &module.NoServicesError{Spec: *c.Module, Input: c.Input, Elsewhere: c.Elsewhere}
	case "removed-module":
		err = &module.DeprecatedError{Spec: *c.Module, Input: c.Input, Message: c.Nix}
	default:
		err = &module.UnknownModuleError{Spec: *c.Module, Input: c.Input, Nearest: c.Near, Known: c.Known, Elsewhere: c.Elsewhere}
	}
	return err.Error(), err.Hint()
}

func unknownRoleWords(f Finding) (string, string) {
	return fmt.Sprintf("the module %s has no role %q", f.Cause.Module, f.Role), nearOr(f.Cause, "its roles are ")
}

func conflictWords(f Finding) (message, hint string) {
	if v := f.Cause.Values; len(v) == 2 {
		return fmt.Sprintf("two layers give different values: %s and %s", compact(v[0]), compact(v[1])), "leave it to one of the layers: no layer outranks another"
	}
	return "two layers give different values", "no layer outranks another: leave the value to one layer, or mark one with lib.mkForce or the other with lib.mkDefault"
}

func settingsFailedWords(f Finding) (string, string) {
	if v := f.Cause.Values; len(v) == 1 {
		return "settings must be an attribute set, not " + compact(v[0]), ""
	}
	return "the settings do not evaluate", ""
}

func tagFailedWords(f Finding) (string, string) {
	return fmt.Sprintf("the tag %q does not evaluate", f.Cause.Tag), "tags must not be computed from machine.tags, which hold the computed tags"
}

func evaluationFailedWords(f Finding) (string, string) {
	return f.Cause.Part + " does not evaluate", ""
}

// malformedWords say the right form of an attribute.
func malformedWords(f Finding) (message, hint string) {
	path := f.Cause.Shape.Path
	at := []string{"inventory", "instances", f.Instance}
	switch {
	case f.Cause.Tag != "":
		at = []string{"inventory", "tags", f.Cause.Tag}
	case f.Instance == "":
		at = []string{"inventory", "machines", f.Machine}
	}
	where := func(path []string) string { return PathString(append(slices.Clone(at[1:]), path...)) }
	last := ""
	if len(path) > 0 {
		last = path[len(path)-1]
	}
	around := path[:max(len(path)-1, 0)]
	isRole := len(path) == 2 && path[0] == "roles"
	isMember := len(path) == 4 && path[0] == "roles" && (path[2] == "machines" || path[2] == "tags")
	role := "<role>"
	if len(path) > 1 && path[0] == "roles" {
		role = path[1]
	}
	if f.Cause.Shape.Type == "" {
		message = fmt.Sprintf("%s has no attribute %q", where(around), last)
		switch {
		case f.Instance != "" && len(path) == 1 && last == "settings":
			hint = fmt.Sprintf("settings belong to a role: %s", where([]string{"roles", "<role>", "settings"}))
		case len(f.Cause.Shape.Near) > 0:
			hint = "did you mean " + nearest.List(f.Cause.Shape.Near) + "?"
		case len(path) > 2 && path[0] == "roles":
			hint = "settings belong below settings: " + where(append(slices.Clone(around), "settings", last))
		case f.Instance != "" && len(path) == 1:
			hint = "an instance has module and roles"
		}
		return message, hint
	}
	message = fmt.Sprintf("%s is %s", where(path), article(f.Cause.Shape.Type))
	switch {
	case f.Cause.Tag != "":
		hint = fmt.Sprintf("a tag lists machines: %s = [ \"<machine>\" ];", where(nil))
	case last == "module" && len(path) == 1:
		hint = fmt.Sprintf("name the module by its attributes: %s.name = \"<module>\";", where(path))
	case last == "machines" || last == "tags" && f.Cause.Shape.Type != "list" && len(path) == 3:
		hint = fmt.Sprintf("name each as an attribute: %s = { };", where([]string{"roles", role, last, "<" + strings.TrimSuffix(last, "s") + ">"}))
	case isRole:
		hint = fmt.Sprintf("name each member as an attribute: %s = { };", where([]string{"roles", role, "machines", "<machine>"}))
	case isMember:
		hint = fmt.Sprintf("a member is an attribute set, which may hold settings: %s = { };", where(path))
	case f.Machine != "" && last == "tags":
		hint = fmt.Sprintf("tags are a list: %s = [ \"<tag>\" ];", where(path))
	case last == "settings":
		hint = fmt.Sprintf("settings are an attribute set: %s = { };", where(path))
	}
	return message, hint
}

// article is a type of Nix's with its article.
func article(nixType string) string {
	switch nixType {
	case "int":
		return "an integer"
	case "null":
		return "null"
	case "bool":
		return "a Boolean"
	case "set":
		return "an attribute set"
	case "lambda":
		return "a function"
	}
	return "a " + nixType
}
