// Package facts is what a load of a clan finds out besides its document: what this project's packages decide
// by, and no promise to anybody else. Package instance keeps it with an inventory and its roles, out of sight
// of those who import it.
package facts

import (
	"encoding/json"
	"iter"
	"slices"
	"sync"

	"github.com/clanctl/clanctl/internal/filetree"
	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/pkg/module"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// Package instance sets these; it is the only one that can look into its types.
var (
	// Of are the facts of an *instance.Inventory. There are none but zero values in one that was read back or
	// made by hand.
	Of func(inventory any) *Inventory
	// OfRole are the facts of an *instance.Role.
	OfRole func(role any) *Role
	// LayersOf are the layers of a member's settings, of an *instance.Role, in clan's order of merging: tags
	// in reverse alphabetical order, machine, role. Of a machine that is no member there is the role's alone.
	LayersOf func(role any, machine string) []Layer
	// FilesOf are the settings that are paths into the flake itself, of *instance.Settings, by their paths
	// joined with NUL; nil in settings that were read back or made by hand.
	FilesOf func(settings any) map[string]FlakeFile
	// PlaceFinding gives a *instance.Finding of an *instance.Inventory that concerns several machines alike the place
	// and the definitions that it has for one of them.
	PlaceFinding func(inventory, finding any, machine string)
	// At is the position of exactly one option of an *instance.Inventory, given by its path below `inventory`; nil if
	// it has none.
	At func(inventory any, path ...string) *nixeval.Position
	// DetailsOf are the lines of an instance.Finding below its first.
	DetailsOf func(finding any) string
	// InterfacesOf are the values of all interfaces of an *instance.Export by name, as JSON decodes them, with numbers
	// as json.Number. Those of nil are none.
	InterfacesOf func(export any) map[string]any
	// Ask is what an *instance.Config asks for besides what its fields say.
	Ask func(config any) *Query
	// Attributes are the names that clan knows below a part of the inventory, given by its path; nil where names are
	// the user's.
	Attributes func(path []string) []string
)

// Query is what to load besides.
type Query struct {
	// Modules says which service modules to look at, with [NeedModules].
	Modules ModuleQuery
	// Progress, if set, is called when it is known anew how many parts of the clan do not evaluate.
	Progress func(Progress)
	// Untracked, if set, is called with the files that git does not track, where findings tell of them.
	Untracked func([]string)
}

// Progress is how far a load is that meets parts which do not evaluate.
type Progress struct {
	// LeftOut are the parts that end Nix, so that the others are asked for without them.
	LeftOut int
	// Left are the parts of which Nix still has to say why they do not evaluate.
	Left int
}

// These go with the needs of package instance.
const (
	// NeedOwners: which definitions in Nix there are of each part of the inventory ([Inventory.Owners]).
	NeedOwners = 1 << (16 + iota)
	// NeedModules: the service modules of the flake's inputs, used or not ([Inventory.Modules]). Alone, the
	// flake need not hold a clan.
	NeedModules
	// NeedPlaces: with the settings, where each is written.
	NeedPlaces
	// NeedInterfaces: with the settings, the options that roles declare.
	NeedInterfaces
	// NeedExportPlaces: with exports, where modules set them.
	NeedExportPlaces
	// NeedSetting: what the module system knows of the setting that the config names. Package instance adds it.
	NeedSetting
)

// These are the values of Layout of an instance.Flake.
const (
	LayoutClan      = "clan"
	LayoutInternals = "clanInternals"
	LayoutInventory = "inventory"
)

// PersistedName is the name of the file in a clan's directory in which programs keep their part of the inventory.
const PersistedName = "inventory.json"

// BesideSettings are the attributes of a role that people write in its settings by mistake.
var BesideSettings = []string{"extraModules", "machines", "tags", "settings"}

// Inventory is what belongs to a clan as a whole.
type Inventory struct {
	// DeclaredTags is `inventory.tags` as evaluated: for each tag the names that it lists, known or not.
	DeclaredTags map[string][]string
	// Catalogue is what the flake's inputs offer, as far as instances name them.
	Catalogue services.Catalogue
	// Following are the inputs of inputs, such as "a/b", that follow one that is overridden or updated.
	Following []string
	// UnknownInputs are the inputs of inputs that were to be overridden or updated, and that there are not.
	UnknownInputs []string
	// AllInstances are the names of all instances of the clan, sorted, also of those that were not asked for.
	AllInstances []string
	// Unknown are the machines that do not evaluate, sorted.
	Unknown []string
	// Trees are the source trees that the clan was read from: the flake's own, then those of inputs in local
	// directories.
	Trees []filetree.Source
	// PersistedFile is the path of the clan's inventory.json relative to the top of the flake's source tree,
	// whether there is one or not; empty where the clan's directory is not in that tree. A flake without
	// clan-core keeps it beside its flake.nix.
	PersistedFile string
	// LegacyServices are the services defined under `inventory.services`, which clan-core deprecated in 2025;
	// LegacyDropped tells that this clan-core no longer reads them.
	LegacyServices []string
	LegacyDropped  bool
	// Places is where the parts of the inventory are written, by their names below `inventory`.
	Places *Place
	// Owners is what there is of the inventory in Nix; asked for with [NeedOwners].
	Owners *Owners
	// Setting is what instance.Config.Setting asks for, Modules what [NeedModules] does.
	Setting *SettingInfo
	Modules *Modules
	// Missing are the flake's own modules that are files which are not there, with the file. Untracked are
	// the files of the work tree that git neither tracks nor ignores, and Nix does not see. Both relative to
	// the top of the source tree, with instance.NeedChecks.
	Missing   map[string]string
	Untracked []string
	// Renamed are instances that are known to have another name than in the clan that the inventory is compared with:
	// the new name to the old. Such an instance is compared with itself, under its new name; its members are affected.
	// Findings are compared as they are: those of the other clan should speak of the new names already.
	Renamed map[string]string
}

// Role is what belongs to a role of an instance.
type Role struct {
	// Layers are the settings as they are written, before evaluation.
	Layers Layers
	// Interface is what the role declares; asked for with instance.NeedOrigins or NeedInterfaces, and not known
	// where the module does not evaluate.
	Interface *services.Interface
	// Own is what the module itself defines for each member; asked for with instance.NeedOrigins.
	Own map[string][]OwnDefinition
	// Idle are the Macs among the members that the service has nothing for; Missing are the files in
	// extraModules that are not there; Refused says what the module asserts of machines in the role and never holds.
	// All are there with instance.NeedChecks.
	Idle    []string
	Missing []string
	Refused []string
}

// Layers are the settings that an instance gives for a role, each with the definitions that make it up. Empty
// ones are left out; one that is written and does not evaluate has no definitions.
type Layers struct {
	// Role is `roles.<role>.settings`.
	Role []Definition
	// Machines is `roles.<role>.machines.<machine>.settings`, for each machine that has some.
	Machines map[string][]Definition
	// Tags is `roles.<role>.tags.<tag>.settings`, for each tag that has some.
	Tags map[string][]Definition
}

// Lookup is the value of a setting in the layer of a machine or a tag, or of the role where both are empty.
func (l Layers) Lookup(machine, tag string, path []string) (value any, found bool) {
	definitions := l.Role
	switch {
	case machine != "":
		definitions = l.Machines[machine]
	case tag != "":
		definitions = l.Tags[tag]
	}
	for _, definition := range definitions {
		if value, found := jsonvalue.Lookup(definition.Value(), path); found {
			return value, true
		}
	}
	return nil, false
}

// Layer is one of the layers of settings that make a member's.
type Layer struct {
	// Kind is "tag", "machine" or "role"; Name the tag or machine.
	Kind, Name  string
	Definitions []Definition
}

// Path leads to the layer's settings, below `inventory`.
func (l Layer) Path(instance, role string) []string {
	path := []string{"instances", instance, "roles", role}
	if l.Kind != "role" {
		path = append(path, l.Kind+"s", l.Name)
	}
	return append(path, "settings")
}

// OwnDefinition is a value that a module gives to one of its own options.
type OwnDefinition struct {
	Path []string
	// Priority is 100 for a plain value, as in [Option].
	Priority int64
	Definition
}

// Definition is one value given for a layer.
type Definition struct {
	// File is the file that Nix says it is in; inside flake-parts modules that can be another than where it is written.
	File string
	// JSON is the value, object keys sorted: mkForce, mkDefault and their like are sets with a `_type`. Most
	// of what a large fleet holds are these, and few ask for them.
	JSON json.RawMessage

	read *reading
}

// NewDefinition makes a definition of a value as JSON.
func NewDefinition(file string, text json.RawMessage) Definition {
	return Definition{File: file, JSON: text, read: &reading{}}
}

// reading is a value that is read when it is first asked for.
type reading struct {
	once  sync.Once
	value any
}

// Value is the value as maps, slices, strings, bools, nil and json.Number. Nobody may change it.
func (d Definition) Value() any {
	if d.read == nil {
		return jsonvalue.Parse(d.JSON)
	}
	d.read.once.Do(func() { d.read.value = jsonvalue.Parse(d.JSON) })
	return d.read.value
}

// Place is where a part of the inventory is written, and the parts below it by name.
type Place struct {
	// Position is nil where Nix does not know.
	Position *nixeval.Position
	Below    map[string]*Place
	// Owners are its definitions, in [Owners].
	Owners []Owner
}

// At returns the place of exactly one part; nil if nothing is known of it.
func (p *Place) At(path ...string) *Place {
	for _, name := range path {
		if p == nil {
			return nil
		}
		p = p.Below[name]
	}
	return p
}

// All yields the positions of a place and of all below it, in any order.
func (p *Place) All() iter.Seq[*nixeval.Position] {
	return func(yield func(*nixeval.Position) bool) { p.each(yield) }
}

func (p *Place) each(yield func(*nixeval.Position) bool) bool {
	if p == nil {
		return true
	}
	if p.Position != nil && !yield(p.Position) {
		return false
	}
	for _, below := range p.Below {
		if !below.each(yield) {
			return false
		}
	}
	return true
}

// Owners is what is defined of the inventory in Nix, outside of inventory.json.
type Owners struct {
	// Recorded: the module system tells who defines what. In a plain flake, and where clan-core is very old,
	// it does not; attributes that stand in a Nix file are known all the same.
	Recorded bool
	// Place has the definitions of the parts of the inventory, by their names below `inventory`.
	Place
}

// Owner is one definition of a part of the inventory.
type Owner struct {
	// Position is where it is written; nil if Nix does not know.
	Position *nixeval.Position
	// Priority is 100 for a plain value, less for one by force (mkForce), more for a default (mkDefault).
	Priority int64
	// Persisted: it is inventory.json's own.
	Persisted bool
}

// Of are the definitions of a part of the inventory outside of inventory.json, given by its path below
// `inventory`: ("instances", NAME, "roles", ROLE, "machines", MACHINE, "settings", OPTION), the names in a
// machine's list of tags like the names in a set. Empty where Nix defines no such thing.
func (o *Owners) Of(path ...string) []Owner {
	if o == nil {
		return nil
	}
	place := o.At(path...)
	if place == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(place.Owners), func(owner Owner) bool { return owner.Persisted })
}

// SettingInfo is what the module system knows of one setting.
type SettingInfo struct {
	// Value is the final value; HasValue is false where it does not evaluate or there is no such setting.
	Value    any
	HasValue bool
	// Err is Nix's error for the value, if it has one; Message what it says, in the user's terms.
	Err     error
	Message string
	// Options are the options on the way to the setting, from the outside in; the last one is the setting's
	// own, unless the way leads into a value that has no options. Empty where the role has no such option.
	Options []Option
}

// Option mirrors an option of nixpkgs' module system, as it is for one member.
type Option struct {
	// Depth is how much of the setting's path leads to the option.
	Depth int
	// Children are set instead of all that follows where the path ends at a set of options.
	Children []string
	// Option is what is declared.
	*services.Option
	// Priority is that of the definitions that count: 100 for a plain value, 50 for mkForce, 1000 for mkDefault.
	Priority int64
	// Definitions are those that count, in the order of merging.
	Definitions []Definition
}

// ModuleQuery says which modules to look at, and how closely. The zero value asks for what all modules of all
// inputs say of themselves, without READMEs and interfaces.
type ModuleQuery struct {
	// Inputs limits the modules to those of these inputs ("self" is the flake). Empty: all.
	Inputs []string
	// Interfaces asks for READMEs and for what each role accepts as settings, too.
	Interfaces bool
	// Written asks, for the modules of Inputs, also how they are written, see [services.Written].
	Written bool
	// Of, if not empty, limits the modules to those of these references, as a user writes them: "MODULE" or
	// "INPUT#MODULE". They are looked at closely, as with Interfaces, and Inputs does not matter.
	Of []string
	// ByInstance takes a reference in Of that is an instance's name for the instance's module.
	ByInstance bool
}

// Modules are the service modules that a flake's inputs offer, as far as they were asked for.
type Modules struct {
	// Catalogue has them by input and name, in [services.Input.Modules].
	Catalogue services.Catalogue
	// Uses are the clan's instances: the module that each means, and the roles that it mentions. Nil if they
	// do not evaluate.
	Uses map[string]ModuleUse
	// Found are the modules that the references of ModuleQuery.Of mean.
	Found map[string]*services.Service
}

// ModuleUse is an instance as far as modules go.
type ModuleUse struct {
	module.Spec
	// Roles are those that the instance mentions, sorted.
	Roles []string
}

// FlakeFile is a path into the flake that a setting holds.
type FlakeFile struct {
	// Path is relative to the top of the flake's source tree; Hash stands for what it leads to.
	Path, Hash string
}

// Declared are the interfaces that a module's manifest says in its exports that the module gives ("out") or reads
// ("inputs"), sorted.
func Declared(exports any, direction string) []string {
	set, _ := exports.(map[string]any)
	names := jsonvalue.Strings(set[direction])
	slices.Sort(names)
	return slices.Compact(names)
}
