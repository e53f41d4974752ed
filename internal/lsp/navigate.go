package lsp

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/pkg/instance"
)

// ask finds the clan and the name that a request is about. The server is locked.
func (s *server) ask(params positionParams) (*clan, occurrence, bool) {
	d := s.documents[params.TextDocument.URI]
	if d == nil || d.clan == nil {
		return nil, occurrence{}, false
	}
	o, ok := d.clan.at(d, params.Position)
	return d.clan, o, ok
}

// same reports whether two names name the same thing.
func same(a, b subject) bool {
	switch {
	case a.kind != b.kind || a.name != b.name:
		return false
	case a.kind == aRole:
		return a.instance == b.instance
	case a.kind == aSetting:
		return a.instance == b.instance && a.role == b.role && slices.Equal(a.setting, b.setting)
	}
	return true
}

// definition leads from a machine, tag, instance or role to where it is made, from a setting to its option, from a
// module to its file.
func (s *server) definition(params positionParams) (any, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	c, at, ok := s.ask(params)
	locations := []Location{}
	if !ok {
		return locations, nil
	}
	for _, o := range c.occurrences() {
		if o.declares && same(o.subject, at.subject) {
			if l, ok := c.location(o); ok {
				locations = append(locations, l)
			}
		}
	}
	for _, p := range c.declared(at.subject) {
		if _, ok := c.path(p.File); ok {
			locations = append(locations, c.place(p))
		}
	}
	return locations, nil
}

// declared is where a module, or an option of one, is declared.
func (c *clan) declared(s subject) []instance.Position {
	inst := c.good.Inventory.Instances[s.instance]
	if inst == nil {
		return nil
	}
	var found []instance.Position
	switch s.kind {
	case aModule:
		for _, file := range inst.Module.Files {
			found = append(found, instance.Position{File: file, Line: 1, Column: 1})
		}
	case aSetting:
		if role := inst.Roles[s.role]; role != nil {
			if of := facts.OfRole(role).Interface; of != nil {
				if option, depth := of.OptionAt(s.setting); option != nil && depth > 0 {
					for _, d := range option.Declarations {
						found = append(found, instance.Position{File: d.File, Line: d.Line, Column: d.Column})
					}
				}
			}
		}
	}
	return found
}

// references are all places of what a name names.
func (s *server) references(params referenceParams) (any, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	c, at, ok := s.ask(params.positionParams)
	locations := []Location{}
	if !ok {
		return locations, nil
	}
	for _, o := range c.occurrences() {
		if same(o.subject, at.subject) && (params.Context.IncludeDeclaration || !o.declares) {
			if l, ok := c.location(o); ok {
				locations = append(locations, l)
			}
		}
	}
	return locations, nil
}

// symbols are the machines, tags, instances and roles that a file makes.
func (s *server) symbols(params fileParams) (any, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	symbols := []documentSymbol{}
	d := s.documents[params.TextDocument.URI]
	if d == nil || d.clan == nil {
		return symbols, nil
	}
	kinds := map[kind]int{aMachine: 5, aTag: 20, anInst: 2, aRole: 11} // class, key, module, interface
	parents := map[string]int{}
	for _, o := range d.clan.occurrences() {
		if o.file != d.path || !o.declares || kinds[o.kind] == 0 {
			continue
		}
		symbol := documentSymbol{Name: o.name, Detail: string(o.kind), Kind: kinds[o.kind],
			Range: d.span(o.start, o.whole, s.encoding), SelectionRange: d.span(o.start, o.end, s.encoding)}
		if parent, ok := parents[o.instance]; ok && o.kind == aRole &&
			!before(symbols[parent].Range.End, symbol.Range.End) {
			if !slices.ContainsFunc(symbols[parent].Children, func(c documentSymbol) bool { return c.Name == o.name }) {
				symbols[parent].Children = append(symbols[parent].Children, symbol)
			}
			continue
		}
		if o.kind == anInst {
			parents[o.name] = len(symbols)
		}
		symbols = append(symbols, symbol)
	}
	return symbols, nil
}

// lenses say how many machines an instance and a tag have.
func (s *server) lenses(params fileParams) (any, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	lenses := []codeLens{}
	d := s.documents[params.TextDocument.URI]
	if d == nil || d.clan == nil {
		return lenses, nil
	}
	for _, o := range d.clan.occurrences() {
		if o.file != d.path || !o.declares {
			continue
		}
		text := ""
		switch inv := d.clan.good.Inventory; o.kind {
		case anInst:
			if inst := inv.Instances[o.name]; inst != nil {
				text = members(inst)
			}
		case aTag:
			text = counted(len(inv.Tags[o.name]), "machine")
		}
		if text != "" {
			lenses = append(lenses,
				codeLens{Range: d.span(o.start, o.end, s.encoding), Command: lensCommand{Title: text}})
		}
	}
	return lenses, nil
}

// members counts those of an instance's roles: "3 client, 1 server".
func members(inst *instance.Instance) string {
	var parts []string
	for _, role := range slices.Sorted(maps.Keys(inst.Roles)) {
		parts = append(parts, fmt.Sprintf("%d %s", len(inst.Roles[role].Machines), role))
	}
	return strings.Join(parts, ", ")
}

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
