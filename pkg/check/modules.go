package check

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/module"
)

// Modules finds what is wrong with the service modules of an input, for their authors. They must have their READMEs, interfaces,
// and how they are written. The findings are sorted.
func Modules(of module.Input) []instance.Finding {
	findings := []instance.Finding{}
	if of.Error != "" {
		findings = append(findings, instance.Finding{Code: "module-failed", Severity: failure, Message: of.Error})
	}
	for _, service := range of.Modules {
		m := &moduleCheck{service: service, written: service.Written}
		if m.written == nil {
			m.written = &module.Written{Unknown: true, HasName: true, HasReadme: true}
		}
		m.manifest()
		m.constraints()
		m.roles()
		m.evaluation()
		findings = append(findings, m.findings...)
	}
	slices.SortFunc(findings, instance.CompareFindings)
	return findings
}

type moduleCheck struct {
	service  *module.Service
	written  *module.Written
	findings []instance.Finding
}

func (m *moduleCheck) add(at module.Position, f instance.Finding) {
	f.Module = m.service.Name
	f.Position = instance.Position{File: at.File, Line: at.Line, Column: at.Column}
	m.findings = append(m.findings, f)
}

func (m *moduleCheck) manifest() {
	if !m.written.HasName {
		m.add(m.written.Position, instance.Finding{
			Code: "module-without-name", Severity: failure,
			Message: "the manifest has no name; clan cannot evaluate the module",
			Hint:    "add manifest.name, with a name that tells it from other people's modules",
		})
	}
	if !m.written.HasReadme || m.service.Error == "" && strings.TrimSpace(m.service.Readme) == "" {
		m.add(m.written.Position, instance.Finding{
			Code: "module-without-readme", Severity: warning,
			Message: "the manifest has no README, so that nobody can read how the service is used",
			Hint:    "add manifest.readme = builtins.readFile ./README.md;",
		})
	}
}

// evaluation reports what Nix says of the module, unless something else was found that says it better.
func (m *moduleCheck) evaluation() {
	message := m.service.Error
	if message == "" {
		return
	}
	for _, f := range m.findings {
		switch {
		case f.Code == "module-without-name" && strings.Contains(message, "manifest.name"),
			f.Code == "impossible-constraint" && strings.Contains(message, "manifest.constraints"):
			return
		}
	}
	f := instance.Finding{Code: "module-failed", Severity: failure, Message: message}
	if m.service.Manifest != nil && m.service.Roles != nil {
		// Instances of the module work: nothing but a listing of modules looks at the rest.
		f.Code, f.Severity = "manifest-failed", warning
	}
	m.add(m.written.Position, f)
}

func (m *moduleCheck) roles() {
	for _, name := range slices.Sorted(maps.Keys(m.service.Roles)) {
		role := m.service.Roles[name]
		written, known := m.written.Roles[name]
		if !known {
			written = module.WrittenRole{Position: m.written.Position, HasBehaviour: true, HasInterface: true}
		}
		if !written.HasBehaviour && !m.written.PerMachine {
			m.add(written.Position, instance.Finding{
				Code: "role-without-behaviour", Severity: warning, Role: name,
				Message: "the role does nothing to a machine: it has no perInstance, and the module has no perMachine",
				Hint:    "add perInstance = { settings, ... }: { nixosModule = { ... }; };",
			})
		}
		if !written.HasInterface {
			m.add(written.Position, instance.Finding{
				Code: "role-without-interface", Severity: warning, Role: name,
				Message: "the role has no interface, so that nobody can give it settings",
				Hint:    "if that is meant, say so: interface = { };",
			})
		}
		if role.Description == "" && role.Error == "" {
			m.add(written.Position, instance.Finding{
				Code: "role-without-description", Severity: warning, Role: name,
				Message: "the role has no description; clan warns about that when it builds a machine with the service",
				Hint:    "add description, one sentence on what the role makes of a machine",
			})
		}
		if role.Error != "" {
			m.add(written.Position, instance.Finding{
				Code: "interface-failed", Severity: failure, Role: name,
				Message: role.Error,
			})
		}
		if role.Interface != nil {
			(&interfaceCheck{m: m, role: name, at: written.Position}).options(role.Interface.Options, nil)
		}
	}
}

// interfaceCheck looks for what JSON cannot express in a role's interface.
type interfaceCheck struct {
	m    *moduleCheck
	role string
	at   module.Position
}

func (c *interfaceCheck) options(options map[string]*module.Option, path []string) {
	for _, name := range slices.Sorted(maps.Keys(options)) {
		o, path := options[name], append(slices.Clone(path), name)
		if o.IsSet() {
			c.options(o.Options, path)
			continue
		}
		if o.Hidden {
			continue // clan leaves these out of a schema, too
		}
		at := c.at
		for _, declared := range o.Declarations {
			if !strings.HasPrefix(declared.File, "<") {
				at = declared
				break
			}
		}
		if o.Error != "" {
			c.add(at, path, o.Error, "")
		}
		c.typ(o.Type, path, at)
	}
}

func (c *interfaceCheck) typ(t *module.Type, path []string, at module.Position) {
	if t == nil || t.Up > 0 {
		return
	}
	switch {
	case t.Error != "":
		c.add(at, path, "the type does not evaluate: "+t.Error, "")
	case t.Kind == module.KindOpaque || t.Kind == module.KindUnknown:
		c.add(at, path, "JSON cannot express values of the type: "+orElse(t.Description, t.Name),
			"let users give a name or an attribute path as a string, and look the value up in perInstance")
	}
	inside := path
	if t.Kind != module.KindNullable {
		inside = append(slices.Clone(path), "*")
	}
	c.typ(t.Elem, inside, at)
	for _, alternative := range t.Alternatives {
		c.typ(alternative, path, at)
	}
	if t.Interface != nil {
		inner := *c
		inner.at = at
		inner.options(t.Interface.Options, path)
		c.typ(t.Interface.Freeform, append(slices.Clone(path), "*"), at)
	}
}

func (c *interfaceCheck) add(at module.Position, path []string, message, hint string) {
	c.m.add(at, instance.Finding{
		Code: "interface-not-json", Severity: failure, Role: c.role, Setting: path, Message: message, Hint: hint,
	})
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// constraints checks what a manifest's constraints say together.
func (m *moduleCheck) constraints() {
	instances, byRole := any(nil), map[string]map[string]any{}
	for _, limits := range m.written.Limits {
		if max, given := limits["maxInstances"]; given {
			instances = max
		}
		roles, _ := limits["roles"].(map[string]any)
		for role, of := range roles {
			if byRole[role] == nil {
				byRole[role] = map[string]any{}
			}
			of, _ := of.(map[string]any)
			maps.Copy(byRole[role], of)
		}
	}
	impossible := func(role, message, hint string) {
		m.add(m.written.Constraints, instance.Finding{Code: "impossible-constraint", Severity: failure, Role: role, Message: message, Hint: hint})
	}
	if max, given := integer(instances); given && max < 1 {
		impossible("", fmt.Sprintf("constraints.maxInstances is %d: there can be no instance at all", max), "leave it out, or make it 1 or more")
	}
	for _, role := range slices.Sorted(maps.Keys(byRole)) {
		least, hasLeast := integer(byRole[role]["minMachines"])
		most, hasMost := integer(byRole[role]["maxMachines"])
		where := "constraints.roles." + instance.PathString([]string{role})
		if _, exists := m.service.Roles[role]; !exists && m.service.Roles != nil {
			severity, effect := warning, "and so it means nothing"
			if least > 0 {
				severity, effect = failure, "and so no instance can have enough machines in it"
			}
			known := slices.Sorted(maps.Keys(m.service.Roles))
			hint := "its roles are " + nearest.List(known)
			if near := nearest.Of(role, known); len(near) > 0 {
				hint = "did you mean " + nearest.List(near) + "?"
			}
			m.add(m.written.Constraints, instance.Finding{
				Code: "constraint-of-unknown-role", Severity: severity, Role: role,
				Message: fmt.Sprintf("%s is of a role that the module does not have, %s", where, effect), Hint: hint,
			})
			continue
		}
		switch {
		case hasMost && most < 1:
			impossible(role, fmt.Sprintf("%s.maxMachines is %d: no machine can be in the role", where, most), "leave it out, or make it 1 or more")
		case hasLeast && hasMost && least > most:
			impossible(role, fmt.Sprintf("%s wants at least %d machines and at most %d", where, least, most), "")
		}
	}
}

func integer(value any) (int64, bool) {
	n, isNumber := value.(json.Number)
	if !isNumber {
		return 0, false
	}
	i, err := n.Int64()
	return i, err == nil
}
