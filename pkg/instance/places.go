package instance

import (
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/internal/reader"
	"github.com/clanctl/clanctl/internal/sourcetree"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// at is the position of exactly one inventory option; nil if it has none.
func (inv *Inventory) at(path ...string) *Position {
	if place := inv.facts.Places.At(path...); place != nil && place.Position != nil {
		return place.Position
	}
	return inv.position(path)
}

// Where returns the position of an inventory option, given by its path below `inventory` ("instances", "backup",
// "roles", "client"), or of the nearest part around it that has one; nil if nothing is known. Places of settings are
// known with [NeedOrigins], or where something is missing from them. An inventory that was read back from JSON knows
// what stands in the document.
func (inv *Inventory) Where(path ...string) *Position {
	for ; len(path) > 1; path = path[:len(path)-1] {
		if at := inv.at(path...); at != nil {
			return at
		}
	}
	return nil
}

// position is what the model itself has.
func (inv *Inventory) position(path []string) *Position {
	switch {
	case len(path) == 2 && path[0] == "machines" && inv.Machines[path[1]] != nil:
		return inv.Machines[path[1]].Position
	case len(path) < 2 || path[0] != "instances" || inv.Instances[path[1]] == nil:
		return nil
	case len(path) == 2:
		return inv.Instances[path[1]].Position
	case len(path) < 4 || path[2] != "roles" || inv.Instances[path[1]].Roles[path[3]] == nil:
		return nil
	case len(path) == 4:
		return inv.Instances[path[1]].Roles[path[3]].Position
	case len(path) == 6 && path[4] == "machines":
		if member := inv.Instances[path[1]].Roles[path[3]].Machines[path[5]]; member != nil {
			return member.Position
		}
	}
	return nil
}

// placer turns what Nix says of places into positions in the user's files.
type placer struct {
	sources nixeval.Sources
	// files are the user's names of Nix's.
	files map[string]localFile
	// bindings are the places in JSON files, and in large Nix files; unplaced: one was not found there.
	bindings map[string]map[string]nixlang.Place
	unplaced bool
}

type localFile struct {
	name       string
	known, own bool
}

func newPlacer(sources nixeval.Sources) *placer {
	return &placer{sources: sources, files: map[string]localFile{}, bindings: map[string]map[string]nixlang.Place{}}
}

// withInputs is one that knows the store paths of inputs, too; withDir one that knows of a directory that the flake
// copies by itself.
func (p *placer) withInputs(stores map[string]string) *placer {
	sources := p.sources
	sourcetree.Of(&sources).Inputs = stores
	return newPlacer(sources)
}

func (p *placer) withDir(dir string) *placer {
	sources := p.sources
	known := sourcetree.Of(&sources)
	known.Dirs = append(slices.Clip(known.Dirs), dir)
	return newPlacer(sources)
}

// local returns the user's name of a file that Nix names; clan puts ", via option ..." behind it.
func (p *placer) local(file string) localFile {
	if found, ok := p.files[file]; ok {
		return found
	}
	store, _, _ := strings.Cut(file, ", via option ")
	f := localFile{}
	f.name, f.known = p.sources.Local(store)
	f.own = f.known && !strings.HasPrefix(f.name, "<")
	p.files[file] = f
	return f
}

// tree converts a tree of places; path leads to it, below the inventory.
func (p *placer) tree(places reader.Named[reader.Place], path ...string) *facts.Place {
	return convert(places, func(place *facts.Place, at []reader.At, path []string) {
		place.Position = p.pick(at, path)
	}, path...)
}

// convert has note say of each place in a tree what Nix says of it; path leads to the tree.
func convert(places reader.Named[reader.Place], note func(*facts.Place, []reader.At, []string),
	path ...string) *facts.Place {
	tree := &facts.Place{}
	if len(places) > 0 {
		tree.Below = make(map[string]*facts.Place, len(places))
	}
	for name, place := range places {
		at := extend(path, name)
		tree.Below[name] = convert(place.Below, note, at...)
		note(tree.Below[name], place.At, at)
	}
	return tree
}

// pick returns the first of some places that is the user's own, or else one in an input.
func (p *placer) pick(places []reader.At, path []string) *Position {
	var other *Position
	for _, at := range places {
		file, definedIn := p.local(at.File), p.local(at.DefinedIn)
		pos := Position{File: file.name, Line: at.Line, Column: at.Column}
		if at.Deferred && (file.own || !definedIn.own) {
			if found, ok := p.inNix(at.File, path); ok {
				pos.Line, pos.Column = found.Line, found.Column
			} else {
				p.unplaced = true
			}
		}
		if pos.Line == 0 && file.known && nixlang.IsJSON(file.name) {
			if found, ok := p.written(at.File)[strings.Join(path, "\x00")]; ok {
				pos.Line, pos.Column = found.Line, found.Column
			}
		}
		if file.own {
			return &pos
		}
		// Made by somebody else's function, in a file of the user's.
		if definedIn.own {
			return &Position{File: definedIn.name}
		}
		if file.known && other == nil {
			other = &pos
		}
	}
	return other
}

// written are the places of what a file plainly writes, by its path joined with NUL: of what is in JSON Nix knows none.
func (p *placer) written(file string) map[string]nixlang.Place {
	bindings, done := p.bindings[file]
	if !done {
		store, _, _ := strings.Cut(file, ", via option ")
		if text, err := p.sources.ReadFile(store); err == nil {
			bindings = nixlang.Bindings(jsonvalue.Body(text), nixlang.IsJSON(store))
		}
		p.bindings[file] = bindings
	}
	return bindings
}

// inNix finds the position of an inventory option in a Nix file that plainly writes it: a module of the clan's, one of
// flake-parts, or the inventory itself.
func (p *placer) inNix(file string, path []string) (place nixlang.Place, ok bool) {
	bindings := p.written(file)
	option := strings.Join(path, "\x00")
	_, isInventory := bindings["instances"]
	if _, isModule := bindings["inventory"]; isInventory && !isModule {
		place, ok = bindings[option]
		return place, ok
	}
	for _, at := range []string{"inventory", "config\x00inventory", "clan\x00inventory", "flake\x00clan\x00inventory"} {
		if found, here := bindings[at+"\x00"+option]; here {
			if ok {
				return place, false // in one of two places
			}
			place, ok = found, true
		}
	}
	return place, ok
}
