package instance

import (
	"encoding/json"
	"iter"
	"slices"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/pkg/module"
)

// schemaVersion is the version of the document that an Inventory marshals to (docs/eval.schema.json).
const schemaVersion = 1

func init() {
	facts.Of = func(inventory any) *facts.Inventory { return &inventory.(*Inventory).facts }
	facts.OfRole = func(role any) *facts.Role { return &role.(*Role).facts }
	facts.LayersOf = func(role any, machine string) []facts.Layer { return role.(*Role).layers(machine) }
	facts.FilesOf = func(settings any) map[string]facts.FlakeFile { return settings.(*Settings).files }
	facts.PlaceFinding = func(inventory, finding any, machine string) {
		inventory.(*Inventory).placeFinding(finding.(*Finding), machine)
	}
	facts.At = func(inventory any, path ...string) *Position { return inventory.(*Inventory).at(path...) }
	facts.DetailsOf = func(finding any) string { return finding.(Finding).details() }
	facts.InterfacesOf = func(export any) map[string]any { return export.(*Export).interfaces() }
	facts.Ask = func(config any) *facts.Query { return &config.(*Config).ask }
	facts.Attributes = attributes
}

// Inventory is a clan as far as it was asked for. It mirrors clan-core's `inventory`. Its fields are in the order of
// their JSON names, so that the document's keys are sorted.
type Inventory struct {
	// Exports are what services offer each other, by clan's own name for the scope, SERVICE:INSTANCE:ROLE:MACHINE. Nil
	// where they were not asked for ([NeedExports]), and in a clan that has none: without clan-core, or with one from
	// before 2025-07.
	Exports map[string]*Export `json:"exports,omitzero"`
	// Findings are what is wrong, sorted by file, line and text. Never nil.
	Findings []Finding `json:"findings"`
	// Flake says what was read.
	Flake Flake `json:"flake"`
	// Instances by name: all, or those that were asked for.
	Instances map[string]*Instance `json:"instances"`
	// Machines by name. Nil where the clan's machines do not evaluate.
	Machines map[string]*Machine `json:"machines"`
	// Meta is `inventory.meta`: name, description, icon, domain, as far as the clan has them.
	Meta map[string]any `json:"meta"`
	// SchemaVersion is 1: see docs/compatibility.md.
	SchemaVersion int `json:"schemaVersion"`
	// Tags are the machines that carry each tag, sorted; a tag that is declared but carried by none has an empty list.
	Tags map[string][]string `json:"tags"`
	// Vars are the values of the public vars that clan looks up by name to reach machines, as far as they are
	// generated, by [Var.Path]: host keys and the certificate authority of its service sshd, and the tickets of
	// p2p-ssh-iroh. Nil without [NeedExports].
	Vars map[string]string `json:"vars,omitzero"`

	// Locked are the flake's direct inputs as its flake.lock has them, or as they are where they are overridden or
	// updated. They are not in the document.
	Locked map[string]Lock `json:"-"`

	facts facts.Inventory
}

// MachinesKnown reports whether all of the clan's machines and tags could be evaluated. Where they could not, members
// by tag are missing from the roles.
func (inv *Inventory) MachinesKnown() bool {
	return inv.Machines != nil && !slices.ContainsFunc(inv.Findings, func(f Finding) bool { return f.hidesMachines() })
}

// Scope is where something is in a clan. An empty field means all: without Machine, all machines in the role. It is
// comparable, and its fields are in the order of their JSON names.
type Scope struct {
	Instance string `json:"instance,omitzero"`
	Machine  string `json:"machine,omitzero"`
	Role     string `json:"role,omitzero"`
	// Service is the module: INPUT/NAME as clan names the scope of an export, INPUT#NAME elsewhere.
	Service string `json:"service,omitzero"`
}

// Roles yields every role of every instance, in order of names; its scope has the names of the two.
func (inv *Inventory) Roles() iter.Seq2[Scope, *Role] {
	return func(yield func(Scope, *Role) bool) {
		for _, name := range sortedKeys(inv.Instances) {
			for _, role := range sortedKeys(inv.Instances[name].Roles) {
				if !yield(Scope{Instance: name, Role: role}, inv.Instances[name].Roles[role]) {
					return
				}
			}
		}
	}
}

// InstanceNames are the names of all instances of the clan, sorted.
func (inv *Inventory) InstanceNames() []string {
	if inv.facts.AllInstances != nil {
		return inv.facts.AllInstances
	}
	return sortedKeys(inv.Instances)
}

// Partial reports whether an instance, a role or a member's whole settings could not be evaluated, or the machines.
func (inv *Inventory) Partial() bool {
	return slices.ContainsFunc(inv.Findings, func(f Finding) bool { return f.Partial() })
}

// Failure returns why an instance, a role of one, or a machine is not in the inventory although the clan has it or may
// have it: it does not evaluate, or nothing around it does. The error is a [*Finding]; nil where there is no such
// failure.
func (inv *Inventory) Failure(about Subject) error {
	for _, f := range inv.Findings {
		if f.hides(about) {
			return &f
		}
	}
	return nil
}

// placeFinding makes a finding that concerns several machines alike one about one of them: its place and definitions
// are that machine's own, unless Nix itself pointed to another line. The inventory is the one that the finding is of.
func (inv *Inventory) placeFinding(f *Finding, machine string) {
	if f.Machine == machine || !slices.Contains(f.Machines, machine) {
		return
	}
	was := *f
	f.Machine = machine
	if f.Cause.Message != "" {
		return // of a rule, the place is the same for all
	}
	if pos := inv.placeOf(was); pos != nil && pos.File == was.File && pos.Line == was.Line {
		if pos := inv.placeOf(*f); pos != nil {
			f.Position = *pos
		}
	}
	f.Definitions = inv.definitions(*f)
}

// Flake says what was read, and how.
type Flake struct {
	// ClanCore is the name of the input that is clan-core; empty without one.
	ClanCore string `json:"clanCore,omitempty"`
	// Layout is where the clan was found in the flake's outputs: "clan", its whole configuration, exported as `clan` or
	// found through clanInternals (clan-core since 2025-09); "clanInternals", `clanInternals.inventoryClass` alone
	// (2025-03 to 2025-09); or "inventory", a plain output of that name, without clan-core. Empty where nothing of the
	// clan evaluates.
	Layout string `json:"layout,omitzero"`
	// Ref is the flake reference as it was given.
	Ref string `json:"ref"`
	// URL is the reference that Nix was given.
	URL string `json:"url"`
}

// Lock is what an input is locked at, as far as its kind has these: `locked` of a node in flake.lock.
type Lock struct {
	// LastModified is in seconds since 1970; zero if unknown.
	LastModified int64  `json:"lastModified,omitzero"`
	NarHash      string `json:"narHash,omitzero"`
	Rev          string `json:"rev,omitzero"`
}

// Machine is one of `inventory.machines`.
type Machine struct {
	// Class is "nixos" or "darwin" (`machineClass`).
	Class string `json:"class"`
	// Deploy holds `deploy.targetHost`, `deploy.buildHost` and `deploy.forwardAgent`, as far as they are set.
	Deploy map[string]any `json:"deploy,omitempty"`
	// Description is free text.
	Description string `json:"description,omitempty"`
	// Icon is the name or path of a picture.
	Icon string `json:"icon,omitempty"`
	// InstalledAt is when the machine was first installed, in seconds since 1970; nil if unknown.
	InstalledAt *int64 `json:"installedAt,omitempty"`
	// Tags are the machine's effective tags, sorted.
	Tags []string `json:"tags"`

	// Position is where the machine is defined, if Nix knows.
	Position *Position `json:"-"`
}

// Instance is one of `inventory.instances`.
type Instance struct {
	// Module is the service module that the instance means.
	Module Module `json:"module"`
	// Position is where the instance is defined, if Nix knows.
	Position *Position `json:"position,omitempty"`
	// Roles by name, as far as the instance mentions them.
	Roles map[string]*Role `json:"roles"`
}

// Module is a module reference and what it leads to.
type Module struct {
	// Input and Name are the reference as the instance writes it; Input is nil where the instance gives none.
	Input *string `json:"input"`
	// Manifest is the module's own description; nil where the module could not be evaluated.
	Manifest *module.Manifest `json:"manifest,omitzero"`
	Name     string           `json:"name"`
	// Files are those that the module is written in, as far as it tells, or else listed: relative to the top of the
	// flake's source tree, or "<input>/file". A directory stands for what is in it.
	Files []string `json:"-"`
	// Resolved is the flake input that the reference leads to, "self" for the flake; empty where it leads nowhere.
	Resolved string `json:"resolved,omitempty"`
	// Roles are the roles that the module defines; nil where that is not known.
	Roles map[string]module.Role `json:"roles,omitempty"`
}

// Spec is the reference alone.
func (m Module) Spec() module.Spec { return module.Spec{Input: m.Input, Name: m.Name} }

// Role is one role of an instance.
type Role struct {
	// ExtraModules counts the NixOS modules that the instance adds to the role.
	ExtraModules int `json:"extraModules,omitzero"`
	// Machines are the role's members by name.
	Machines map[string]*Member `json:"machines"`
	// Position is where the instance defines the role, if Nix knows.
	Position *Position `json:"position,omitempty"`
	// SettingsFrom says how the members' settings were had.
	//
	//   - "clan": clan-core evaluated them (`finalSettings`).
	//   - "interface": evaluated by nixpkgs' module system from the layers and the role's interface, where clan-core has
	//     no `finalSettings` yet, or there is none, or the fleet has more than 5,000 memberships.
	//   - "layers": the layers merged by structure alone; no defaults and no checks, for want of nixpkgs' lib.
	//   - "none": no settings; a finding says why.
	SettingsFrom string `json:"settingsFrom"`
	// Tags are the tags that the role takes machines by, sorted.
	Tags []string `json:"tags"`

	facts facts.Role
}

// Member is a machine in a role.
type Member struct {
	// Explicit: the role names the machine.
	Explicit bool `json:"explicit"`
	// Position is where the role names the machine.
	Position *Position `json:"position,omitempty"`
	// Settings are the final settings; nil where they could not be evaluated. Members with the same layers share one
	// value.
	Settings *Settings `json:"settings,omitzero"`
	// Tags are the role's tags that the machine carries, sorted.
	Tags []string `json:"tags"`
}

// layers are those of facts.LayersOf.
func (r *Role) layers(machine string) []facts.Layer {
	var layers []facts.Layer
	add := func(kind, name string, definitions []facts.Definition) {
		if len(definitions) > 0 {
			layers = append(layers, facts.Layer{Kind: kind, Name: name, Definitions: definitions})
		}
	}
	written := r.facts.Layers
	if member := r.Machines[machine]; member != nil {
		for _, tag := range slices.Backward(member.Tags) {
			add("tag", tag, written.Tags[tag])
		}
	}
	add("machine", machine, written.Machines[machine])
	add("role", "", written.Role)
	return layers
}

// Schema is what the role accepts as settings in one of its layers, as a JSON Schema (draft 2020-12). It takes an
// inventory that was loaded with [NeedOrigins]; nil where the interface is not known.
func (r *Role) Schema() (json.RawMessage, error) {
	if r.facts.Interface == nil {
		return nil, nil
	}
	return json.Marshal(services.NewSchema(r.facts.Interface, services.SchemaOptions{}))
}
