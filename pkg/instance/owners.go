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
	owners := &facts.Owners{Recorded: l.facts.owners.instances.Value.Recorded}
	l.inv.facts.Owners = owners
	owners.Below = map[string]*facts.Place{}
	for name, part := range map[string]reader.Part[reader.Owners]{"instances": l.facts.owners.instances,
		"machines": l.facts.owners.machines} {
		tree := convert(part.Value.Below, l.own, name)
		// The option's own default is nothing that could be lost.
		if p := part.Value.Priority; p != nil && *p != 0 && *p != plainPriority &&
			(*p < plainPriority || len(tree.Below) > 0) {
			tree.Owners = []facts.Owner{{Priority: *p}}
		}
		owners.Below[name] = tree
	}
}

// plainPriority is that of a value without mkForce or mkDefault.
const plainPriority = 100

// own says who defines a part of the inventory.
func (l *loader) own(place *facts.Place, definitions []reader.At, path []string) {
	for _, at := range definitions {
		place.Owners = append(place.Owners,
			facts.Owner{Priority: at.Priority, Position: l.places.pick([]reader.At{at}, path),
				Persisted: l.isPersisted(at)})
	}
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
