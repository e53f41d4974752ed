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
	{codes.UnknownMachine, warns, "A role names a machine that the clan does not have.",
		also("tag", "${machine} is a tag: write roles.${role attr}.tags.${machine attr}",
			names("the clan has no machine ${machine}; clan counts it as a member, but deploys nothing", "the machines are ",
				"the clan has no machines"))},
	{codes.InvalidHostName, warns, "A machine's name cannot be its host name.",
		says("clan makes ${machine} the machine's host name, and NixOS takes only up to 63 letters, digits, hyphens and underscores, with a letter or digit at each end",
			"rename the machine, or set networking.hostName in its configuration")},
	{codes.UnknownTag, warns, "A role uses a tag that no machine has and that the inventory does not declare.",
		also("machine", "${tag} is a machine: write roles.${role attr}.machines.${tag attr}",
			names("no machine has the tag ${tag}", "the tags are ", "the clan has no tags"))},
	{codes.EmptyTag, warns, "A role uses a tag that is declared but has no members.",
		says("the tag ${tag} has no members", "add members to the tag, or remove it from the role")},
	{codes.UnusedTag, warns, "No role uses a tag that the inventory declares.",
		names("no role uses the tag ${tag}", "", "use it in a role, or remove it")},
	{codes.GhostTagMember, warns, "The inventory's tags list a machine that the clan does not have.",
		names("the tag ${tag} lists ${machine}, but the clan has no such machine", "", "correct the name, or remove it")},
	{codes.ReplacedTag, warns, "The inventory replaces a built-in tag, and leaves machines out.",
		says("inventory.tags replaces the built-in tag ${tag}, which now leaves out ${names}",
			"rename the tag, or add the machines that it leaves out")},
	{codes.RoleWithoutMembers, warns, "No machine has the role.",
		says("the role ${role} has no members", "add members, or remove the role")},
	{codes.UncheckedSettings, warns, "A role has settings but no members, so clan never checks them.",
		says("the role ${role} has settings but no members, so clan never checks them", "add members, or remove the role")},

	{codes.UnknownInput, reference, "An instance takes its module from an input that the flake does not have.", noModule},
	{codes.InputWithoutServices, reference, "An instance takes its module from an input that offers no services.",
		noModule},
	{codes.UnknownModule, reference, "An instance names a module that the input does not offer.", noModule},
	{codes.RemovedModule, reference, "An instance names a module that was removed from the input.", noModule},
	{codes.ModuleFailed, loses, "The module of an instance does not evaluate.",
		nixSays("the service module does not evaluate", "")},
	{codes.ManifestFailed, ofManifest, "A part of a module's manifest does not evaluate.", manifestFailed},
	{codes.DeprecatedModule, warns, "The module of an instance is deprecated.",
		says("the module ${service plain} is deprecated",
			"see what clan warns of when it builds a machine with it, or the module's README, for what to use instead")},
	{codes.UnknownRole, loses, "An instance uses a role that its module does not have.",
		names("the module ${service plain} has no role ${role}", "its roles are ", "it has no roles")},
	{codes.KeyCollision, fails, "Clan takes two modules for one, and an instance runs the wrong one.",
		says("clan takes the module ${service plain} for ${otherService plain} of the instance ${other} (both have the key ${name}), so this instance runs the other's module",
			"rename one of the inputs or modules")},
	{codes.SplitService, warns, "Clan evaluates one service twice, because its instances write the module differently.",
		says("clan evaluates the service ${name} twice: as ${service plain} for ${instances} and as ${otherService plain} for ${otherInstances}; neither sees the other's instances",
			"write the module the same way in all of them")},
	{codes.TooManyInstances, fails, "There are more instances than the module allows.",
		says("the service ${name} allows at most ${max instance/instances}, but there are ${count}",
			"remove an instance, or merge several into one")},
	{codes.TooFewMachines, fails, "A role has fewer machines than the module requires.",
		says("the role ${role} needs at least ${min machine/machines}, but has ${count}",
			"add members; the module's manifest sets the limit")},
	{codes.TooManyMachines, fails, "A role has more machines than the module allows.",
		says("the role ${role} allows at most ${max machine/machines}, but has ${count}",
			"remove members, or split them among several instances; the module's manifest sets the limit")},
	{codes.RefusedRole, fails, "A module refuses all machines in a role.",
		says("no machine in this role builds: ${message plain}", "")},
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
		names("constraints.roles.${role attr} has no effect: the module has no role ${role}", "its roles are ", "")},

	{codes.Malformed, loses, "An attribute of the inventory has a name or a form that clan does not know.", malformed},
	{codes.RoleFailed, loses, "A role of an instance does not evaluate.", nixSays("the role does not evaluate", "")},
	{codes.InstanceFailed, loses, "An instance does not evaluate.", nixSays("the instance does not evaluate", "")},
	{codes.InstancesFailed, loses, "The set of instances does not evaluate.",
		nixSays("the clan's instances do not evaluate", "")},
	{codes.MachineFailed, oftenLost, "A part of a machine does not evaluate.",
		nixSays("the machine does not evaluate", "")},
	{codes.MachinesFailed, loses, "The clan's machines do not evaluate.",
		nixSays("the clan's machines do not evaluate", "members by tag are not known")},
	{codes.TagFailed, loses, "A tag of the inventory does not evaluate, and so the tags of no machine do.",
		nixSays("the tag ${tag} does not evaluate", "")},
	{codes.ExportsFailed, loses, "What services export does not evaluate.",
		nixSays("the clan's exports do not evaluate", "")},
	{codes.ExportFailed, warns, "A part of what a service exports does not evaluate.", exportFailed},
	{codes.EvaluationFailed, ofClan, "Some other part of the clan does not evaluate.",
		nixSays("a part of the clan does not evaluate", "")},
	{codes.FlakeFailed, fails, "The flake does not evaluate, so nothing could be checked.",
		nixSays("the flake does not evaluate", "")},
	{codes.FailedCheck, fails, "A check of the clan fails, so nothing of it evaluates.",
		nixSays("a check of the clan fails",
			"put right what the check is about, or set clan.checks.${name attr}.ignore = true")},
	{codes.NixWarning, warns, "The clan's own code warns.", nixSays("the clan's own code warns", "")},

	{codes.MissingFile, fails, "An extra module of a role is a file that is not there.",
		says("the file ${name plain} is not there, so machines with the role do not build", "correct the path, or remove it")},
	{codes.ExtraModulesFailed, fails, "The extra modules of a role do not evaluate.",
		nixSays("the extra modules do not evaluate", "machines with the role do not build")},
	{codes.MissingModule, warns, "One of the flake's own modules is a file that is not there.",
		says("the file ${name plain} is not there; no instance uses the module yet",
			"correct the path, or remove the module")},
	{codes.UntrackedFile, warns, "Clan reads a file that git does not track, so that Nix does not see it.",
		says("git does not track ${name plain}, so clan goes on without it", "")},

	{codes.UnreachableMachine, warns, "Neither a targetHost nor a network reaches a machine.",
		says("neither deploy.targetHost nor a network reaches the machine",
			"add it to a network, or set deploy.targetHost; the targetHost in its NixOS configuration is not looked at")},
	{codes.SingleController, notes, "Machines are reached through one network only, which has a single controller.",
		says("${count machine is/machines are} reached through this network only, and it has one controller, ${name}",
			"give them another way, such as the service internet: ${names}")},
	{codes.VarNotGenerated, warns, "An address waits for a var, although others of the instance have theirs.",
		says("${machine} has no address in this network: ${name plain} is not generated, although others are",
			"clan reads all exports at once, and fails to: run clan vars generate ${machine arg}")},
	{codes.DuplicateEndpoint, warns, "Two instances claim one endpoint.",
		says("the endpoint ${name} is also that of the instance ${other}", "give one of them another name")},
	{codes.UnreadExport, notes, "No module declares that it reads what an instance exports.",
		says("no instance's module declares that it reads the interface ${name}", "")},
	{codes.MissingExport, notes, "An instance reads an interface that no instance exports.",
		says("the module reads the interface ${name}, and no instance exports it",
			"add an instance of a service that exports it")},

	{codes.DeprecatedServices, warns, "Services are defined in a form that clan-core deprecated.",
		says("inventory.services is deprecated: ${names}", migration)},
	{codes.DroppedServices, fails, "Services are defined in a form that this clan-core no longer reads.",
		says("clan-core no longer reads inventory.services, and silently ignores ${names}", migration)},

	{codes.UnusedIgnore, warns, "An ignore ignores nothing.",
		says("there is no finding ${name} here to ignore", "remove the ignore")},
	{codes.InvalidIgnore, warns, "An ignore has no reason, or an unknown code.", invalidIgnore},
	{codes.RuleFailed, fails, "A rule of the clan's own does not run.",
		says("the rule ${name} does not run: ${message plain}", "${hint plain}")},
}

const migration = "move each to inventory.instances: https://clan.lol/docs/guides/migrations/migrate-inventory-services"

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
