package lsp

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/refs"
	"github.com/clanctl/clanctl/internal/textview"
	"github.com/clanctl/clanctl/pkg/instance"
)

// ask finds what is known of the clan, and the name, that a request is about. The server is locked.
func (s *server) ask(params positionParams) (*view, []refs.Ref) {
	v, d := s.viewOf(params.TextDocument.URI)
	if v == nil {
		return nil, nil
	}
	return v, v.at(d, params.Position)
}

// named are the places of the names that name one of the same things, as far as they are wanted.
func (v *view) named(at []refs.Ref, wanted func(refs.Ref) bool) []Location {
	locations := []Location{}
	if len(at) == 0 {
		return locations
	}
	for _, r := range v.refs {
		if wanted(r) && slices.ContainsFunc(at, func(other refs.Ref) bool { return r.Same(other.Subject) }) {
			if l, ok := v.location(r.File, r.Start, r.End); ok && !slices.Contains(locations, l) {
				locations = append(locations, l)
			}
		}
	}
	return locations
}

// definition leads from a machine, tag, instance, role or input to where it is made, from a setting to its option, from
// a module to its file.
func (s *server) definition(params positionParams) (any, error) {
	v, at := s.ask(params)
	locations := v.named(at, func(r refs.Ref) bool { return r.Declares })
	for _, r := range at {
		for _, p := range v.declared(r.Subject) {
			if l, ok := v.position(p); ok && !slices.Contains(locations, l) {
				locations = append(locations, l)
			}
		}
	}
	return locations, nil
}

// declared is where a module, or an option of one, is declared.
func (v *view) declared(s refs.Subject) []instance.Position {
	inst := v.Inventory.Instances[s.Instance]
	if inst == nil {
		return nil
	}
	var found []instance.Position
	switch s.Kind {
	case refs.Module:
		for _, file := range inst.Module.Files {
			found = append(found, instance.Position{File: file, Line: 1, Column: 1})
		}
	case refs.Setting:
		if option, depth := v.known().option(s); option != nil && depth > 0 {
			for _, d := range option.Declarations {
				found = append(found, instance.Position{File: d.File, Line: d.Line, Column: d.Column})
			}
		}
	}
	return found
}

// references are all places of what a name names.
func (s *server) references(params referenceParams) (any, error) {
	v, at := s.ask(params.positionParams)
	return v.named(at, func(r refs.Ref) bool { return params.Context.IncludeDeclaration || !r.Declares }), nil
}

// symbols are the machines, tags, instances and roles that a file makes.
func (s *server) symbols(params fileParams) (any, error) {
	symbols := []documentSymbol{}
	v, d := s.viewOf(params.TextDocument.URI)
	if v == nil {
		return symbols, nil
	}
	// Class, key, module, interface.
	kinds := map[refs.Kind]int{refs.Machine: 5, refs.Tag: 20, refs.Instance: 2, refs.Role: 11}
	parents := map[string]int{}
	last := -1
	for r := range v.here(d) {
		if !r.Declares || kinds[r.Kind] == 0 || r.Start == last {
			continue
		}
		last = r.Start
		symbol := documentSymbol{Name: r.Name, Detail: string(r.Kind), Kind: kinds[r.Kind],
			Range: d.span(r.Start, r.Whole, s.encoding), SelectionRange: d.span(r.Start, r.End, s.encoding)}
		if parent, ok := parents[r.Instance]; ok && r.Kind == refs.Role &&
			!before(symbols[parent].Range.End, symbol.Range.End) {
			same := func(c documentSymbol) bool { return c.Name == r.Name }
			if !slices.ContainsFunc(symbols[parent].Children, same) {
				symbols[parent].Children = append(symbols[parent].Children, symbol)
			}
			continue
		}
		if r.Kind == refs.Instance {
			parents[r.Name] = len(symbols)
		}
		symbols = append(symbols, symbol)
	}
	return symbols, nil
}

// lenses say how many machines an instance and a tag have, and whom changes since the last commit touch.
func (s *server) lenses(params fileParams) (any, error) {
	lenses := []codeLens{}
	v, d := s.viewOf(params.TextDocument.URI)
	if v == nil {
		return lenses, nil
	}
	affected := v.clan.affected
	if affected == nil {
		affected = &Affected{}
	}
	for r := range v.here(d) {
		var all []string
		switch inst := v.Inventory.Instances[r.Name]; {
		case !r.Declares:
		case r.Kind == refs.Instance && inst != nil:
			all = append(all, members(inst), touched(affected.Instances[r.Name]))
		case r.Kind == refs.Tag:
			all = append(all, textview.Count(len(v.Inventory.Tags[r.Name]), "machine"), touched(affected.Tags[r.Name]))
		}
		for _, text := range all {
			if text != "" {
				lenses = append(lenses,
					codeLens{Range: d.span(r.Start, r.End, s.encoding), Command: lensCommand{Title: text}})
			}
		}
	}
	return lenses, nil
}

// touched says which machines changes touch.
func touched(machines []string) string {
	const most = 5
	switch n := len(machines); {
	case n == 0:
		return ""
	case n > most:
		return fmt.Sprintf("affected: %s and %d more", strings.Join(machines[:most], ", "), n-most)
	}
	return "affected: " + strings.Join(machines, ", ")
}

// members counts those of an instance's roles: "3 client, 1 server".
func members(inst *instance.Instance) string {
	var parts []string
	for _, role := range slices.Sorted(maps.Keys(inst.Roles)) {
		parts = append(parts, fmt.Sprintf("%d %s", len(inst.Roles[role].Machines), role))
	}
	return strings.Join(parts, ", ")
}
