package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/hint"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/module"
)

// CreateInstance adds an instance of a service, with members in its roles. The name is free: a service can have many
// instances. A module without an input is written as the module's other instances write it, for clan keeps those apart
// that are written otherwise.
func (s *Store) CreateInstance(name string, spec module.Spec, roles []Members) error {
	path := []string{"instances", name}
	if err := s.checkNewInstance(name); err != nil {
		return err
	}
	if spec.Name == "" {
		return errors.New("module name must not be empty")
	}
	var errs []error
	for _, role := range roles {
		errs = append(errs, s.checkMembers(role))
	}
	errs = append(errs, s.checkSpec(spec))
	spec = s.spelling(name, spec)
	if err := hint.Join(errs...); err != nil {
		return err
	}
	if err := s.doc.set(append(path, "module"), specJSON(spec)); err != nil {
		return err
	}
	later := s.later()
	s.did(path, fmt.Sprintf("create instance %s of %s", name, spec), func(after *instance.Inventory) string {
		name := later(name)
		inst := after.Instances[name]
		switch {
		case !slices.Contains(facts.Of(after).AllInstances, name):
			return fmt.Sprintf("there is no instance %s", name)
		case inst != nil && inst.Module.Spec().String() != spec.String():
			return fmt.Sprintf("the module of %s is %s", name, inst.Module.Spec())
		}
		return ""
	})
	for _, role := range roles {
		if err := s.doc.set(append(slices.Clip(path), "roles", role.Role), []byte("{}")); err != nil {
			return err
		}
		if err := s.AddMembers(name, role); err != nil {
			return err
		}
	}
	return nil
}

// checkNewInstance makes sure that an instance's name is free.
func (s *Store) checkNewInstance(name string) error {
	if name == "" {
		return errors.New("instance name must not be empty")
	}
	if slices.Contains(facts.Of(s.before).AllInstances, name) && !s.gone[name] || s.doc.has("instances", name) {
		err := &hint.Error{Text: fmt.Sprintf("instance %q already exists", name)}
		if inst := s.before.Instances[name]; inst != nil {
			err.Advice = "it is one of " + inst.Module.Spec().String()
			if inst.Position != nil {
				err.Advice += ", at " + inst.Position.String()
			}
		}
		return err
	}
	return s.may("instances", name)
}

// checkSpec looks a module up among what is known of the inputs; what is not known, the evaluation will tell.
func (s *Store) checkSpec(spec module.Spec) error {
	if s.Force {
		return nil
	}
	_, err := facts.Of(s.before).Catalogue.Resolve(spec)
	return err
}

// spelling is how the other instances of a module spell it.
func (s *Store) spelling(name string, spec module.Spec) module.Spec {
	var others []module.Spec
	for _, other := range facts.Of(s.before).AllInstances {
		if inst := s.before.Instances[other]; inst != nil && other != name && !s.gone[other] {
			others = append(others, inst.Module.Spec())
		}
	}
	for _, other := range s.doc.names("instances") {
		if s.before.Instances[other] != nil || other == name {
			continue
		}
		// Created or renamed just now.
		if own, ok := s.doc.module(other); ok {
			others = append(others, own)
		}
	}
	return facts.Of(s.before).Catalogue.Spelling(spec, others)
}

// module is the module of an instance, as far as the document has it.
func (d *document) module(name string) (spec module.Spec, ok bool) {
	value, _ := d.get("instances", name, "module")
	set, _ := value.(map[string]any)
	if spec.Name, ok = set["name"].(string); !ok {
		return spec, false
	}
	if input, given := set["input"].(string); given {
		spec.Input = &input
	}
	return spec, true
}

func specJSON(spec module.Spec) []byte {
	text, _ := json.Marshal(struct {
		Name  string  `json:"name"`
		Input *string `json:"input,omitempty"`
	}{spec.Name, spec.Input})
	return text
}

// DeleteInstance removes an instance that is inventory.json's alone.
func (s *Store) DeleteInstance(name string) error {
	if err := s.checkOwnInstance(name); err != nil {
		return err
	}
	s.doc.remove("instances", name)
	s.gone[name] = true
	s.forget([]string{"instances", name}, true)
	s.written = slices.DeleteFunc(s.written, func(l Layer) bool { return l.Instance == name })
	s.did([]string{"instances", name}, fmt.Sprintf("delete instance %s", name), func(after *instance.Inventory) string {
		if slices.Contains(facts.Of(after).AllInstances, name) {
			return fmt.Sprintf("the instance %s is still there", name)
		}
		return ""
	})
	return nil
}

// checkOwnInstance makes sure that an instance is inventory.json's alone.
func (s *Store) checkOwnInstance(name string) error {
	if _, err := s.instance(name); err != nil {
		return err
	}
	err, known := s.mayRemove("instances", name)
	if err == nil && !known {
		err = &hint.Error{Text: fmt.Sprintf("the instance %s is not in inventory.json", name),
			Advice: "it is defined in Nix; change it there"}
	}
	return err
}

// RenameInstance gives an instance that is inventory.json's alone another name; it keeps its module. What services keep
// under the instance's name (generated secrets, say) does not follow.
func (s *Store) RenameInstance(name, to string) error {
	if err := s.checkOwnInstance(name); err != nil {
		return err
	}
	if err := s.checkNewInstance(to); err != nil {
		return err
	}
	// Without a name of its own the module is that of the instance's name.
	if path := []string{"instances", name, "module", "name"}; !s.doc.has(path...) {
		text, err := json.Marshal(name)
		if err == nil {
			err = s.doc.set(path, text)
		}
		if err != nil {
			return err
		}
	}
	s.doc.rename([]string{"instances", name}, to)
	s.gone[name] = true
	if old, again := s.renamed[name]; again {
		delete(s.renamed, name)
		s.renamed[to] = old
	} else if slices.Contains(facts.Of(s.before).AllInstances, name) {
		s.renamed[to] = name
	}
	s.moves = append(s.moves, [2]string{name, to})
	for i := range s.written {
		if s.written[i].Instance == name {
			s.written[i].Instance = to
		}
	}
	later := s.later()
	was := s.before.Instances[name]
	s.did([]string{"instances", to}, fmt.Sprintf("rename instance %s to %s", name, to),
		func(after *instance.Inventory) string {
			to := later(to)
			inst := after.Instances[to]
			switch {
			case !s.doc.has("instances", name) && slices.Contains(facts.Of(after).AllInstances, name):
				return fmt.Sprintf("the instance %s is still there", name)
			case !slices.Contains(facts.Of(after).AllInstances, to):
				return fmt.Sprintf("there is no instance %s", to)
			case inst != nil && was != nil && inst.Module.Spec().String() != was.Module.Spec().String():
				return fmt.Sprintf("the module of %s is %s", to, inst.Module.Spec())
			}
			return ""
		})
	return nil
}

// SetModule makes an instance one of another module; one without an input is written as the module's other instances
// write it.
func (s *Store) SetModule(name string, spec module.Spec) error {
	inst, err := s.instance(name)
	if err != nil {
		return err
	}
	if err := s.checkSpec(spec); err != nil {
		return err
	}
	spec = s.spelling(name, spec)
	if inst.Module.Spec().String() == spec.String() {
		return nil
	}
	path := []string{"instances", name, "module"}
	put := func(key string, value *string) error {
		at := append(slices.Clip(path), key)
		if value == nil && len(facts.Of(s.before).Owners.Of(at...)) == 0 {
			s.doc.remove(at...)
			return nil
		}
		if old, _ := json.Marshal(inst.Module.Input); key == "input" && value != nil &&
			string(old) == fmt.Sprintf("%q", *value) {
			return nil
		}
		if key == "name" && inst.Module.Name == *value && !s.doc.has(at...) {
			return nil
		}
		if err := s.may(at...); err != nil {
			return err
		}
		text, err := json.Marshal(value)
		if err != nil {
			return err
		}
		return s.doc.set(at, text)
	}
	if err := hint.Join(put("name", &spec.Name), put("input", spec.Input)); err != nil {
		return err
	}
	later := s.later()
	s.did(path, fmt.Sprintf("make %s an instance of %s", name, spec), func(after *instance.Inventory) string {
		if inst := after.Instances[later(name)]; inst != nil && inst.Module.Spec().String() != spec.String() {
			return fmt.Sprintf("the module of %s is %s", name, inst.Module.Spec())
		}
		return ""
	})
	return nil
}
