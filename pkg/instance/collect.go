package instance

import (
	"context"

	"github.com/clanctl/clanctl/internal/nearest"
)

// The parts of the reader's tree that a load asks for beside the instances.
var skeleton = []string{"flake", "meta", "machines", "tags", "inputs", "instanceNames"}

// collect asks for everything in one process; if that dies, for the parts in processes of their own.
func (l *loader) collect(ctx context.Context) error {
	var paths [][]string
	for _, name := range skeleton {
		paths = append(paths, []string{name})
	}
	wanted := l.wanted
	if l.omit == OmitInstances {
		wanted = nil
	} else if len(wanted) == 0 {
		paths = append(paths, []string{"instances"}, []string{"positions", "instances"})
	}
	paths = append(paths, []string{"positions", "machines"}, []string{"positions", "tags"}, []string{"positions", "services"})
	for _, name := range wanted {
		paths = append(paths, []string{"instances", name}, []string{"positions", "instances", name})
	}
	if l.setting != nil {
		paths = append(paths, []string{"setting"}, []string{"positions", "settings", l.setting.Instance})
	}
	if l.owners {
		paths = append(paths, []string{"owners", "instances"}, []string{"owners", "machines"})
	}
	values, result, err := l.ask(ctx, query{Select: paths, Instances: l.wanted, Raw: l.omit == OmitSettings, Setting: l.setting})
	if err != nil {
		if !isolates(err) {
			return err
		}
		return l.isolate(ctx)
	}
	l.facts = map[string]any{}
	for i, path := range paths {
		if len(path) == 3 && path[1] == "settings" {
			path = []string{"positions", "instances", path[2]} // the same tree, and deeper
		}
		graft(l.facts, path, values[i])
	}
	l.events, l.sources, l.first, l.localInputs = result.Events, result.Sources, result, result.LocalInputs
	return l.checkShape()
}

// checkShape rules out flakes that hold no clan, and names that the clan does not have.
func (l *loader) checkShape() error {
	flake := l.facts["flake"]
	switch asString(child(flake, "layout")) {
	case "none":
		return &NotClanError{Outputs: asStrings(child(flake, "outputs"))}
	case "legacy":
		return &LegacyError{Services: asStrings(child(flake, "legacyServices"))}
	}
	known := asStrings(l.facts["instanceNames"])
	for _, name := range l.wanted {
		if markOf(child(l.facts, "instances", name)) == markAbsent {
			return &UnknownInstanceError{Name: name, Known: known, Nearest: nearest.Of(name, known)}
		}
	}
	return nil
}
