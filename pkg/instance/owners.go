package instance

import (
	"path/filepath"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/reader"
)

func (l *loader) decodeOwners() {
	if l.config.Need&facts.NeedOwners == 0 {
		return
	}
	owners := &facts.Owners{Tree: map[string]*facts.Owned{}, Recorded: l.facts.owners.instances.Value.Recorded}
	l.inv.facts.Owners = owners
	for name, part := range map[string]reader.Part[reader.Owners]{"instances": l.facts.owners.instances,
		"machines": l.facts.owners.machines} {
		tree := &facts.Owned{Below: l.ownedBy(part.Value.Below, name)}
		// The option's own default is nothing that could be lost.
		if p := part.Value.Priority; p != nil && *p != 0 && *p != plainPriority &&
			(*p < plainPriority || len(tree.Below) > 0) {
			tree.Owners = []facts.Owner{{Priority: *p}}
		}
		owners.Tree[name] = tree
	}
}

// plainPriority is that of a value without mkForce or mkDefault.
const plainPriority = 100

func (l *loader) ownedBy(places reader.Named[reader.Place], path ...string) map[string]*facts.Owned {
	if len(places) == 0 {
		return nil
	}
	owned := make(map[string]*facts.Owned, len(places))
	for name, place := range places {
		at := extend(path, name)
		node := &facts.Owned{Below: l.ownedBy(place.Below, at...)}
		for _, p := range place.At {
			node.Owners = append(node.Owners,
				facts.Owner{Priority: p.Priority, Position: l.places.pick([]reader.At{p}, at),
					Persisted: l.isPersisted(p)})
		}
		owned[name] = node
	}
	return owned
}

// isPersisted reports whether a definition is inventory.json's own. Values that a plain flake read from JSON have no
// place at all.
func (l *loader) isPersisted(at reader.At) bool {
	if at.File == "" {
		return !l.inv.facts.Owners.Recorded
	}
	for _, file := range []string{at.File, at.DefinedIn} {
		if local := l.places.local(file); file != "" && local.known &&
			filepath.Clean(local.name) == l.inv.facts.PersistedFile {
			return true
		}
	}
	return false
}
