package store

import (
	"slices"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/pkg/instance"
)

// Access says whether inventory.json can change a part of the inventory.
type Access struct {
	// Writable: a value can be written (of a set or list: something can be added).
	Writable bool `json:"writable"`
	// Removable: the part is inventory.json's alone, so that it can be taken away.
	Removable bool `json:"removable"`
	// Persisted: inventory.json defines the part, or something in it.
	Persisted bool `json:"persisted"`
	// Reason says why it is not writable, or, where it is, not removable: "forced", "defined", "settings", "default" or
	// "element".
	Reason string `json:"reason,omitempty"`
	// Part is what the definitions define that stand in the way: the part itself, or something around it.
	Part []string `json:"part,omitempty"`
	// Positions are the definitions in Nix that stand in the way, as far as Nix knows where they are.
	Positions []instance.Position `json:"positions,omitempty"`
}

// plainPriority is that of a value without mkForce or mkDefault, and of all that is in inventory.json.
const plainPriority = 100

// Access says whether a part of the inventory can be changed, given by its path below `inventory`: ("instances", NAME,
// "roles", ROLE, "machines", MACHINE), a setting ("instances", NAME, "roles", ROLE, "settings", OPTION...),
// ("machines", MACHINE, "description") or an element of a list ("machines", MACHINE, "tags", TAG).
//
// It tells what the definitions tell. The last word is the evaluation of the changed clan; see [Store.Preview].
func (s *Store) Access(path ...string) Access {
	access := Access{Persisted: s.persists(path)}
	deny := func(reason string, part []string, owners []facts.Owner) Access {
		access.Writable, access.Removable, access.Reason, access.Part = false, false, reason, part
		for _, owner := range owners {
			if owner.Position != nil && !slices.Contains(access.Positions, *owner.Position) {
				access.Positions = append(access.Positions, *owner.Position)
			}
		}
		return access
	}
	layer := layerOf(path)
	for end := 1; end <= len(path); end++ {
		part := path[:end]
		owners := facts.Of(s.before).Owners.Of(part...)
		if forced := having(owners, func(p int64) bool { return p < plainPriority }); len(forced) > 0 {
			return deny(codes.ReadOnlyForced, part, forced)
		}
		isLayer := end == layer
		if isLayer {
			if plain := having(owners, func(p int64) bool { return p == plainPriority }); len(plain) > 0 {
				// The option itself, if Nix has just that.
				if end < len(path) {
					if exact := facts.Of(s.before).Owners.Of(path[:end+1]...); len(exact) > 0 {
						part, plain = path[:end+1], exact
					}
				}
				return deny(codes.ReadOnlySettings, part, plain)
			}
		}
		defaults := having(owners, func(p int64) bool { return p > plainPriority })
		if len(defaults) > 0 && len(defaults) == len(owners) && (end < len(path) || isLayer) && !s.doc.has(part...) {
			return deny(codes.ReadOnlyDefault, part, defaults)
		}
		if isLayer {
			break // inside, everything is inventory.json's
		}
	}
	owners := having(facts.Of(s.before).Owners.Of(path...), func(p int64) bool { return p == plainPriority })
	if layer > 0 || len(owners) == 0 {
		access.Writable, access.Removable = true, access.Persisted
		return access
	}
	if isScalar(path) {
		return deny(codes.ReadOnlyDefined, path, owners)
	}
	access = deny(codes.ReadOnlyElement, path, owners)
	access.Writable = true
	return access
}

// persists reports whether inventory.json has a part.
func (s *Store) persists(path []string) bool {
	if s.doc.has(path...) {
		return true
	}
	n := len(path) - 1
	return n > 0 && s.doc.isList(path[:n]...) && slices.Contains(s.doc.names(path[:n]...), path[n])
}

func having(owners []facts.Owner, match func(int64) bool) []facts.Owner {
	var found []facts.Owner
	for _, owner := range owners {
		if match(owner.Priority) {
			found = append(found, owner)
		}
	}
	return found
}

// layerOf returns how much of a path leads to a layer of settings; 0 if none does.
func layerOf(path []string) int {
	if len(path) < 5 || path[0] != "instances" || path[2] != "roles" {
		return 0
	}
	switch {
	case path[4] == "settings":
		return 5
	case len(path) >= 7 && (path[4] == "machines" || path[4] == "tags") && path[6] == "settings":
		return 7
	}
	return 0
}

// isScalar reports whether a part is a plain value, of which there can be one definition only.
func isScalar(path []string) bool {
	switch {
	case len(path) == 4 && path[0] == "instances":
		return path[2] == "module"
	case len(path) == 3 && path[0] == "machines":
		return path[2] != "tags" && path[2] != "deploy"
	case len(path) == 4 && path[0] == "machines":
		return path[2] == "deploy"
	}
	return false
}
