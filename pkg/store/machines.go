package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/hint"
	"github.com/clanctl/clanctl/pkg/instance"
)

// machine looks up a machine of the clan.
func (s *Store) machine(name string) (*instance.Machine, error) {
	if m := s.before.Machines[name]; m != nil {
		return m, nil
	}
	if s.before.Machines == nil || s.Force || s.failing(name) != nil && s.doc.has("machines", name) {
		return &instance.Machine{}, nil // the machines do not evaluate; this may be what mends them
	}
	if err := s.failing(name); err != nil {
		return nil, err
	}
	return nil, unknown("machine", name, sortedKeys(s.before.Machines))
}

// failing says why a machine of the clan does not evaluate; nil if it does, or there is no such machine.
func (s *Store) failing(name string) error {
	var failed *instance.Finding
	if s.before.Machines == nil || !errors.As(s.before.Failure(instance.Subject{Machine: name}), &failed) {
		return nil
	}
	f := *failed
	if f.File == "" {
		f.Position = s.position("machines", name)
	}
	return &hint.Error{Text: fmt.Sprintf("the machine %s does not evaluate", name) + below(f),
		Advice: "fix the machine first", Err: &f}
}

// AddTags gives a machine tags. Those that it carries already stay as they are.
func (s *Store) AddTags(name string, tags ...string) error {
	m, err := s.machine(name)
	if err != nil {
		return err
	}
	path := []string{"machines", name, "tags"}
	for _, tag := range tags {
		at := append(slices.Clip(path), tag)
		if tag == "" {
			return errors.New("tag name must not be empty")
		}
		if slices.Contains(m.Tags, tag) || s.persists(at) {
			continue
		}
		if err := s.may(at...); err != nil {
			return err
		}
		if err := s.doc.add(path, tag); err != nil {
			return err
		}
		s.did(at, fmt.Sprintf("tag %s with %s", name, tag), func(after *instance.Inventory) string {
			if m := after.Machines[name]; m != nil && !slices.Contains(m.Tags, tag) {
				return fmt.Sprintf("%s does not carry the tag %s", name, tag)
			}
			return ""
		})
	}
	return nil
}

// RemoveTags takes tags from a machine.
func (s *Store) RemoveTags(name string, tags ...string) error {
	m, err := s.machine(name)
	if err != nil {
		return err
	}
	path := []string{"machines", name, "tags"}
	for _, tag := range tags {
		at := append(slices.Clip(path), tag)
		err, known := s.mayRemove(at...)
		switch {
		case err != nil:
			return err
		case known:
		case slices.Contains(facts.Of(s.before).DeclaredTags[tag], name):
			err := &hint.Error{Text: fmt.Sprintf("%s has the tag %s through inventory.tags, which is defined in Nix", name, tag)}
			if pos := facts.At(s.before, "tags", tag); pos != nil {
				err.Text += " (" + pos.String() + ")"
			}
			err.Advice = "change it there"
			return err
		case s.failing(name) != nil:
			return s.failing(name) // nobody knows its tags
		default:
			err := unknown("tag", tag, m.Tags)
			err.Text = fmt.Sprintf("%s does not carry the tag %s", name, tag)
			if slices.Contains(m.Tags, tag) {
				err.Text = fmt.Sprintf("%s has the tag %s, but not through inventory.json", name, tag)
				err.Advice = "something in Nix computes it; change it there"
			}
			return err
		}
		s.doc.drop(path, tag)
		s.prune(path)
		s.did(at, fmt.Sprintf("take the tag %s from %s", tag, name), func(after *instance.Inventory) string {
			if m := after.Machines[name]; m != nil && slices.Contains(m.Tags, tag) {
				return fmt.Sprintf("%s still carries the tag %s", name, tag)
			}
			return ""
		})
	}
	return nil
}

// Describe sets a machine's description; an empty one takes it out of the file.
func (s *Store) Describe(name, text string) error {
	m, err := s.machine(name)
	if err != nil {
		return err
	}
	path := []string{"machines", name, "description"}
	if m.Description == text {
		return nil
	}
	if err := s.may(path...); err != nil {
		return err
	}
	if text == "" {
		if !s.doc.remove(path...) {
			return nil
		}
		s.prune(path[:2])
	} else {
		raw, err := json.Marshal(text)
		if err == nil {
			err = s.doc.set(path, raw)
		}
		if err != nil {
			return err
		}
	}
	s.did(path, fmt.Sprintf("describe %s", name), func(after *instance.Inventory) string {
		if m := after.Machines[name]; m != nil && text != "" && m.Description != text {
			return fmt.Sprintf("the description of %s is %q", name, m.Description)
		}
		return ""
	})
	return nil
}
