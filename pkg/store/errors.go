package store

import (
	"errors"
	"fmt"
	"strings"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/hint"
	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/pkg/instance"
)

// ErrConflict: inventory.json, or another file that the clan was read from, is no longer what it was. Nothing was
// written; open the clan again.
var ErrConflict = errors.New("changed since it was read")

// ReadOnlyError: the part of the inventory is Nix's, and inventory.json cannot change it.
type ReadOnlyError struct {
	// Path is the path below `inventory` that was to be changed.
	path   []string
	Access Access
}

func (e *ReadOnlyError) Error() string {
	what := "inventory." + nixlang.PathString(e.Access.Part)
	at := ""
	if list := positions(e.Access.Positions); list != "" {
		at = " at " + list
	}
	switch e.Access.Reason {
	case codes.ReadOnlyForced:
		return fmt.Sprintf("%s is forced in Nix%s (mkForce), and inventory.json cannot override it", what, at)
	case codes.ReadOnlyDefault:
		return fmt.Sprintf("%s is a default in Nix%s, which clan drops entirely once inventory.json sets any part of it",
			what, at)
	case codes.ReadOnlySettings:
		verb := "is"
		if len(e.Access.Part) == layerOf(e.Access.Part) {
			verb = "are"
		}
		return fmt.Sprintf("%s %s defined in Nix%s; clan allows a layer of settings to be defined in one place only, and would no longer evaluate",
			what, verb, at)
	case codes.ReadOnlyElement:
		return fmt.Sprintf("%s is defined in Nix%s, and inventory.json cannot remove it", what, at)
	}
	return fmt.Sprintf("%s is defined in Nix%s", what, at)
}

// Hint says what to do.
func (e *ReadOnlyError) Hint() string {
	if e.Access.Reason == codes.ReadOnlySettings {
		return "change it there, or set it in another layer here (of the role, or of a machine or tag in it)"
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

// unknown is the error for a name of which there is no such thing; known are those that there are.
func unknown(kind, name string, known []string) *hint.Error {
	text := fmt.Sprintf("there is no %s %q", kind, name)
	if kind == "machine" {
		text = fmt.Sprintf("the clan has no machine %q", name)
	}
	return &hint.Error{Text: text, Advice: nearest.Hint(nearest.Of(name, known), known, "there are ", "")}
}

// below are findings in an error's text.
func below(findings ...instance.Finding) string {
	var b strings.Builder
	for _, f := range findings {
		b.WriteString("\n" + f.String())
	}
	return b.String()
}

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

// Is says that it is an [ErrRefused]. (An Unwrap with two results would say that it is several errors.)
func (e *BrokenError) Is(target error) bool { return target == ErrRefused }

// Unwrap returns the evaluation's error.
func (e *BrokenError) Unwrap() error { return e.err }

// ErrRefused is in each error of a check that [Store.Force] leaves out. Nothing was written.
var ErrRefused = errors.New("refused")

// ErrUnread: the flake does not read inventory.json, so that a change has no effect. Nothing was written.
var ErrUnread = errors.New("the flake does not read " + facts.PersistedName)

// unchecked is the error for a clan that does not evaluate in a copy of its tree, with the change or without, so that
// nobody knows what the change does.
func unchecked(err error) error {
	return &hint.Error{Text: "the change cannot be checked, because the clan does not evaluate in a copy of its tree: " +
		err.Error(), Err: errors.Join(err, ErrRefused)}
}
