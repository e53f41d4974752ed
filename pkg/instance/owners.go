package instance

import (
	"path/filepath"

	"github.com/clanctl/clanctl/internal/reader"
)

// PersistedName is the name of the file in a clan's directory in which programs keep their part of the inventory.
const PersistedName = "inventory.json"

// Owners is what is defined of the inventory in Nix, outside of inventory.json.
type Owners struct {
	// Recorded: the module system tells who defines what. In a plain flake, and where clan-core is very old, it does not;
	// attributes that stand in a Nix file are known all the same.
	Recorded bool
	// Tree has the definitions by the path below `inventory`: those of a part, and of the parts in it.
	Tree map[string]*Owned
}

// Owned is a part of the inventory as far as Nix defines it.
type Owned struct {
	Owners []Owner
	Below  map[string]*Owned
}

// Owner is one definition of a part of the inventory.
type Owner struct {
	// Position is where it is written; nil if Nix does not know.
	Position *Position
	// Priority is 100 for a plain value, less for one by force (mkForce), more for a default (mkDefault).
	Priority int64
	// Persisted: it is inventory.json's own.
	Persisted bool
}

// Of are the definitions of a part of the inventory outside of inventory.json, given by its path below `inventory`:
// ("instances", NAME, "roles", ROLE, "machines", MACHINE, "settings", OPTION), the names in a machine's list of tags like the names
// in a set. Empty where Nix defines no such thing.
func (o *Owners) Of(path ...string) []Owner {
	var owners []Owner
	if len(path) == 0 || o == nil {
		return nil
	}
	node := o.Tree[path[0]]
	for _, name := range path[1:] {
		if node == nil {
			return nil
		}
		node = node.Below[name]
	}
	if node == nil {
		return nil
	}
	for _, owner := range node.Owners {
		if !owner.Persisted {
			owners = append(owners, owner)
		}
	}
	return owners
}

func (l *loader) decodeOwners() {
	if l.config.Need&NeedOwners == 0 {
		return
	}
	owners := &Owners{Tree: map[string]*Owned{}, Recorded: l.facts.owners.instances.Value.Recorded}
	l.inv.Owners = owners
	for name, part := range map[string]reader.Part[reader.Owners]{"instances": l.facts.owners.instances, "machines": l.facts.owners.machines} {
		tree := &Owned{Below: l.ownedBy(part.Value.Below, name)}
		// The option's own default is nothing that could be lost.
		if p := part.Value.Priority; p != nil && *p != 0 && *p != plainPriority && (*p < plainPriority || len(tree.Below) > 0) {
			tree.Owners = []Owner{{Priority: *p}}
		}
		owners.Tree[name] = tree
	}
}

// plainPriority is that of a value without mkForce or mkDefault.
const plainPriority = 100

func (l *loader) ownedBy(places reader.Named[reader.Place], path ...string) map[string]*Owned {
	if len(places) == 0 {
		return nil
	}
	owned := make(map[string]*Owned, len(places))
	for name, place := range places {
		at := extend(path, name)
		node := &Owned{Below: l.ownedBy(place.Below, at...)}
		for _, p := range place.At {
			node.Owners = append(node.Owners, Owner{Priority: p.Priority, Position: l.places.pick([]reader.At{p}, at), Persisted: l.isPersisted(p)})
		}
		owned[name] = node
	}
	return owned
}

// isPersisted reports whether a definition is inventory.json's own. Values that a plain flake read from JSON have no place at all.
func (l *loader) isPersisted(at reader.At) bool {
	if at.File == "" {
		return !l.inv.Owners.Recorded
	}
	for _, file := range []string{at.File, at.DefinedIn} {
		if local := l.places.local(file); file != "" && local.known && filepath.Clean(local.name) == l.inv.PersistedFile {
			return true
		}
	}
	return false
}
