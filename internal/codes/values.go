package codes

// Values of Affected.Kind in package diff.
const (
	AffectedDirect = "direct"
	AffectedShared = "shared"
)

// Values of Cause.Kind in package diff.
const (
	// CauseInstance: the whole instance.
	CauseInstance = "instance"
	// CauseRole: the instance's use of the role.
	CauseRole = "role"
	// CauseName: the role's naming of the machine.
	CauseName = "name"
	// CauseRoleTag: the role's taking of machines by the tag.
	CauseRoleTag = "role-tag"
	// CauseMachineTag: the machine's carrying of the tag.
	CauseMachineTag = "machine-tag"
	// CauseMachine: the machine, which carries the tag.
	CauseMachine = "machine"
)

// Values of Reason.Kind in package diff.
const (
	// ReasonMachine: the machine is new, or its tags or fields are not what they were.
	ReasonMachine = "machine"
	// ReasonMeta: the clan's meta data, which every machine can read, such as its domain.
	ReasonMeta = "meta"
	// ReasonMember: it joined or left the role.
	ReasonMember = "member"
	// ReasonSettings: its final settings in the role.
	ReasonSettings = "settings"
	// ReasonRenamed: the instance's name, which services put into what they make: generated vars, files, units.
	ReasonRenamed = "renamed"
	// ReasonModule: the module of the instance.
	ReasonModule = "module"
	// ReasonExtraModules: the number of extra NixOS modules of the role.
	ReasonExtraModules = "extra-modules"
	// ReasonUnknown: the instance or role, or the clan's machines, cannot be compared.
	ReasonUnknown = "unknown"
	// ReasonPeers (shared): somebody else in the instance.
	ReasonPeers = "peers"
	// ReasonExports (shared): another instance, whose exports the instance's module says that it reads.
	ReasonExports = "exports"
)

// Values of Reason in package store.
const (
	// ReadOnlyForced: Nix sets it, or something around it, by force (mkForce).
	ReadOnlyForced = "forced"
	// ReadOnlyDefined: Nix defines it, and two definitions of a plain value conflict.
	ReadOnlyDefined = "defined"
	// ReadOnlySettings: Nix defines settings of the same layer, and clan takes a layer from one place only.
	ReadOnlySettings = "settings"
	// ReadOnlyDefault: Nix gives something around it as a default (mkDefault), which would be dropped as a whole.
	ReadOnlyDefault = "default"
	// ReadOnlyElement: Nix has it in a set or list; more can be added, but this not taken away.
	ReadOnlyElement = "element"
)

// Values of Host.Missing in package instance.
const (
	// HostNotGenerated: it waits for a var that clan has yet to generate.
	HostNotGenerated = "not-generated"
	// HostSecret: the var is a secret one, and only clan can decrypt it.
	HostSecret = "secret"
	// HostFailed: it does not evaluate; a finding says why.
	HostFailed = "failed"
)

// Values of Source.Kind in package reach.
const (
	// FromInventory: it is written for the machine, or as a setting of its role.
	FromInventory = "inventory"
	// FromDefault: a setting that nobody wrote has it as its default.
	FromDefault = "default"
	// FromVar: it is the value of a public var.
	FromVar = "var"
	// FromModule: the service module computes it.
	FromModule = "module"
	// FromClan: nothing says anything, and clan takes it.
	FromClan = "clan"
)

// Values of Origin.From in package why.
const (
	// SourceLayers: the definitions that count.
	SourceLayers = "layers"
	// SourceDefault: nothing is written; the value is the option's default, or its type's own empty value.
	SourceDefault = "default"
	// SourceModule: nothing is written that reaches the value as it is: the module computes it.
	SourceModule = "module"
	// SourceUnknown: nothing is written, and what the role declares is not known.
	SourceUnknown = "unknown"
)

// Values of SettingsFrom in package instance.
const (
	// SettingsFromClan: clan-core evaluated them (`finalSettings`).
	SettingsFromClan = "clan"
	// SettingsFromInterface: evaluated by nixpkgs' module system from the layers and the role's interface,
	// where clan-core has no `finalSettings` yet, or there is no clan-core, or the fleet has more than 5,000
	// memberships: the same layers, module system and interface, without the work that clan does for each
	// member.
	SettingsFromInterface = "interface"
	// SettingsFromLayers: the layers merged by structure alone; no defaults and no checks, for want of nixpkgs' lib.
	SettingsFromLayers = "layers"
	// SettingsNone: no settings; a finding says why.
	SettingsNone = "none"
)

// Values of Kind in package upgrade.
const (
	// EffectBreaks: it evaluates before the upgrade, and does not after it.
	EffectBreaks = "breaks"
	// EffectRequired: an option has neither a value nor a default by now.
	EffectRequired = "required"
	// EffectConstraint: a constraint of the module is violated by now.
	EffectConstraint = "constraint"
	// EffectChanged: a final value, or who is a member.
	EffectChanged = "changed"
	// EffectUnused: what is written does nothing any more.
	EffectUnused = "unused"
	// EffectDeprecated: what is written still works, and will not for ever.
	EffectDeprecated = "deprecated"
	// EffectReview: a setting whose value is the same, and whose option has another type or description by now.
	EffectReview = "review"
	// EffectWarning: something else that clan accepts and check finds.
	EffectWarning = "warning"
	// EffectFixed: what check found is no longer there.
	EffectFixed = "fixed"
	// EffectNew: a service, role or option that came.
	EffectNew = "new"
)
