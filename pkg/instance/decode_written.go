package instance

import (
	"slices"

	"github.com/clanctl/clanctl/pkg/module"
)

// written decodes what written.nix tells of a module, and where the module itself is.
func (l *moduleLoader) written(node, placed any) *module.Written {
	at := newPositions(child(node, "positions"), l.sources)
	// The first of some places that is known.
	place := func(candidates ...*Position) module.Position {
		for _, found := range append(candidates, at.pick(placed, nil)) {
			if found != nil {
				return module.Position{File: found.File, Line: found.Line, Column: found.Column}
			}
		}
		return module.Position{}
	}
	if bad(node) {
		return &module.Written{Unknown: true, HasName: true, HasReadme: true, Position: place(), Constraints: place()}
	}
	var manifest []*Position
	for _, name := range append([]string{"name"}, sortedKeys(asMap(child(node, "positions", "manifest")))...) {
		manifest = append(manifest, at.of("manifest", name))
	}
	w := &module.Written{
		Position:    place(manifest...),
		Constraints: place(append([]*Position{at.of("manifest", "constraints")}, manifest...)...),
		PerMachine:  asBool(child(node, "perMachine")),
		Roles:       map[string]module.WrittenRole{},
	}
	given := child(node, "manifest")
	w.HasName = bad(given) || slices.Contains(asStrings(given), "name")
	w.HasReadme = bad(given) || slices.Contains(asStrings(given), "readme")
	for _, limits := range asList(child(node, "constraints")) {
		clean, _ := prune(limits, nil, nil, func(hole) {})
		if set, isSet := clean.(map[string]any); isSet {
			w.Limits = append(w.Limits, set)
		}
	}
	for role, r := range asMap(child(node, "roles")) {
		w.Roles[role] = module.WrittenRole{
			Position:     place(at.of("roles", role)),
			HasBehaviour: asBool(child(r, "behaves")),
			HasInterface: asBool(child(r, "interface")),
		}
	}
	return w
}
