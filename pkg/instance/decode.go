package instance

import (
	"encoding/json"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/pkg/module"
	"github.com/clanctl/clanctl/pkg/tags"
)

// missing is a part that could not be evaluated, on its way to becoming a finding.
type missing struct {
	hole
	finding Finding
	// probe: ask Nix for the message that tryEval dropped.
	probe bool
}

// decode turns the facts into the inventory, and lists what is missing from it.
func (l *loader) decode() (*Inventory, error) {
	flake := l.facts["flake"]
	inv := &Inventory{
		SchemaVersion:  SchemaVersion,
		Findings:       []Finding{},
		Flake:          Flake{Layout: Layout(asString(child(flake, "layout"))), ClanCore: asString(child(flake, "coreInput"))},
		Instances:      map[string]*Instance{},
		Meta:           map[string]any{},
		AllInstances:   asStrings(l.facts["instanceNames"]),
		LegacyServices: asStrings(child(flake, "legacyServices")),
		LegacyDropped:  asBool(child(flake, "servicesDropped")),
		Locked:         map[string]Lock{},
	}
	for name, lock := range asMap(child(flake, "locked")) {
		inv.Locked[name] = Lock{LastModified: asInt(child(lock, "lastModified")), NarHash: asString(child(lock, "narHash")), Rev: asString(child(lock, "rev"))}
	}
	l.inv = inv
	if meta, ok := prune(l.facts["meta"], []string{"meta"}, nil, l.whole("meta")); ok {
		inv.Meta, _ = meta.(map[string]any)
	}
	l.decodeCatalogue()
	if dir, own := l.sources.Local(asString(child(flake, "directory"))); own && dir != "." {
		l.sources = l.sources.WithDir(dir)
	}
	if dir, known := l.clanDir(); known {
		inv.PersistedFile = filepath.Join(dir, PersistedName)
	}
	l.decodeMachines()
	if node := l.facts["instanceNames"]; bad(node) {
		l.miss(hole{path: []string{"instanceNames"}, node: node}, NewFinding(CodeInstancesFailed, Subject{}, Cause{Part: "instances"}))
	}
	for _, name := range sortedKeys(asMap(l.facts["instances"])) {
		l.decodeInstance(name, l.facts["instances"].(map[string]any)[name])
	}
	inv.positions = newPositions(l.facts["positions"], l.sources)
	return inv, nil
}

// clanDir is the clan's directory relative to the top of the flake's source tree; false where it is not in it.
func (l *loader) clanDir() (string, bool) {
	if l.inv.Flake.Layout == LayoutInventory {
		return filepath.FromSlash(l.dir), true // without clan-core it is the flake's own
	}
	dir, own := l.sources.Local(asString(child(l.facts["flake"], "directory")))
	return dir, own && !strings.HasPrefix(dir, "<")
}

// whole reports holes in a part of the clan that is no instance.
func (l *loader) whole(part string) func(hole) {
	return func(h hole) { l.miss(h, NewFinding(CodeEvaluationFailed, Subject{}, Cause{Part: part})) }
}

func (l *loader) miss(h hole, f Finding) {
	m := missing{hole: h, finding: f}
	switch {
	case markOf(h.node) == markOpaque:
		m.finding = NewFinding(CodeNotRepresentable, f.Subject, Cause{Whole: f.Partial()})
	case !h.undefined:
		_, failed := h.node.(failure)
		m.probe = !failed
	}
	l.missing = append(l.missing, m)
}

func (l *loader) decodeCatalogue() {
	inputs := asMap(l.facts["inputs"])
	c := module.Catalogue{Inputs: map[string]module.Input{}, Null: asString(child(l.facts["flake"], "nullInput"))}
	if names, known := inputs["names"].([]any); known {
		c.Names = asStrings(names)
	}
	stores := map[string]string{}
	for name, input := range asMap(inputs["used"]) {
		if bad(input) || bad(child(input, "services")) {
			// The instances that name it have findings of their own.
			continue
		}
		source := asString(child(input, "source"))
		if source != "" && name != "self" {
			stores[name] = source
		}
		if strings.HasPrefix(source+"/", asString(child(l.facts["flake"], "source"))+"/") {
			source = ""
		}
		c.Inputs[name] = module.Input{
			Source:      source,
			HasServices: child(input, "services") != nil,
			Services:    asStrings(child(input, "services")),
			Deprecated:  asStrings(child(input, "deprecated")),
		}
	}
	l.inv.Catalogue = c
	l.sources = l.sources.WithInputs(stores)
}

func (l *loader) decodeMachines() {
	inv := l.inv
	carried := map[string][]string{}
	if node := l.facts["machines"]; bad(node) {
		l.miss(hole{path: []string{"machines"}, node: node}, NewFinding(CodeMachinesFailed, Subject{}, Cause{Part: "machines"}))
	} else {
		inv.Machines = map[string]*Machine{}
		for name, raw := range asMap(node) {
			m, keep := l.decodeMachine(name, raw)
			if !keep {
				inv.machinesMissing = true
				continue
			}
			inv.Machines[name] = m
			carried[name] = m.Tags
		}
	}
	inv.DeclaredTags = map[string][]string{}
	inv.Tags = map[string][]string{}
	report := l.whole("tags")
	if inv.Machines == nil {
		report = func(hole) {} // said already
	}
	if clean, ok := prune(l.facts["tags"], []string{"tags"}, nil, report); ok {
		for tag, names := range asMap(clean) {
			inv.DeclaredTags[tag] = asStrings(names)
			inv.Tags[tag] = []string{}
		}
	}
	inv.index = tags.NewIndex(carried)
	for _, tag := range inv.index.Tags() {
		inv.Tags[tag] = inv.index.Carriers(tag)
	}
	if inv.Machines == nil {
		inv.Tags = nil
	}
}

func (l *loader) decodeMachine(name string, raw any) (*Machine, bool) {
	partial := false
	node, ok := prune(raw, []string{"machines", name}, nil, func(h hole) {
		whole := len(h.user) == 0 || h.user[0] == "tags" || h.user[0] == "machineClass"
		partial = partial || whole
		l.miss(h, NewFinding(CodeMachineFailed, Subject{Machine: name, Setting: h.user}, Cause{Whole: whole}))
	})
	if !ok || partial {
		return nil, false
	}
	m := &Machine{
		Name:        name,
		Class:       asString(child(node, "machineClass")),
		Description: asString(child(node, "description")),
		Icon:        asString(child(node, "icon")),
		Tags:        sortedUnique(asStrings(child(node, "tags"))),
	}
	if m.Class == "" {
		m.Class = "nixos"
	}
	if n, ok := child(node, "installedAt").(json.Number); ok {
		at := asInt(n)
		m.InstalledAt = &at
	}
	for key, value := range asMap(child(node, "deploy")) {
		if value != nil {
			if m.Deploy == nil {
				m.Deploy = map[string]any{}
			}
			m.Deploy[key] = value
		}
	}
	return m, true
}

func (l *loader) decodeInstance(name string, node any) {
	path := []string{"instances", name}
	if bad(node) {
		l.miss(hole{path: path, node: node}, NewFinding(CodeInstanceFailed, Subject{Instance: name}, Cause{}))
		return
	}
	inst := &Instance{Name: name, Roles: map[string]*Role{}}
	spec := child(node, "module")
	inst.Module.Name = asString(child(spec, "name"))
	if input, ok := child(spec, "input").(string); ok {
		inst.Module.Input = &input
	}
	if bad(spec) || bad(child(spec, "name")) {
		l.miss(hole{path: extend(path, "module"), node: spec}, NewFinding(CodeInstanceFailed, Subject{Instance: name}, Cause{Part: "module"}))
		return
	}
	for _, file := range asStrings(child(spec, "files")) {
		if local, known := l.sources.Local(definitionFile(file)); known {
			inst.Module.Files = append(inst.Module.Files, local)
		}
	}
	inst.Module.Files = sortedUnique(inst.Module.Files)
	l.inv.Instances[name] = inst
	ok := l.decodeService(inst, child(node, "service"), extend(path, "service"))
	roles := child(node, "roles")
	if bad(roles) {
		l.miss(hole{path: extend(path, "roles"), node: roles}, NewFinding(CodeInstanceFailed, Subject{Instance: name}, Cause{Part: "roles"}))
		return
	}
	for role, raw := range asMap(roles) {
		l.decodeRole(inst, role, raw, ok)
	}
}

// decodeService fills in what the instance's module says of itself, and reports whether the instance can be evaluated.
func (l *loader) decodeService(inst *Instance, node any, path []string) bool {
	if markOf(node) == markBlocked {
		inst.Module.Resolved, _ = l.inv.Catalogue.Resolve(inst.Module.Spec())
		return false // not asked for
	}
	plain := l.inv.Flake.Layout == LayoutInventory
	resolved, err := l.inv.Catalogue.Resolve(inst.Module.Spec())
	// Before mid 2025 null meant the flake's own modules, wherever it kept them: what evaluates was found.
	found := !bad(node) && !bad(child(node, "manifest"))
	if err != nil && !found {
		// Without clan-core nothing but the module's manifest and roles is lost.
		finding := unresolved(inst.Name, err, !plain)
		if !plain || inst.Module.Input != nil || len(l.inv.Catalogue.Inputs["self"].Services) > 0 {
			// A removed module says itself what to use instead.
			var gone *module.DeprecatedError
			l.missing = append(l.missing, missing{hole: hole{path: path}, finding: finding, probe: errors.As(err, &gone) && markOf(node) == markThrows})
		}
		return plain
	}
	inst.Module.Resolved = resolved
	if !found {
		l.miss(hole{path: path, node: markThrowsNode(node)}, NewFinding(CodeModuleFailed, Subject{Instance: inst.Name}, Cause{}))
		return plain
	}
	report := func(h hole) {
		l.miss(h, NewFinding(CodeManifestFailed, Subject{Instance: inst.Name}, Cause{}))
	}
	if manifest, ok := prune(child(node, "manifest"), extend(path, "manifest"), nil, report); ok && manifest != nil {
		inst.Module.Manifest = decodeManifest(manifest)
	}
	roles, ok := child(node, "roles").(map[string]any)
	if !ok {
		return true
	}
	inst.Module.Roles = map[string]module.Role{}
	for _, role := range sortedKeys(roles) {
		about, _ := prune(roles[role], extend(path, "roles", role), nil, report)
		inst.Module.Roles[role] = module.Role{Description: asString(child(about, "description"))}
	}
	return true
}

// markThrowsNode is the failed part of a service: itself, or its manifest.
func markThrowsNode(node any) any {
	if bad(node) {
		return node
	}
	return child(node, "manifest")
}

func decodeManifest(node any) *module.Manifest {
	constraints, _ := child(node, "constraints").(map[string]any)
	return &module.Manifest{
		Name:        asString(child(node, "name")),
		Description: asString(child(node, "description")),
		Categories:  asStrings(child(node, "categories")),
		Constraints: constraints,
		Exports:     child(node, "exports"),
	}
}

func sortedUnique(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}
