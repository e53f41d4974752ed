// Package refs finds where the files of a clan name its machines, tags, instances, roles, modules, inputs and settings.
package refs

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/pkg/instance"
)

// Kind is what a name names.
type Kind string

// These are all kinds.
const (
	Machine  Kind = "machine"
	Tag      Kind = "tag"
	Input    Kind = "input"
	Module   Kind = "module"
	Instance Kind = "instance"
	Role     Kind = "role"
	Setting  Kind = "setting"
)

// Subject is what a name is about.
type Subject struct {
	Kind Kind
	Name string
	// Instance and Role are those that a role, a member or a setting belongs to.
	Instance, Role string
	// Machine or Tag is that of the layer of a setting; both empty in the role's.
	Machine, Tag string
	Setting      []string
}

// Same reports whether two names name the same thing.
func (s Subject) Same(other Subject) bool {
	switch {
	case s.Kind != other.Kind || s.Name != other.Name:
		return false
	case s.Kind == Role:
		return s.Instance == other.Instance
	case s.Kind == Setting:
		return s.Instance == other.Instance && s.Role == other.Role && slices.Equal(s.Setting, other.Setting)
	}
	return true
}

// Ref is a name in a file, and what it is about.
type Ref struct {
	Subject
	// Path is that of the attribute below `inventory`; nil for a string in a list or a value, which is that of In.
	Path, In []string
	// Position is where the name begins.
	instance.Position
	// Start and End are those of the name, Whole the end of all that is bound to it, in bytes.
	Start, End, Whole int
	// Declares: this is where the machine, tag, instance, role or input is made.
	Declares bool
}

// Read returns what is in a file, given by its path as in [instance.Position].
type Read func(file string) ([]byte, error)

// Find returns all names that stand in files as they are, in the order of the files. A name that is computed stands
// nowhere. The inventory was loaded with the places of its parts; flakeFile is the flake's own file, in which the
// inputs are.
func Find(inv *instance.Inventory, flakeFile string, read Read) []Ref {
	f := &finder{read: read, files: map[string]source{}}
	f.inputs(flakeFile)
	f.walk(facts.Of(inv).Places, nil)
	if file := facts.Of(inv).PersistedFile; file != "" {
		f.persisted(file)
	}
	slices.SortFunc(f.found, func(a, b Ref) int {
		switch {
		case a.File != b.File:
			return strings.Compare(a.File, b.File)
		case a.Start != b.Start:
			return a.Start - b.Start
		case a.Declares != b.Declares:
			if a.Declares {
				return -1
			}
			return 1
		}
		return cmp.Or(len(b.Path)-len(a.Path), slices.Compare(a.Path, b.Path),
			strings.Compare(string(a.Kind), string(b.Kind)))
	})
	// What a function makes several times has one place for all of them.
	return slices.CompactFunc(f.found, func(a, b Ref) bool {
		return a.File == b.File && a.Start == b.Start && (b.Kind == "" || a.Same(b.Subject))
	})
}

type finder struct {
	read  Read
	files map[string]source
	found []Ref
}

// source is a file's text, where its lines begin, and what [nixlang.Read] finds in it; without a text if it cannot be
// read.
type source struct {
	text  []byte
	lines nixlang.Lines
	attrs []*nixlang.Attr
	bound map[int]nixlang.Binding
}

func (f *finder) file(name string) source {
	s, known := f.files[name]
	if !known {
		if text, err := f.read(name); err == nil {
			s = source{text: text, lines: nixlang.NewLines(text)}
			s.attrs, s.bound = nixlang.Read(text, nixlang.IsJSON(name))
		}
		f.files[name] = s
	}
	return s
}

// add adds what was found of a name in a file.
func (f *finder) add(r Ref, file string, name nixlang.Name) {
	at := f.files[file].lines.Place(name.Start)
	r.Position = instance.Position{File: file, Line: at.Line, Column: at.Column}
	r.Start, r.End = name.Start, name.End
	f.found = append(f.found, r)
}

func (f *finder) walk(p *facts.Place, path []string) {
	if p == nil {
		return
	}
	if p.Position != nil {
		f.names(*p.Position, path)
	}
	for name, below := range p.Below {
		f.walk(below, append(path[:len(path):len(path)], name))
	}
}

// inputs are the names of the flake's inputs where the flake declares them.
func (f *finder) inputs(file string) {
	seen := map[string]bool{}
	for _, a := range f.file(file).attrs {
		if a.Path[0].Text != "inputs" {
			continue
		}
		declare := func(name nixlang.Name, end int) {
			if name.Text != "" {
				subject := Subject{Kind: Input, Name: name.Text}
				f.add(Ref{Subject: subject, Whole: end, Declares: !seen[name.Text]}, file, name)
				seen[name.Text] = true
			}
		}
		if len(a.Path) > 1 {
			declare(a.Path[1], a.End)
		} else if a.Set != nil {
			for _, below := range a.Set.Attrs {
				declare(below.Path[0], below.End)
			}
		}
	}
}

// names finds the name of a part of the inventory where it is written, and those in what is bound to it.
func (f *finder) names(at instance.Position, inventoryPath []string) {
	in := f.file(at.File)
	b, ok := in.bound[in.lines.Offset(at.Line, at.Column)]
	if !ok || len(inventoryPath) == 0 {
		return
	}
	own := slices.IndexFunc(b.Path, func(n nixlang.Name) bool { return leads(b.Path, n, inventoryPath) })
	if own >= 0 {
		f.bound(at.File, in.text, b, own, inventoryPath)
	}
}

// persisted finds the names in the clan's inventory.json, which is written as the inventory is.
func (f *finder) persisted(file string) {
	in := f.file(file)
	var walk func(attrs []*nixlang.Attr, path []string)
	walk = func(attrs []*nixlang.Attr, path []string) {
		for _, a := range attrs {
			below := append(path[:len(path):len(path)], a.Path[0].Text)
			f.bound(file, in.text, a.Binding, 0, below)
			if a.Set != nil {
				walk(a.Set.Attrs, below)
			}
		}
	}
	walk(in.attrs, nil)
}

// bound finds the names of a binding of which the path of one is known.
func (f *finder) bound(file string, text []byte, b nixlang.Binding, own int, inventoryPath []string) {
	// Names in front may be those of parts that are written in several places, of which Nix knows the first.
	for i := range min(own+1, len(inventoryPath)) {
		path := inventoryPath[:len(inventoryPath)-i]
		s, known := subjectOf(path)
		name := b.Path[own-i]
		declares := known && i == 0 && (s.Kind == Instance || s.Kind == Role || s.Instance == "" && s.Kind != Setting)
		f.add(Ref{Subject: s, Path: path, Whole: b.End, Declares: declares}, file, name)
	}
	f.listed(file, text, b, own, inventoryPath)
}

// listed finds the names in the strings that are bound to a part of the inventory.
func (f *finder) listed(file string, text []byte, b nixlang.Binding, own int, inventoryPath []string) {
	list := func(kind Kind, b nixlang.Binding, in []string) {
		for _, n := range nixlang.NamesIn(text, b.Value, b.ValueEnd, nixlang.IsJSON(file)) {
			if text[n.Start] != '"' {
				continue
			}
			s := Subject{Kind: kind, Name: n.Text}
			if inventoryPath[0] == "instances" {
				s.Instance = inventoryPath[1]
			}
			f.add(Ref{Subject: s, In: in, Whole: n.End}, file, n)
		}
	}
	tagsPath := append(slices.Clip(inventoryPath), "tags")
	isMachine := len(inventoryPath) == 2 && inventoryPath[0] == "machines"
	switch kind := Listed(inventoryPath); {
	case kind != "" && own == len(b.Path)-1:
		list(kind, b, inventoryPath)
	case isMachine && own == len(b.Path)-2 && b.Path[own+1].Text == "tags":
		list(Tag, b, tagsPath)
	case isMachine && own == len(b.Path)-1:
		for _, n := range nixlang.NamesIn(text, b.Value, b.ValueEnd, nixlang.IsJSON(file)) {
			if tags, ok := f.files[file].bound[n.Start]; ok && n.Text == "tags" && len(tags.Path) == 1 {
				list(Tag, tags, tagsPath)
			}
		}
	}
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

// subjectOf is what a part of the inventory is, by its path.
func subjectOf(path []string) (Subject, bool) {
	last := ""
	if len(path) > 0 {
		last = path[len(path)-1]
	}
	switch {
	case len(path) == 2 && path[0] == "machines":
		return Subject{Kind: Machine, Name: last}, true
	case len(path) == 2 && path[0] == "tags":
		return Subject{Kind: Tag, Name: last}, true
	case len(path) == 2 && path[0] == "instances":
		return Subject{Kind: Instance, Name: last, Instance: last}, true
	case len(path) < 4 || path[0] != "instances" || path[2] != "roles":
		return Subject{}, false
	}
	s := Subject{Kind: Role, Name: path[3], Instance: path[1], Role: path[3]}
	rest := path[4:]
	if len(rest) >= 2 && (rest[0] == "machines" || rest[0] == "tags") {
		if s.Machine, s.Tag = rest[1], ""; rest[0] == "tags" {
			s.Machine, s.Tag = "", rest[1]
		}
		if len(rest) == 2 {
			s.Kind, s.Name = Machine, rest[1]
			if s.Tag != "" {
				s.Kind = Tag
			}
			return s, true
		}
		rest = rest[2:]
	}
	switch {
	case len(rest) == 0:
		return s, true
	case len(rest) > 1 && rest[0] == "settings":
		s.Kind, s.Name, s.Setting = Setting, last, rest[1:]
		return s, true
	}
	return Subject{}, false
}

// Listed is what the strings that are bound to a part of the inventory name; empty where they name nothing.
func Listed(path []string) Kind {
	switch {
	case len(path) == 2 && path[0] == "tags":
		return Machine
	case len(path) == 3 && path[0] == "machines" && path[2] == "tags":
		return Tag
	case len(path) == 5 && path[0] == "instances" && path[2] == "roles" && path[4] == "tags":
		return Tag
	case len(path) == 4 && path[0] == "instances" && path[2] == "module" && path[3] == "name":
		return Module
	case len(path) == 4 && path[0] == "instances" && path[2] == "module" && path[3] == "input":
		return Input
	}
	return ""
}

// InFlake is a file in the flake's directory as in [instance.Position].
func InFlake(root, dir, name string) string {
	return path.Join(strings.TrimPrefix(strings.TrimPrefix(dir, root), "/"), name)
}
