package store

import (
	"fmt"
	"slices"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/hint"
	"github.com/clanctl/clanctl/pkg/instance"
)

// Members are machines and tags, as a role names them.
type Members struct {
	Role           string
	Machines, Tags []string
}

// each calls a function with each name, and the key under which a role has it, until one fails.
func (m Members) each(f func(key, name string) error) error {
	for _, name := range m.Machines {
		if err := f("machines", name); err != nil {
			return err
		}
	}
	for _, name := range m.Tags {
		if err := f("tags", name); err != nil {
			return err
		}
	}
	return nil
}

// checkMembers looks up the names.
func (s *Store) checkMembers(m Members) error {
	var errs []error
	if s.before.Machines != nil && !s.Force {
		known := sortedKeys(s.before.Machines)
		for _, name := range m.Machines {
			if err := s.failing(name); err != nil {
				errs = append(errs, err)
			} else if !slices.Contains(known, name) {
				err := unknown("machine", name, known)
				if _, isTag := s.before.Tags[name]; isTag {
					err.Advice = fmt.Sprintf("there is a tag of that name: write @%s", name)
				}
				errs = append(errs, err)
			}
		}
		for _, name := range m.Tags {
			if _, known := s.before.Tags[name]; !known {
				errs = append(errs, unknown("tag", name, sortedKeys(s.before.Tags)))
			}
		}
	}
	return hint.Join(errs...)
}

// checkRole looks up a role in the instance's module, as far as that is known.
func (s *Store) checkRole(name, role string) (*instance.Instance, error) {
	inst, err := s.instance(name)
	if err != nil {
		return nil, err
	}
	if inst.Module.Roles == nil || s.Force {
		return inst, nil
	}
	if _, known := inst.Module.Roles[role]; !known {
		err := unknown("role", role, sortedKeys(inst.Module.Roles))
		err.Text = fmt.Sprintf("the module %s of %s has no role %q", inst.Module.Spec(), name, role)
		return nil, err
	}
	return inst, nil
}

// instance looks up an instance of the clan as it is. One that was created since is not there yet.
func (s *Store) instance(name string) (*instance.Instance, error) {
	inst := s.before.Instances[name]
	if inst != nil {
		return inst, nil
	}
	if s.doc.has("instances", name) || slices.Contains(facts.Of(s.before).AllInstances, name) {
		return &instance.Instance{Module: instance.Module{Name: name}, Roles: map[string]*instance.Role{}}, nil
	}
	return nil, unknown("instance", name, facts.Of(s.before).AllInstances)
}

// AddMembers puts machines and tags into a role of an instance. Those that are there already stay as they are.
func (s *Store) AddMembers(name string, m Members) error {
	inst, err := s.checkRole(name, m.Role)
	if err != nil {
		return err
	}
	if err := s.checkMembers(m); err != nil {
		return err
	}
	return m.each(func(key, member string) error {
		path := []string{"instances", name, "roles", m.Role, key, member}
		if s.persists(path) || isMember(inst, m.Role, key, member) {
			return nil
		}
		if err := s.may(path...); err != nil {
			return err
		}
		if s.doc.isList(path[:5]...) {
			err = s.doc.add(path[:5], member)
		} else {
			err = s.doc.set(path, []byte("{}"))
		}
		if err != nil {
			return err
		}
		later := s.later()
		s.did(path, fmt.Sprintf("add %s to %s %s", memberText(key, member), name, m.Role),
			func(after *instance.Inventory) string {
				if inst := after.Instances[later(name)]; inst == nil || isMember(inst, m.Role, key, member) {
					return "" // an instance that does not evaluate has findings
				}
				return fmt.Sprintf("%s is not in %s %s", memberText(key, member), name, m.Role)
			})
		return nil
	})
}

// RemoveMembers takes machines and tags out of a role of an instance, and their settings in the role with them.
func (s *Store) RemoveMembers(name string, m Members) error {
	inst, err := s.instance(name)
	if err != nil {
		return err
	}
	role := inst.Roles[m.Role]
	if role == nil && !s.doc.has("instances", name, "roles", m.Role) {
		err := unknown("role", m.Role, sortedKeys(inst.Roles))
		err.Text = fmt.Sprintf("%s has no role %q", name, m.Role)
		return err
	}
	return m.each(func(key, member string) error {
		path := []string{"instances", name, "roles", m.Role, key, member}
		if err, known := s.mayRemove(path...); err != nil {
			return err
		} else if !known {
			return s.notMember(name, inst, m.Role, key, member)
		}
		if !s.doc.drop(path[:5], member) {
			s.doc.remove(path...)
		}
		s.prune(path[:5])
		later := s.later()
		s.forget(path, true)
		s.did(path, fmt.Sprintf("remove %s from %s %s", memberText(key, member), name, m.Role),
			func(after *instance.Inventory) string {
				if inst := after.Instances[later(name)]; inst == nil || !isMember(inst, m.Role, key, member) {
					return ""
				}
				return fmt.Sprintf("%s is still in %s %s", memberText(key, member), name, m.Role)
			})
		return nil
	})
}

// notMember says why there is nothing to remove.
func (s *Store) notMember(name string, inst *instance.Instance, roleName, key, member string) error {
	err := &hint.Error{Text: fmt.Sprintf("%s is not in %s %s", memberText(key, member), name, roleName)}
	if isMember(inst, roleName, key, member) {
		err.Text = fmt.Sprintf("%s is in %s %s, but not through inventory.json", memberText(key, member), name,
			roleName)
		err.Advice = "something in Nix computes it; change it there"
		return err
	}
	role := inst.Roles[roleName]
	if key != "machines" || role == nil || role.Machines[member] == nil {
		return err
	}
	err.Text = fmt.Sprintf("%s is in %s %s by a tag, not by its name", member, name, roleName)
	err.Advice = fmt.Sprintf("remove the tag %q from the role or from the machine", role.Machines[member].Tags[0])
	return err
}

// isMember reports whether an evaluated role names a machine or tag.
func isMember(inst *instance.Instance, roleName, key, member string) bool {
	role := inst.Roles[roleName]
	if role == nil {
		return false
	}
	if key == "tags" {
		return slices.Contains(role.Tags, member)
	}
	m := role.Machines[member]
	return m != nil && m.Explicit
}

func memberText(key, name string) string {
	if key == "tags" {
		return "@" + name
	}
	return name
}

// prune takes away what became empty on the way to a part that was removed: not a whole instance or machine that is
// inventory.json's alone, for which an empty object is not nothing, and not what is at the top.
func (s *Store) prune(path []string) {
	for ; len(path) > 1; path = path[:len(path)-1] {
		if !s.doc.has(path...) {
			continue
		}
		if !s.doc.isEmpty(path...) {
			return
		}
		if len(path) == 2 && len(facts.Of(s.before).Owners.Of(path...)) == 0 {
			return
		}
		s.doc.remove(path...)
	}
}
