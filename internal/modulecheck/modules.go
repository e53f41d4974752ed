// Package modulecheck finds what is wrong with service modules, for their authors.
package modulecheck

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/pkg/instance"
)

// Run finds what is wrong with the service modules of an input, for their authors. They must have their
// READMEs, interfaces, and how they are written. The findings are sorted.
func Run(of services.Input) []instance.Finding {
	findings := []instance.Finding{}
	if of.Err != nil {
		f := instance.NewFinding(codes.ModuleFailed, instance.Subject{}, instance.Cause{Nix: of.Err.Text})
		f.Err = of.Err
		findings = append(findings, f)
	}
	for _, service := range of.Modules {
		m := &moduleCheck{service: service, written: service.Written}
		if m.written == nil {
			m.written = &services.Written{Unknown: true, HasName: true, HasReadme: true}
		}
		m.manifest()
		m.constraints()
		m.roles()
		m.evaluation()
		findings = append(findings, m.findings...)
	}
	slices.SortFunc(findings, instance.Finding.Compare)
	return findings
}

type moduleCheck struct {
	service  *services.Service
	written  *services.Written
	findings []instance.Finding
}

// add is for a role and an option in its interface, or without these for the module itself.
func (m *moduleCheck) add(at services.Position, code string, cause instance.Cause, role string, option ...string) {
	f := instance.NewFinding(code, instance.Subject{Module: m.service.Name, Role: role, Setting: option}, cause)
	f.Position = instance.Position{File: at.File, Line: at.Line, Column: at.Column}
	m.findings = append(m.findings, f)
}

// failed is add for what does not evaluate.
func (m *moduleCheck) failed(at services.Position, code string, why *services.Failure, part, role string,
	option ...string) {
	m.add(at, code, instance.Cause{Nix: why.Text, Part: part}, role, option...)
	m.findings[len(m.findings)-1].Err = why
}

func (m *moduleCheck) manifest() {
	if !m.written.HasName {
		m.add(m.written.Position, codes.ModuleWithoutName, instance.Cause{}, "")
	}
	if !m.written.HasReadme || m.service.Err == nil && strings.TrimSpace(m.service.Readme) == "" {
		m.add(m.written.Position, codes.ModuleWithoutReadme, instance.Cause{}, "")
	}
}

// evaluation reports what Nix says of the module, unless something else was found that says it better.
func (m *moduleCheck) evaluation() {
	why := m.service.Err
	if why == nil {
		return
	}
	for _, f := range m.findings {
		switch {
		case f.Code == codes.ModuleWithoutName && strings.Contains(why.Text, "manifest.name"),
			f.Code == codes.ImpossibleConstraint && strings.Contains(why.Text, "manifest.constraints"):
			return
		}
	}
	code := codes.ModuleFailed
	if m.service.Manifest != nil && m.service.Roles != nil {
		// instances of the module work: nothing but a listing of modules looks at the rest
		code = codes.ManifestFailed
	}
	m.failed(m.written.Position, code, why, "", "")
}

func (m *moduleCheck) roles() {
	for _, name := range slices.Sorted(maps.Keys(m.service.Roles)) {
		role := m.service.Roles[name]
		written, known := m.written.Roles[name]
		if !known {
			written = services.WrittenRole{Position: m.written.Position, HasBehaviour: true, HasInterface: true}
		}
		if !written.HasBehaviour && !m.written.PerMachine {
			m.add(written.Position, codes.RoleWithoutBehaviour, instance.Cause{}, name)
		}
		if !written.HasInterface {
			m.add(written.Position, codes.RoleWithoutInterface, instance.Cause{}, name)
		}
		if role.Description == "" && role.Err == nil {
			m.add(written.Position, codes.RoleWithoutDescription, instance.Cause{}, name)
		}
		if role.Err != nil {
			m.failed(written.Position, codes.InterfaceFailed, role.Err, "", name)
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
	at   services.Position
}

func (c *interfaceCheck) options(options map[string]*services.Option, path []string) {
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
		if o.Err != nil {
			c.m.failed(at, codes.InterfaceNotJSON, o.Err, "", c.role, path...)
		}
		c.typ(o.Type, path, at)
	}
}

func (c *interfaceCheck) typ(t *services.Type, path []string, at services.Position) {
	if t == nil || t.Up > 0 {
		return
	}
	switch {
	case t.Err != nil:
		c.m.failed(at, codes.InterfaceNotJSON, t.Err, "type", c.role, path...)
	case t.Kind == services.KindOpaque || t.Kind == services.KindUnknown:
		c.m.add(at, codes.InterfaceNotJSON, instance.Cause{Type: cmp.Or(t.Description, t.Name)}, c.role, path...)
	}
	inside := path
	if t.Kind != services.KindNullable {
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
	if max, given := services.Count(instances); given && max < 1 {
		m.add(m.written.Constraints, codes.ImpossibleConstraint, instance.Cause{Max: max}, "")
	}
	for _, role := range slices.Sorted(maps.Keys(byRole)) {
		least, _ := services.Count(byRole[role]["minMachines"])
		most, hasMost := services.Count(byRole[role]["maxMachines"])
		if _, exists := m.service.Roles[role]; !exists && m.service.Roles != nil {
			code := codes.ConstraintOfUnknownRole
			if least > 0 {
				code = codes.ImpossibleConstraint // no instance can have so many machines in it
			}
			known := slices.Sorted(maps.Keys(m.service.Roles))
			cause := instance.Cause{Name: role, Min: least}
			cause.Near, cause.Known = nearest.Or(nearest.Of(role, known), known)
			m.add(m.written.Constraints, code, cause, role)
		} else if hasMost && (most < 1 || least > most) {
			m.add(m.written.Constraints, codes.ImpossibleConstraint, instance.Cause{Min: least, Max: most}, role)
		}
	}
}
