// Package codes has the words of the documents: the codes of findings, and values that the comments of the public
// types list.
package codes

// Codes of findings; docs/findings.md explains each.
const (
	UnknownMachine     = "unknown-machine"
	InvalidHostName    = "invalid-host-name"
	UnknownTag         = "unknown-tag"
	EmptyTag           = "empty-tag"
	UnusedTag          = "unused-tag"
	GhostTagMember     = "ghost-tag-member"
	ReplacedTag        = "replaced-tag"
	RoleWithoutMembers = "role-without-members"
	UncheckedSettings  = "unchecked-settings"

	UnknownInput         = "unknown-input"
	InputWithoutServices = "input-without-services"
	UnknownModule        = "unknown-module"
	RemovedModule        = "removed-module"
	ModuleFailed         = "module-failed"
	ManifestFailed       = "manifest-failed"
	DeprecatedModule     = "deprecated-module"
	UnknownRole          = "unknown-role"
	KeyCollision         = "key-collision"
	SplitService         = "split-service"
	TooManyInstances     = "too-many-instances"
	TooFewMachines       = "too-few-machines"
	TooManyMachines      = "too-many-machines"
	IdleMacs             = "idle-macs"
	RefusedRole          = "refused-role"

	UnknownSetting   = "unknown-setting"
	Conflict         = "conflict"
	InvalidSetting   = "invalid-setting"
	MissingSetting   = "missing-setting"
	SettingFailed    = "setting-failed"
	SettingsFailed   = "settings-failed"
	NotRepresentable = "not-representable"

	Malformed          = "malformed-inventory"
	RoleFailed         = "role-failed"
	InstanceFailed     = "instance-failed"
	InstancesFailed    = "instances-failed"
	MachineFailed      = "machine-failed"
	MachinesFailed     = "machines-failed"
	TagFailed          = "tag-failed"
	ExportsFailed      = "exports-failed"
	ExportFailed       = "export-failed"
	EvaluationFailed   = "evaluation-failed"
	FlakeFailed        = "flake-failed"
	FailedCheck        = "failed-check"
	NixWarning         = "nix-warning"
	MissingFile        = "missing-file"
	ExtraModulesFailed = "extra-modules-failed"
	MissingModule      = "missing-module"
	UntrackedFile      = "untracked-file"

	UnreachableMachine = "unreachable-machine"
	SingleController   = "single-controller"
	VarNotGenerated    = "var-not-generated"
	DuplicateEndpoint  = "duplicate-endpoint"
	UnreadExport       = "unread-export"
	MissingExport      = "missing-export"

	DeprecatedServices = "deprecated-services"
	DroppedServices    = "dropped-services"
)

// Of one of the flake's own modules.
const (
	ConstraintOfUnknownRole = "constraint-of-unknown-role"
	ImpossibleConstraint    = "impossible-constraint"
	InterfaceFailed         = "interface-failed"
	InterfaceNotJSON        = "interface-not-json"
	ModuleWithoutName       = "module-without-name"
	ModuleWithoutReadme     = "module-without-readme"
	RoleWithoutBehaviour    = "role-without-behaviour"
	RoleWithoutDescription  = "role-without-description"
	RoleWithoutInterface    = "role-without-interface"
)

// Of ignores and rules.
const (
	InvalidIgnore = "invalid-ignore"
	RuleFailed    = "rule-failed"
	UnusedIgnore  = "unused-ignore"
)
