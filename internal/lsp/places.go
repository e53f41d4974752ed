package lsp

import (
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/pkg/instance"
)

// kind is what a name in a file names.
type kind string

const (
	aMachine  kind = "machine"
	aTag      kind = "tag"
	anInput   kind = "input"
	aModule   kind = "module"
	anInst    kind = "instance"
	aRole     kind = "role"
	aSetting  kind = "setting"
	noSubject kind = ""
)

// subject is what a name is about.
type subject struct {
	kind kind
	name string
	// instance and role are those that a role, a member or a setting belongs to.
	instance, role string
	// machine or tag is that of the layer of a setting; both empty in the role's.
	machine, tag string
	setting      []string
}

// occurrence is a name in a file, and what it is about.
type occurrence struct {
	subject
	file string
	// start and end are those of the name, whole that of all that is bound to it.
	start, end, whole int
	// declares: this is where the machine, tag, instance or role is made.
	declares bool
}

// subjectOf is what a part of the inventory is, by its path.
func subjectOf(path []string) (subject, bool) {
	last := ""
	if len(path) > 0 {
		last = path[len(path)-1]
	}
	switch {
	case len(path) == 2 && path[0] == "machines":
		return subject{kind: aMachine, name: last}, true
	case len(path) == 2 && path[0] == "tags":
		return subject{kind: aTag, name: last}, true
	case len(path) == 2 && path[0] == "instances":
		return subject{kind: anInst, name: last, instance: last}, true
	case len(path) < 4 || path[0] != "instances" || path[2] != "roles":
		return subject{}, false
	}
	s := subject{kind: aRole, name: path[3], instance: path[1], role: path[3]}
	rest := path[4:]
	if len(rest) >= 2 && (rest[0] == "machines" || rest[0] == "tags") {
		if s.machine, s.tag = rest[1], ""; rest[0] == "tags" {
			s.machine, s.tag = "", rest[1]
		}
		if len(rest) == 2 {
			s.kind, s.name = aMachine, rest[1]
			if s.tag != "" {
				s.kind = aTag
			}
			return s, true
		}
		rest = rest[2:]
	}
	switch {
	case len(rest) == 0:
		return s, true
	case len(rest) > 1 && rest[0] == "settings":
		s.kind, s.name, s.setting = aSetting, last, rest[1:]
		return s, true
	}
	return subject{}, false
}

// listed is what the strings bound to a part of the inventory name.
func listed(path []string) kind {
	switch {
	case len(path) == 2 && path[0] == "tags":
		return aMachine
	case len(path) == 4 && path[0] == "instances" && path[2] == "module" && path[3] == "name":
		return aModule
	case len(path) == 4 && path[0] == "instances" && path[2] == "module" && path[3] == "input":
		return anInput
	}
	return noSubject
}

// occurrences are all names of parts of the inventory that stand in files of the flake as they are, in the order of the
// files. A name that is computed stands nowhere. The server is locked.
func (c *clan) occurrences() []occurrence {
	if c.good == nil || c.good.Inventory == nil {
		return nil
	}
	var found []occurrence
	var walk func(p *facts.Place, path []string)
	walk = func(p *facts.Place, path []string) {
		if p == nil {
			return
		}
		if p.Position != nil {
			found = append(found, c.names(*p.Position, path)...)
		}
		for name, below := range p.Below {
			walk(below, append(path[:len(path):len(path)], name))
		}
	}
	walk(facts.Of(c.good.Inventory).Places, nil)
	slices.SortFunc(found, func(a, b occurrence) int {
		if a.file != b.file {
			return strings.Compare(a.file, b.file)
		}
		if a.declares != b.declares && a.start == b.start {
			if a.declares {
				return -1
			}
			return 1
		}
		return a.start - b.start
	})
	return slices.CompactFunc(found, func(a, b occurrence) bool { return a.file == b.file && a.start == b.start })
}

// names are the name of a part of the inventory where it is written, and those in what is bound to it.
func (c *clan) names(at instance.Position, path []string) []occurrence {
	file, ok := c.path(at.File)
	if !ok || len(path) == 0 {
		return nil
	}
	d, err := c.s.read(file)
	if err != nil {
		return nil
	}
	b, ok := nixlang.BindingAt(d.text, d.at(at.Line, at.Column))
	if !ok {
		return nil
	}
	own := slices.IndexFunc(b.Path, func(n nixlang.Name) bool { return leads(b.Path, n, path) })
	if own < 0 {
		return nil
	}
	var found []occurrence
	// Names in front may be those of parts that are written in several places, of which Nix knows the first.
	for i := range min(own+1, len(path)) {
		if s, ok := subjectOf(path[:len(path)-i]); ok {
			name := b.Path[own-i]
			declares := i == 0 && (s.kind == anInst || s.kind == aRole || s.instance == "" && s.kind != aSetting)
			found = append(found, occurrence{s, file, name.Start, name.End, b.End, declares})
		}
	}
	list := func(kind kind, b nixlang.Binding) {
		for _, n := range nixlang.NamesIn(d.text, b.Value, b.ValueEnd) {
			if d.text[n.Start] != '"' {
				continue
			}
			s := subject{kind: kind, name: n.Text}
			if path[0] == "instances" {
				s.instance = path[1]
			}
			found = append(found, occurrence{s, file, n.Start, n.End, n.End, false})
		}
	}
	switch kind := listed(path); {
	case kind != noSubject && own == len(b.Path)-1:
		list(kind, b)
	case len(path) == 2 && path[0] == "machines" && own == len(b.Path)-2 && b.Path[own+1].Text == "tags":
		list(aTag, b)
	case len(path) == 2 && path[0] == "machines" && own == len(b.Path)-1:
		for _, n := range nixlang.NamesIn(d.text, b.Value, b.ValueEnd) {
			if tags, ok := nixlang.BindingAt(d.text, n.Start); ok && n.Text == "tags" && len(tags.Path) == 1 {
				list(aTag, tags)
			}
		}
	}
	return found
}

// leads reports whether the names up to one are the end of a path, with what is around the inventory in front.
func leads(names []nixlang.Name, to nixlang.Name, path []string) bool {
	own := slices.Index(names, to)
	for i := 0; i <= own && i < len(path); i++ {
		if names[own-i].Text != path[len(path)-1-i] {
			return false
		}
	}
	return true
}

// at is the name under a position; false where there is none.
func (c *clan) at(d *openDocument, p Position) (occurrence, bool) {
	offset := d.offset(p, c.s.encoding)
	for _, o := range c.occurrences() {
		if o.file == d.path && o.start <= offset && offset <= o.end {
			return o, true
		}
	}
	return occurrence{}, false
}

func (c *clan) location(o occurrence) (Location, bool) {
	d, err := c.s.read(o.file)
	if err != nil {
		return Location{}, false
	}
	return Location{c.s.uriOf(o.file), d.span(o.start, o.end, c.s.encoding)}, true
}
