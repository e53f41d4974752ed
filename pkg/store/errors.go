package store

import (
	"errors"
	"fmt"
	"strings"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/pkg/instance"
)

// malformedError: the file is there, but is no JSON object.
type malformedError struct {
	File string
	// Line and Column are where; 0 where that is everywhere.
	Line, Column int
	Reason       string
	// Empty: there is nothing in the file.
	Empty bool
}

func (e *malformedError) Error() string {
	at := e.File
	if e.Line > 0 {
		at = fmt.Sprintf("%s:%d:%d", e.File, e.Line, e.Column)
	}
	return at + ": " + e.Reason
}

// Hint says what to do.
func (e *malformedError) Hint() string {
	if e.Empty {
		return "delete it, or write {} into it: clan does not evaluate with an empty one either"
	}
	return "mend it by hand; nothing was changed"
}

// fileError: the file is there, but must not or cannot be written.
type fileError struct {
	File, Reason string
	hint         string
}

func (e *fileError) Error() string { return e.File + " " + e.Reason }

// Hint says what to do.
func (e *fileError) Hint() string { return e.hint }

// conflictError: the file is no longer what was read. Nothing was written.
type conflictError struct{ File string }

// ErrConflict: inventory.json is no longer what was read. Nothing was written; open the clan again.
var ErrConflict = errors.New("changed since it was read")

// Is makes it an [ErrConflict].
func (e *conflictError) Is(target error) bool { return target == ErrConflict }

func (e *conflictError) Error() string {
	return e.File + " was changed by somebody else since it was read; nothing was written"
}

// Hint says what to do.
func (e *conflictError) Hint() string { return "look at what changed, and do it again" }

// ReadOnlyError: the part of the inventory is Nix's, and inventory.json cannot change it.
type ReadOnlyError struct {
	// Path is the path below `inventory` that was to be changed.
	path   []string
	Access Access
}

func (e *ReadOnlyError) Error() string {
	what := "inventory." + instance.PathString(e.Access.Part)
	at := ""
	if list := positions(e.Access.Positions); list != "" {
		at = " at " + list
	}
	switch e.Access.Reason {
	case codes.ReadOnlyForced:
		return fmt.Sprintf("%s is set by force in Nix%s, which inventory.json cannot outrank", what, at)
	case codes.ReadOnlyDefault:
		return fmt.Sprintf("%s is a default in Nix%s, which clan drops as a whole as soon as inventory.json has anything of it", what, at)
	case codes.ReadOnlySettings:
		verb := "is"
		if len(e.Access.Part) == layerOf(e.Access.Part) {
			verb = "are"
		}
		return fmt.Sprintf("%s %s defined in Nix%s; clan takes the settings of one layer from one place only, and would stop evaluating", what, verb, at)
	case codes.ReadOnlyElement:
		return fmt.Sprintf("%s is defined in Nix%s, and inventory.json cannot take it away", what, at)
	}
	return fmt.Sprintf("%s is defined in Nix%s", what, at)
}

// Hint says what to do.
func (e *ReadOnlyError) Hint() string {
	if e.Access.Reason == codes.ReadOnlySettings {
		return "change it there; or write the settings of another layer (the role, a machine or a tag in it) here"
	}
	return "change it there"
}

func positions(list []instance.Position) string {
	var at []string
	for _, pos := range list {
		at = append(at, pos.String())
	}
	return strings.Join(at, ", ")
}

// nameError: there is no such machine, tag, instance, role or setting, or there is one already.
type nameError struct {
	// Kind is "machine", "tag", "instance", "role" or "setting".
	Kind, Name     string
	Known, Nearest []string
	message, hint  string
}

func unknown(kind, name string, known []string) *nameError {
	return &nameError{Kind: kind, Name: name, Known: known, Nearest: nearest.Of(name, known)}
}

func (e *nameError) Error() string {
	if e.message != "" {
		return e.message
	}
	if e.Kind == "machine" {
		return fmt.Sprintf("the clan has no machine %q", e.Name)
	}
	return fmt.Sprintf("there is no %s %q", e.Kind, e.Name)
}

// Hint names those that there are.
func (e *nameError) Hint() string {
	switch {
	case e.hint != "":
		return e.hint
	case len(e.Nearest) > 0:
		return "did you mean " + nearest.List(e.Nearest) + "?"
	case len(e.Known) > 0:
		return "there are " + nearest.List(e.Known)
	}
	return ""
}

// failingError: the clan has the machine, but it does not evaluate, so that nothing can be said of it.
type failingError struct {
	Machine string
	// Finding says why.
	Finding instance.Finding
}

func (e *failingError) Error() string {
	return fmt.Sprintf("the machine %s does not evaluate", e.Machine) + below(e.Finding)
}

// below are findings in an error's text.
func below(findings ...instance.Finding) string {
	var b strings.Builder
	for _, f := range findings {
		b.WriteString("\n" + f.String())
	}
	return b.String()
}

// Hint says what to do.
func (e *failingError) Hint() string { return "fix the machine first" }

// BrokenError: the changed clan has errors that the clan does not have now. Nothing was written.
type BrokenError struct {
	// Findings are the errors; empty where the changed clan does not evaluate at all.
	Findings []instance.Finding
	// Err is the evaluation's error, if there is one.
	err error
}

func (e *BrokenError) Error() string {
	const what = "this change would break the clan"
	if len(e.Findings) == 0 {
		return what + ": " + e.err.Error()
	}
	return what + below(e.Findings...)
}

// Hint says how to write it nonetheless.
func (e *BrokenError) Hint() string { return "nothing was written; --force writes it nonetheless" }

// Unwrap returns the evaluation's error.
func (e *BrokenError) Unwrap() error { return e.err }

// uncheckedError: the clan does not evaluate in a copy of its tree, with the change or without, so that nobody knows what the change
// does. Nothing was written.
type uncheckedError struct{ Err error }

func (e *uncheckedError) Error() string {
	return "the change cannot be checked, because the clan does not evaluate in a copy of its tree: " + e.Err.Error()
}

// Hint says how to write it nonetheless.
func (e *uncheckedError) Hint() string { return "nothing was written; --force writes it nonetheless" }

// Unwrap returns the evaluation's error.
func (e *uncheckedError) Unwrap() error { return e.Err }

// noEffectError: the changed clan evaluates, but is not what the change is meant to make of it. Nothing was written.
type noEffectError struct {
	File string
	// Missing says what did not come true.
	Missing []string
	// Unread: nothing at all changed in the clan; the flake does not read the file.
	Unread bool
	hint   string
}

// ErrUnread: the flake does not read inventory.json, so that a change has no effect. Nothing was written.
var ErrUnread = errors.New("the flake does not read " + facts.PersistedName)

// Is makes it an [ErrUnread] where nothing at all changes.
func (e *noEffectError) Is(target error) bool { return target == ErrUnread && e.Unread }

func (e *noEffectError) Error() string {
	if e.Unread {
		return fmt.Sprintf("this flake does not read %s", e.File)
	}
	return "this change would not have the intended effect: " + strings.Join(e.Missing, "; ")
}

// Hint says what to do.
func (e *noEffectError) Hint() string { return e.hint }

type notObjectError struct{ path []string }

func (e *notObjectError) Error() string {
	return "inventory." + instance.PathString(e.path) + " is no object in " + facts.PersistedName
}

type notListError struct{ path []string }

func (e *notListError) Error() string {
	return "inventory." + instance.PathString(e.path) + " is no list in " + facts.PersistedName
}

// foreignDirectoryError: the clan's directory is not in the flake's source tree.
type foreignDirectoryError struct{}

func (e *foreignDirectoryError) Error() string {
	return "the clan's directory is not in the flake's own source tree, so that its " + facts.PersistedName + " cannot be written"
}

// Hint says what to do.
func (e *foreignDirectoryError) Hint() string {
	return "set the clan's `directory` to `self`, or to a directory below it (./fleet)"
}
