package instance

import (
	"cmp"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/filetree"
	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/internal/members"
	"github.com/clanctl/clanctl/internal/reader"
	"github.com/clanctl/clanctl/internal/services"
)

// decode turns the facts into the inventory, and lists what is missing from it.
func (l *loader) decode() {
	flake := l.facts.flake.Value
	l.places = newPlacer(l.Sources)
	inv := &Inventory{
		SchemaVersion: schemaVersion,
		Findings:      []Finding{},
		Flake:         Flake{ClanCore: flake.CoreInput, Layout: flake.Layout, Ref: l.ref.Text, URL: l.ref.URL},
		Instances:     map[string]*Instance{},
		Meta:          map[string]any{},
		Locked:        map[string]Lock{},
		facts: facts.Inventory{
			AllInstances:   emptyNotNil(l.facts.instanceNames.Value),
			Following:      flake.Following.Value,
			UnknownInputs:  flake.UnknownInputs.Value,
			LegacyServices: flake.LegacyServices.Value,
			LegacyDropped:  flake.ServicesDropped,
			Trees:          append([]filetree.Source{treeOf(l.ref)}, l.LocalInputs...),
		},
	}
	l.inv = inv
	for name, lock := range flake.Locked.Value {
		inv.Locked[name] = Lock(lock)
	}
	stores := map[string]string{}
	inv.facts.Catalogue = l.catalogue(stores)
	l.places = l.places.withInputs(stores)
	if dir := l.places.local(flake.Directory.Value); dir.own && dir.name != "." {
		// clan copies its directory to the store by itself.
		l.places = l.places.withDir(dir.name)
	}
	if dir, known := l.clanDir(); known {
		inv.facts.PersistedFile = filepath.Join(dir, facts.PersistedName)
	}
	if l.config.Need&NeedMachines != 0 {
		meta, _ := l.facts.meta.Prune(func(path []string, f *reader.Failure) {
			l.lose(f, codes.EvaluationFailed, Subject{Setting: append([]string{"meta"}, path...)}, Cause{})
		})
		if set, is := meta.(map[string]any); is {
			inv.Meta = set
		}
		l.decodeMachines()
		l.decodeInstances()
		l.decodeExports()
	}
	inv.facts.Untracked = l.untracked
	for name, part := range l.facts.missing.Value {
		for _, file := range part.Value {
			if inv.facts.Missing == nil {
				inv.facts.Missing = map[string]string{}
			}
			inv.facts.Missing[name] = l.places.local(file).name
		}
	}
	inv.facts.Places = &facts.Place{Below: map[string]*facts.Place{}}
	places := &l.facts.places
	for name, tree := range map[string]reader.Part[reader.Named[reader.Place]]{
		"instances": places.instances, "machines": places.machines, "tags": places.tags, "services": places.services,
		"exports": places.exports,
	} {
		if name == "instances" && places.settings.Value != nil {
			tree = places.settings // the same, and deeper
		}
		inv.facts.Places.Below[name] = l.places.tree(tree.Value, name)
	}
	if at := inv.facts.Places.Below["instances"]; at.Below != nil {
		maps.Copy(at.Below, l.places.tree(places.failing.Value, "instances").Below) // the same, and deeper
	}
	for _, scope := range inv.facts.Places.Below["exports"].Below {
		// What a function makes is not known.
		maps.DeleteFunc(scope.Below, func(_ string, p *facts.Place) bool { return len(p.Below) == 0 })
	}
	l.placeMissing()
	l.decodeOwners()
	l.decodeSetting()
}

// catalogue is what the inputs offer that evaluate: the instances that name others have findings of their own. Where
// they are goes into stores.
func (l *loader) catalogue(stores map[string]string) services.Catalogue {
	c := services.Catalogue{Inputs: map[string]services.Input{}, Null: l.facts.flake.Value.NullInput,
		Names: l.facts.inputNames}
	for name, part := range l.facts.inputs.Value {
		if part.OK() && part.Value.Services.OK() {
			c.Inputs[name] = l.input(name, part.Value, stores)
		}
	}
	return c
}

// input is what an input offers; where it is goes into stores.
func (l *loader) input(name string, in reader.Input, stores map[string]string) services.Input {
	source := ""
	if s := in.Source.Value; s != nil {
		source = *s
	}
	if source != "" && name != "self" {
		stores[name] = source
	}
	if strings.HasPrefix(source+"/", l.facts.flake.Value.Source+"/") {
		source = ""
	}
	return services.Input{
		Source: source, HasServices: in.Services.Value != nil, Services: in.Services.Value,
		Deprecated: in.Deprecated.Value,
	}
}

func (l *loader) decodeMachines() {
	inv := l.inv
	machines := l.facts.machines
	inv.facts.DeclaredTags = map[string][]string{}
	if !machines.OK() {
		l.lose(machines.Failure, codes.MachinesFailed, Subject{}, Cause{Part: "machines"})
		return
	}
	inv.Machines = map[string]*Machine{}
	broken := false
	for _, name := range sortedKeys(machines.Value) {
		part := machines.Value[name]
		about := Subject{Machine: name}
		failure := part.Failure
		if failure == nil && part.Value.MachineClass.Failure != nil {
			failure, about.Setting = part.Value.MachineClass.Failure, []string{"machineClass"}
		}
		if failure != nil {
			broken = true
			l.lose(failure, codes.MachineFailed, about, Cause{Whole: true})
			continue
		}
		inv.Machines[name] = l.machine(name, part.Value)
	}
	l.decodeCarried(l.decodeTags(broken), broken)
	inv.facts.Unknown = sortedUnique(slices.DeleteFunc(sortedKeys(machines.Value), func(name string) bool {
		return inv.Machines[name] != nil
	}))
}

// decodeTags reads the inventory's tags, and reports whether they are well. What a broken machine breaks, they cannot
// help.
func (l *loader) decodeTags(broken bool) (well bool) {
	well = true
	lose := func(f *reader.Failure, cause Cause) {
		if f != nil && !broken {
			well = false
			l.lose(f, codes.TagFailed, Subject{}, cause)
		}
	}
	lose(l.facts.tags.Failure, Cause{Part: "tags"})
	for _, name := range sortedKeys(l.facts.tags.Value) {
		var lost *reader.Failure
		value, ok := l.facts.tags.Value[name].Prune(func(_ []string, f *reader.Failure) { lost = f })
		lose(lost, Cause{Tag: name})
		if ok && lost == nil {
			l.inv.facts.DeclaredTags[name] = jsonvalue.Strings(value)
		}
	}
	return well
}

// decodeCarried reads the tags that machines carry, and who carries each tag. A machine whose tags do not evaluate is
// lost.
func (l *loader) decodeCarried(wellTagged, broken bool) {
	inv := l.inv
	carried := map[string][]string{}
	for _, name := range sortedKeys(inv.Machines) {
		part, known := l.facts.carried.Value[name]
		switch {
		case known && part.OK():
			inv.Machines[name].Tags = sortedUnique(part.Value)
			carried[name] = inv.Machines[name].Tags
			continue
		case known && wellTagged:
			l.lose(part.Failure, codes.MachineFailed, Subject{Machine: name, Setting: []string{"tags"}},
				Cause{Whole: true})
			// In a clan a broken machine breaks the tags of all.
			l.losses[len(l.losses)-1].ifMalformed = broken && inv.Flake.Layout != facts.LayoutInventory
		}
		delete(inv.Machines, name)
	}
	inv.Tags = map[string][]string{}
	for tag := range inv.facts.DeclaredTags {
		inv.Tags[tag] = []string{}
	}
	maps.Copy(inv.Tags, members.Carriers(carried))
}

func (l *loader) machine(name string, node reader.Machine) *Machine {
	field := func(f *reader.Failure, name ...string) {
		if f != nil {
			l.lose(f, codes.MachineFailed, Subject{Machine: name[0], Setting: name[1:]}, Cause{})
		}
	}
	field(node.Description.Failure, name, "description")
	field(node.Icon.Failure, name, "icon")
	field(node.InstalledAt.Failure, name, "installedAt")
	m := &Machine{
		Class: node.MachineClass.Value, Description: deref(node.Description.Value), Icon: deref(node.Icon.Value),
		InstalledAt: node.InstalledAt.Value,
	}
	if m.Class == "" {
		m.Class = "nixos"
	}
	deploy, _ := node.Deploy.Prune(func(path []string, f *reader.Failure) {
		field(f, append([]string{name, "deploy"}, path...)...)
	})
	if set, is := deploy.(map[string]any); is {
		for key, value := range set {
			if value == nil {
				delete(set, key)
			}
		}
		if len(set) > 0 {
			m.Deploy = set
		}
	}
	return m
}

func (l *loader) decodeInstances() {
	if failure := l.facts.instanceNames.Failure; failure != nil {
		l.lose(failure, codes.InstancesFailed, Subject{}, Cause{Part: "instances"})
		return
	}
	// What is lost as a whole is nobody's own fault, and missing from all.
	if failure := cmp.Or(l.facts.instances.Failure, l.facts.services.Failure,
		l.facts.evaluated.Failure); failure != nil {
		l.lose(failure, codes.InstancesFailed, Subject{}, Cause{Part: "instances"})
	}
	l.interfaces = map[[2]string]*services.Interface{}
	for _, name := range sortedKeys(l.facts.instances.Value) {
		if len(l.query.Instances) > 0 && !slices.Contains(l.query.Instances, name) {
			continue
		}
		part := l.facts.instances.Value[name]
		// Its own attributes come first: what they break, nothing else is to blame for.
		if failure := cmp.Or(part.Failure, part.Value.Module.Failure, part.Value.Roles.Failure); failure != nil {
			l.lose(failure, codes.InstanceFailed, Subject{Instance: name}, Cause{})
			continue
		}
		spec := part.Value.Module.Value
		inst := &Instance{Module: Module{Input: spec.Input, Name: spec.Name}, Roles: map[string]*Role{}}
		l.inv.Instances[name] = inst
		d := &instanceDecoder{loader: l, name: name, inst: inst}
		evaluated, known := l.facts.evaluated.Value[name]
		d.evaluated = evaluated.Value
		if evaluated.Failure != nil {
			l.lose(evaluated.Failure, codes.InstanceFailed, Subject{Instance: name}, Cause{})
			d.failed = true
		}
		if known && evaluated.OK() {
			d.service()
		} else {
			inst.Module.Resolved, _ = l.inv.facts.Catalogue.Resolve(inst.Module.Spec())
		}
		for _, role := range sortedKeys(part.Value.Roles.Value) {
			d.role(role, part.Value.Roles.Value[role])
		}
	}
	l.unreached()
}

// unreached reports services and instances that clan itself does not reach, where nothing was found that explains it.
func (l *loader) unreached() {
	if slices.ContainsFunc(l.losses, func(loss loss) bool { return loss.finding.Severity == SeverityError }) {
		return
	}
	for _, name := range sortedKeys(l.inv.Instances) {
		evaluated := l.facts.evaluated.Value[name].Value
		service := l.facts.services.Value[evaluated.Key].Value
		if failure := cmp.Or(service.Clan.Failure, evaluated.Clan.Failure); failure != nil &&
			failure.Kind != reader.Blocked {
			l.lose(failure, codes.ModuleFailed, Subject{Instance: name}, Cause{})
		}
	}
}
