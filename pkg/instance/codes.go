package instance

import (
	"slices"

	"github.com/clanctl/clanctl/internal/codes"
)

// CodeInfo is what findings of one kind have in common.
type CodeInfo struct {
	Code string
	// Severity is that of most findings of the kind, and Partial whether most are, see [Finding.Partial].
	Severity Severity
	Partial  bool
	// Title says in one sentence what is wrong. docs/findings.md says more.
	Title string
}

type kind struct {
	code string
	grade
	title string
	// words makes message and hint.
	words func(Finding) (message, hint string)
}

// grade is how much the findings of a kind matter.
type grade struct {
	// severity and partial are as in [CodeInfo].
	severity Severity
	partial  bool

	// ifPart, if not empty, is the severity where only a part is lost. With [Cause.Whole] it is an error, and the
	// document partial.
	ifPart Severity
	// ifUnset, if not empty, is the severity where nobody set the setting, see [Cause.Unset].
	ifUnset Severity
	// ofParts are the severities of single parts, by name.
	ofParts map[string]Severity
}

var (
	notes     = grade{severity: SeverityNote}
	warns     = grade{severity: SeverityWarning}
	fails     = grade{severity: SeverityError}
	loses     = grade{severity: SeverityError, partial: true}
	mayLose   = grade{severity: SeverityWarning, ifPart: SeverityWarning, ifUnset: SeverityNote}
	breaks    = grade{severity: SeverityError, ifPart: SeverityError, ifUnset: SeverityNote}
	mayLack   = grade{severity: SeverityNote, ifPart: SeverityNote}
	oftenLost = grade{severity: SeverityError, partial: true, ifPart: SeverityWarning}
	// No command of clan reads a manifest's categories or description; clan vars generate reads the constraints of all.
	ofManifest = grade{severity: SeverityWarning,
		ofParts: map[string]Severity{"categories": SeverityNote, "description": SeverityNote,
			"constraints": SeverityError}}
	// All of clan's commands read inventory.meta.
	ofClan    = grade{severity: SeverityWarning, ofParts: map[string]Severity{"meta": SeverityError}}
	reference = grade{severity: SeverityError, partial: true, ifPart: SeverityError}
)

// kinds are in the order of docs/findings.md.
var kinds = []kind{
	{codes.UnknownMachine, warns, "A role names a machine that the clan does not have.", unknownMachine},
	{codes.InvalidHostName, warns, "A machine's name cannot be its host name.", invalidHostName},
	{codes.UnknownTag, warns, "A role uses a tag that no machine has and that the inventory does not declare.",
		unknownTag},
	{codes.EmptyTag, warns, "A role uses a tag that is declared but has no members.", emptyTag},
	{codes.UnusedTag, warns, "No role uses a tag that the inventory declares.", unusedTag},
	{codes.GhostTagMember, warns, "The inventory's tags list a machine that the clan does not have.", ghostTagMember},
	{codes.ReplacedTag, warns, "The inventory replaces a built-in tag, and leaves machines out.", replacedTag},
	{codes.RoleWithoutMembers, warns, "No machine has the role.", roleWithoutMembers},
	{codes.UncheckedSettings, warns, "A role has settings but no members, so clan never checks them.", uncheckedSettings},

	{codes.UnknownInput, reference, "An instance takes its module from an input that the flake does not have.", noModule},
	{codes.InputWithoutServices, reference, "An instance takes its module from an input that offers no services.",
		noModule},
	{codes.UnknownModule, reference, "An instance names a module that the input does not offer.", noModule},
	{codes.RemovedModule, reference, "An instance names a module that was removed from the input.", noModule},
	{codes.ModuleFailed, loses, "The module of an instance does not evaluate.",
		nixSays("the service module does not evaluate", "")},
	{codes.ManifestFailed, ofManifest, "A part of a module's manifest does not evaluate.", manifestFailed},
	{codes.DeprecatedModule, warns, "The module of an instance is deprecated.", deprecatedModule},
	{codes.UnknownRole, loses, "An instance uses a role that its module does not have.", unknownRole},
	{codes.KeyCollision, fails, "Clan takes two modules for one, and an instance runs the wrong one.", keyCollision},
	{codes.SplitService, warns, "Clan evaluates one service twice, because its instances write the module differently.",
		splitService},
	{codes.TooManyInstances, fails, "There are more instances than the module allows.", tooManyInstances},
	{codes.TooFewMachines, fails, "A role has fewer machines than the module requires.", tooFewMachines},
	{codes.TooManyMachines, fails, "A role has more machines than the module allows.", tooManyMachines},
	{codes.RefusedRole, fails, "A module refuses all machines in a role.", refusedRole},
	{codes.IdleMacs, notes, "The service has nothing for the Macs among the members of a role.", idleMacs},

	{codes.UnknownSetting, oftenLost, "The role's interface has no such option.", unknownSetting},
	{codes.Conflict, breaks, "Two layers give different values that cannot be merged.", conflict},
	{codes.InvalidSetting, breaks, "A value is not of the option's type.",
		nixSays("the value is not of the option's type", "give a value of the option's type")},
	{codes.MissingSetting, mayLack, "An option has no value and no default.",
		nixSays("the option has no value and no default",
			"set it for the role, the machine or a tag, if anything reads it")},
	{codes.SettingFailed, mayLose, "A setting does not evaluate.", nixSays("the setting does not evaluate", "")},
	{codes.SettingsFailed, oftenLost, "The settings of a member do not evaluate at all.", settingsFailed},
	{codes.NotRepresentable, mayLose, "A value cannot be shown in a document.",
		says("the value cannot be shown in a document", "")},

	{codes.ModuleWithoutName, fails, "The manifest of one of the flake's own modules has no name.",
		says("the manifest has no name, so clan cannot evaluate the module",
			"add manifest.name, with a name that no other module has")},
	{codes.ModuleWithoutReadme, warns, "The manifest of one of the flake's own modules has no README.",
		says("the manifest has no README that says how to use the service",
			"add manifest.readme = builtins.readFile ./README.md;")},
	{codes.RoleWithoutBehaviour, warns, "A role of one of the flake's own modules does nothing to a machine.",
		says("the role does nothing to a machine: it has no perInstance, and the module has no perMachine",
			"add perInstance = { settings, ... }: { nixosModule = { ... }; };")},
	{codes.RoleWithoutInterface, warns, "A role of one of the flake's own modules has no interface.",
		says("the role has no interface, so it takes no settings", "if that is intended, write interface = { };")},
	{codes.RoleWithoutDescription, warns, "A role of one of the flake's own modules has no description.",
		says("the role has no description; clan warns about it when it builds a machine with the service",
			"add description, one sentence on what the role does")},
	{codes.InterfaceFailed, fails, "The interface of a role of one of the flake's own modules does not evaluate.",
		nixSays("the interface does not evaluate", "")},
	{codes.InterfaceNotJSON, fails,
		"An interface of one of the flake's own modules has an option that JSON cannot express.", interfaceNotJSON},
	{codes.ImpossibleConstraint, fails, "A constraint of one of the flake's own modules cannot be met by any clan.",
		impossibleConstraint},
	{codes.ConstraintOfUnknownRole, warns,
		"A constraint of one of the flake's own modules is for a role that the module does not have.",
		constraintOfUnknownRole},

	{codes.Malformed, loses, "An attribute of the inventory has a name or a form that clan does not know.", malformed},
	{codes.RoleFailed, loses, "A role of an instance does not evaluate.", nixSays("the role does not evaluate", "")},
	{codes.InstanceFailed, loses, "An instance does not evaluate.", nixSays("the instance does not evaluate", "")},
	{codes.InstancesFailed, loses, "The set of instances does not evaluate.",
		nixSays("the clan's instances do not evaluate", "")},
	{codes.MachineFailed, oftenLost, "A part of a machine does not evaluate.",
		nixSays("the machine does not evaluate", "")},
	{codes.MachinesFailed, loses, "The clan's machines do not evaluate.",
		nixSays("the clan's machines do not evaluate", "members by tag are not known")},
	{codes.TagFailed, loses, "A tag of the inventory does not evaluate, and so the tags of no machine do.", tagFailed},
	{codes.ExportsFailed, loses, "What services export does not evaluate.",
		nixSays("the clan's exports do not evaluate", "")},
	{codes.ExportFailed, warns, "A part of what a service exports does not evaluate.", exportFailed},
	{codes.EvaluationFailed, ofClan, "Some other part of the clan does not evaluate.",
		nixSays("a part of the clan does not evaluate", "")},
	{codes.FlakeFailed, fails, "The flake does not evaluate, so nothing could be checked.",
		nixSays("the flake does not evaluate", "")},
	{codes.FailedCheck, fails, "A check of the clan fails, so nothing of it evaluates.", failedCheckWords},
	{codes.NixWarning, warns, "The clan's own code warns.", nixSays("the clan's own code warns", "")},

	{codes.MissingFile, fails, "An extra module of a role is a file that is not there.", missingFile},
	{codes.ExtraModulesFailed, fails, "The extra modules of a role do not evaluate.",
		nixSays("the extra modules do not evaluate", "machines with the role do not build")},
	{codes.MissingModule, warns, "One of the flake's own modules is a file that is not there.", missingModule},
	{codes.UntrackedFile, warns, "Clan reads a file that git does not track, so that Nix does not see it.",
		untrackedFile},

	{codes.UnreachableMachine, warns, "Neither a targetHost nor a network reaches a machine.",
		says("neither deploy.targetHost nor a network reaches the machine",
			"add it to a network, or set deploy.targetHost; the targetHost in its NixOS configuration is not looked at")},
	{codes.SingleController, notes, "Machines are reached through one network only, which has a single controller.",
		singleController},
	{codes.VarNotGenerated, warns, "An address waits for a var, although others of the instance have theirs.",
		varNotGenerated},
	{codes.DuplicateEndpoint, warns, "Two instances claim one endpoint.", duplicateEndpoint},
	{codes.UnreadExport, notes, "No module declares that it reads what an instance exports.", unreadExport},
	{codes.MissingExport, notes, "An instance reads an interface that no instance exports.", missingExport},

	{codes.DeprecatedServices, warns, "Services are defined in a form that clan-core deprecated.", deprecatedServices},
	{codes.DroppedServices, fails, "Services are defined in a form that this clan-core no longer reads.",
		droppedServices},

	{codes.UnusedIgnore, warns, "An ignore ignores nothing.", unusedIgnore},
	{codes.InvalidIgnore, warns, "An ignore has no reason, or an unknown code.", invalidIgnore},
	{codes.RuleFailed, fails, "A rule of the clan's own does not run.", ruleFailed},
}

// Codes lists all kinds of findings in the order of docs/findings.md.
func Codes() []CodeInfo {
	all := make([]CodeInfo, len(kinds))
	for i, k := range kinds {
		all[i] = CodeInfo{k.code, k.severity, k.partial, k.title}
	}
	return all
}

// kindOf is what is known of a code; the zero value of one that is not listed.
func kindOf(code string) kind {
	if i := slices.IndexFunc(kinds, func(k kind) bool { return k.code == code }); i >= 0 {
		return kinds[i]
	}
	return kind{}
}
