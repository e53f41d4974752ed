package diff

import (
	"maps"
	"slices"

	"github.com/clanctl/clanctl/pkg/instance"
)

// Sources are changes of what an inventory is about rather than of what it says: machines can be other ones for it, and nothing
// else in a Difference tells.
type Sources struct {
	// Files are the files of the flake that changed; nil where that is not known. Of does not know: whoever has the trees
	// says it.
	Files []string `json:"files"`
	// Inputs are the flake inputs that changed in flake.lock, or else whose source is another one.
	Inputs []Input `json:"inputs"`
	// Own are the instances of both clans whose module lies in the flake's own tree: where a file of it changed, the module may have.
	Own []string `json:"own"`
}

// Input is a flake input that changed.
type Input struct {
	Change Change `json:"change"`
	Input  string `json:"input"`
	// Instances are those, in both clans, that take their module from it.
	Instances []string `json:"instances"`
	// New and Old are where it is locked; nil where it is not.
	New *instance.Lock `json:"new,omitzero"`
	Old *instance.Lock `json:"old,omitzero"`
}

func (c *comparison) sources() Sources {
	s := Sources{Inputs: []Input{}, Own: []string{}}
	users := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(c.new.Instances)) {
		if c.old.Instances[name] == nil {
			continue
		}
		input := c.new.Instances[name].Module.Resolved
		users[input] = append(users[input], name)
		if input != "" && c.new.Catalogue.Inputs[input].Source == "" {
			s.Own = append(s.Own, name)
		}
	}
	names := slices.AppendSeq(union(c.old.Locked, c.new.Locked), maps.Keys(c.new.Catalogue.Inputs))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		i := Input{Input: name, Change: Changed, Instances: users[name]}
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
		before, after := c.old.Catalogue.Inputs[name].Source, c.new.Catalogue.Inputs[name].Source
		if old != new || wasLocked != isLocked || before != after && before != "" && after != "" {
			s.Inputs = append(s.Inputs, i)
		}
	}
	return s
}
