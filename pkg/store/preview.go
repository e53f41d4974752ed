package store

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/hint"
	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/internal/permachine"
	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/pkg/check"
	"github.com/clanctl/clanctl/pkg/diff"
	"github.com/clanctl/clanctl/pkg/instance"
)

// Preview is what a change would do.
type Preview struct {
	// File is the path of inventory.json; Created tells that there is none yet.
	File    string
	Created bool
	// Patch is the difference of the file's content, as JSON Patch (RFC 6902).
	Patch []Operation
	// Text is the file's content as it would be: findings point into it.
	Text []byte
	// Before and After are the clan as it is and as it would be. After is nil where the changed clan does not evaluate
	// at all.
	before, after *instance.Inventory
	// Renamed are instances that have another name: the new name to the old.
	Renamed map[string]string
	// Fleet is what becomes of the fleet: who joins, who leaves, which settings change, which findings appear and go. A
	// renamed instance stands there under its new name only, and its members are affected. Nil where After is.
	Fleet *diff.Difference
	// Err is why the change must not be written; nil if nothing speaks against it. It is a [*BrokenError] or an
	// [ErrUnread], or says that settings are not what the role accepts (then Fleet is nil), that nobody can tell what
	// the change does, or that it would not do what is meant.
	Err error
}

// Preview evaluates the clan as it would become, in a copy of the flake's tree: nothing is written, and git's index is
// left alone. The error is one of the evaluation having no answer (an interrupt, no Nix); what speaks against the
// change is in the preview's Err.
func (s *Store) Preview(ctx context.Context) (*Preview, error) {
	if s.preview != nil {
		return s.preview, nil
	}
	p := &Preview{File: s.path, Created: s.missing && s.changed(), before: s.before, Renamed: maps.Clone(s.renamed)}
	old := map[string]any{}
	if !s.missing {
		old, _ = jsonvalue.Parse(s.original).(map[string]any)
	}
	p.Patch, p.Text = difference(old, s.doc.value()), s.doc.text()
	if !s.changed() {
		p.after, p.Fleet = s.before, diff.Of(s.before, s.before)
		s.preview = p
		return p, nil
	}
	if err := writable(s.path); err != nil {
		return nil, err
	}
	p.Err = s.checkSettings(ctx)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if p.Err != nil && !s.Force {
		s.preview = p
		return p, nil // the evaluation would say the same, and less clearly
	}
	after, err := s.load(ctx, map[string][]byte{s.relative(): s.doc.text()})
	if ctx.Err() != nil {
		return nil, err
	}
	p.after = after
	if after == nil {
		// Is it the change, or the copy?
		if control, controlErr := s.unchangedCopy(ctx); control != nil {
			p.Err = hint.Join(p.Err, &BrokenError{err: err})
		} else if ctx.Err() != nil {
			return nil, controlErr
		} else {
			p.Err = hint.Join(p.Err, unchecked(err))
		}
		s.preview = p
		return p, nil
	}
	p.Fleet = s.compare(s.before, after)
	if found := blocking(p.Fleet, s.before); len(found) > 0 {
		// What a copy of the clan as it is has, too, is not the change's doing.
		control, err := s.unchangedCopy(ctx)
		if control != nil {
			found = blocking(s.compare(control, after), s.before)
		} else if ctx.Err() != nil {
			return nil, err
		}
		if found = untold(found, p.Err); len(found) > 0 {
			p.Err = hint.Join(p.Err, &BrokenError{Findings: found})
		}
	}
	if p.Err == nil {
		p.Err = s.effect(after)
	}
	s.preview = p
	return p, nil
}

// load evaluates the clan as if files had another content.
func (s *Store) load(ctx context.Context, overlay map[string][]byte) (*instance.Inventory, error) {
	config := s.config
	config.Overlay = overlay
	return instance.Load(ctx, s.ref, config)
}

// unchangedCopy evaluates the clan as it is, but in a copy.
func (s *Store) unchangedCopy(ctx context.Context) (*instance.Inventory, error) {
	files := map[string][]byte{}
	if !s.missing {
		files[s.relative()] = s.original
	}
	return s.load(ctx, files)
}

// alwaysBlock are kinds of findings that clan goes on with, but that a change must not bring: something that was just
// written does not evaluate, or names what is not there.
var alwaysBlock = []string{codes.Conflict, codes.UnknownSetting, codes.InvalidSetting,
	codes.SettingFailed,
	codes.SettingsFailed, codes.UnknownMachine, codes.UnknownTag, codes.MachineFailed,
	codes.EvaluationFailed}

func blocks(f instance.Finding) bool {
	return f.Severity == instance.SeverityError || slices.Contains(alwaysBlock, f.Code)
}

// compare tells what becomes of a clan. An instance that is renamed is the same one, and what was wrong with it is
// nothing new.
func (s *Store) compare(before, after *instance.Inventory) *diff.Difference {
	old, now := *before, *after
	old.Findings, now.Findings = s.renameFindings(check.All(before)), check.All(after)
	facts.Of(&now).Renamed = s.renamed
	return diff.Of(&old, &now)
}

// blocking are the findings of a difference that forbid it. What is wrong with a member who joins is no news if the
// same was wrong with the members who are there.
func blocking(d *diff.Difference, before *instance.Inventory) []instance.Finding {
	known := map[string]bool{}
	for _, f := range before.Findings {
		if f.Machine != "" && f.Role != "" {
			known[permachine.One(f, "").Key()] = true
		}
	}
	var found []instance.Finding
	for _, f := range d.Findings.Appeared {
		if blocks(f) && !(!f.Partial() && f.Machine != "" && known[permachine.One(f, "").Key()] && joined(d, f)) {
			found = append(found, f)
		}
	}
	return found
}

// untold leaves out the findings that settings' errors tell already.
func untold(found []instance.Finding, err error) []instance.Finding {
	told := func(f instance.Finding, err error) bool {
		settings, ok := err.(*settingsError)
		return ok && f.Instance == settings.Layer.Instance && f.Role == settings.Layer.Role &&
			slices.ContainsFunc(settings.Problems,
				func(p services.Problem) bool { return len(p.Path) > 0 && slices.Equal(f.Setting, p.Path) })
	}
	errs := []error{err}
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		errs = several.Unwrap()
	}
	return slices.DeleteFunc(slices.Clone(found), func(f instance.Finding) bool {
		return slices.ContainsFunc(errs, func(err error) bool { return told(f, err) })
	})
}

// joined reports whether all machines that a finding concerns came into the role just now.
func joined(d *diff.Difference, f instance.Finding) bool {
	machines := permachine.Machines(f)
	for _, inst := range d.Instances {
		for _, role := range inst.Roles {
			if inst.Name != f.Instance || role.Name != f.Role {
				continue
			}
			for _, member := range role.Members {
				if member.Change == diff.Added {
					machines = slices.DeleteFunc(slices.Clone(machines), func(name string) bool {
						return name == member.Machine
					})
				}
			}
		}
	}
	return len(machines) == 0
}

// effect looks whether the changes came true.
func (s *Store) effect(after *instance.Inventory) error {
	var missing []string
	for _, c := range s.changes {
		if text := c.check(after); text != "" {
			missing = append(missing, text)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	err := &hint.Error{Text: "this change would not have the intended effect: " + strings.Join(missing, "; "),
		Advice: "a definition in Nix overrides inventory.json"}
	a, errA := json.Marshal(s.before)
	b, errB := json.Marshal(after)
	if errA == nil && errB == nil && string(a) == string(b) {
		err.Text, err.Err = fmt.Sprintf("this flake does not read %s", s.path), ErrUnread
		err.Advice = "clan-core reads the inventory.json of the clan's directory; a flake without clan-core has to read it itself (docs/writing.md)"
		if s.before.Flake.Layout != facts.LayoutInventory {
			err.Advice = "clan-core reads the inventory.json of the clan's directory, but something in Nix replaces all of the inventory (mkForce?)"
		}
	}
	return err
}

// Operation is one operation of a JSON Patch (RFC 6902).
type Operation struct {
	// Op is "add", "remove" or "replace".
	Op string
	// Path are the names that lead to it; of an element of a list the last is its index, or "-" for the list's end.
	Path []string
	// Element: it is about an element of a list.
	Element bool
	// Value is what is added; Old, which is no part of the standard, what was there before.
	Value, Old any
}

// MarshalJSON writes the operation as the standard has it, a value also where it is null.
func (o Operation) MarshalJSON() ([]byte, error) {
	set := map[string]any{"op": o.Op, "path": jsonvalue.Pointer(o.Path)}
	if o.Op != "remove" {
		set["value"] = o.Value
	}
	return json.Marshal(set)
}

// difference lists what makes one value the other, in order of the paths.
func difference(old, now any) []Operation {
	patch := []Operation{}
	diffValues(nil, old, now, &patch)
	return patch
}

func diffValues(path []string, old, now any, patch *[]Operation) {
	a, isSet := old.(map[string]any)
	b, both := now.(map[string]any)
	if !isSet || !both {
		if list, ok := old.([]any); ok && diffList(path, list, now, patch) {
			return
		}
		if !jsonvalue.Equal(old, now) {
			*patch = append(*patch, Operation{Op: "replace", Path: path, Value: now, Old: old})
		}
		return
	}
	all := maps.Clone(a)
	maps.Copy(all, b)
	for _, name := range sortedKeys(all) {
		at := append(slices.Clip(path), name)
		was, had := a[name]
		is, has := b[name]
		switch {
		case !had:
			*patch = append(*patch, Operation{Op: "add", Path: at, Value: is})
		case !has:
			*patch = append(*patch, Operation{Op: "remove", Path: at, Old: was})
		default:
			diffValues(at, was, is, patch)
		}
	}
}

// diffList tells elements that went, and those that came at the end.
func diffList(path []string, old []any, now any, patch *[]Operation) bool {
	list, ok := now.([]any)
	if !ok {
		return false
	}
	var ops []Operation
	kept := 0
	removed := 0
	for i, element := range old {
		if kept < len(list) && jsonvalue.Equal(element, list[kept]) {
			kept++
			continue
		}
		ops = append(ops, Operation{Op: "remove", Path: append(slices.Clip(path), fmt.Sprint(i-removed)), Element: true, Old: element})
		removed++
	}
	for _, element := range list[kept:] {
		ops = append(ops, Operation{Op: "add", Path: append(slices.Clip(path), "-"), Element: true, Value: element})
	}
	*patch = append(*patch, ops...)
	return true
}
