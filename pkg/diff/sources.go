package diff

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/pkg/instance"
)

// Sources are changes of what an inventory is about rather than of what it says: machines can be other ones for it, and
// nothing else in a Difference tells.
type Sources struct {
	// Files are the files of the flake's tree that changed, but for the clan's inventory.json, all of which was
	// compared; nil where that is not known. See [Difference.SetFiles].
	Files []string `json:"files"`
	// Inputs are the flake inputs that changed in flake.lock, or else whose source is another one.
	Inputs []InputChange `json:"inputs"`
	// Modules are the instances of both clans whose module is written, or listed, in a file that changed.
	Modules []string `json:"modules"`

	modules map[string][]string // the files of each module, by instance
	data    []string            // the inventory.json of each side
}

// SetFiles tells which files of the flake's source tree changed, relative to its top. An inventory does not know.
func (d *Difference) SetFiles(files []string) {
	d.Sources.Files, d.Sources.Modules = []string{}, []string{}
	for _, file := range files {
		if !slices.Contains(d.Sources.data, file) {
			d.Sources.Files = append(d.Sources.Files, file)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.Sources.modules)) {
		if slices.ContainsFunc(d.Sources.modules[name], func(of string) bool {
			return slices.ContainsFunc(files, func(file string) bool { return isPart(file, of) })
		}) {
			d.Sources.Modules = append(d.Sources.Modules, name)
		}
	}
}

// isPart reports whether a file is the one that a module is written in, or belongs to it: it is below the directory
// that the module is, be it named by itself or by its default.nix.
func isPart(file, module string) bool {
	dir, isDefault := strings.CutSuffix(module, "/default.nix")
	return file == module || strings.HasPrefix(file, module+"/") || isDefault && strings.HasPrefix(file, dir+"/")
}

// InputChange is a flake input that changed.
type InputChange struct {
	Change Change `json:"change"`
	Name   string `json:"input"`
	// Instances are those, in both clans, that take their module from it.
	Instances []string `json:"instances"`
	// New and Old are where it is locked; nil where it is not.
	New *instance.Lock `json:"new,omitzero"`
	Old *instance.Lock `json:"old,omitzero"`
}

// String is the input's name and, where it is locked to something else, what that was and is: "nixpkgs (1b2c3d4e5, now
// 6f7a8b9c0)".
func (c InputChange) String() string {
	text := func(l *instance.Lock) string {
		switch {
		case l == nil:
			return "?"
		case l.Rev != "":
			return l.Rev[:min(len(l.Rev), 9)]
		}
		return l.NarHash
	}
	old, new := text(c.Old), text(c.New)
	if old == new || c.Change != Changed {
		return c.Name
	}
	return fmt.Sprintf("%s (%s, now %s)", c.Name, old, new)
}

func (c *comparison) sources() Sources {
	s := Sources{Inputs: []InputChange{}, Modules: []string{}, modules: map[string][]string{},
		data: []string{facts.Of(c.old).PersistedFile, facts.Of(c.new).PersistedFile}}
	users := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(c.new.Instances)) {
		if c.old.Instances[name] == nil {
			continue
		}
		input := c.new.Instances[name].Module.Resolved
		users[input] = append(users[input], name)
		s.modules[name] = c.new.Instances[name].Module.Files
	}
	names := slices.AppendSeq(jsonvalue.Names(c.old.Locked, c.new.Locked), maps.Keys(facts.Of(c.new).Catalogue.Inputs))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		i := InputChange{Name: name, Change: Changed, Instances: users[name]}
		if i.Instances == nil {
			i.Instances = []string{}
		}
		old, wasLocked := c.old.Locked[name]
		new, isLocked := c.new.Locked[name]
		if wasLocked {
			i.Old = &old
		}
		if isLocked {
			i.New = &new
		}
		if wasLocked != isLocked {
			i.Change = changeOf(wasLocked, isLocked)
		}
		before, after := facts.Of(c.old).Catalogue.Inputs[name].Source, facts.Of(c.new).Catalogue.Inputs[name].Source
		if old != new || wasLocked != isLocked || before != after && before != "" && after != "" {
			s.Inputs = append(s.Inputs, i)
		}
	}
	return s
}
