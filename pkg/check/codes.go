package check

import (
	"slices"

	"github.com/clanctl/clanctl/pkg/instance"
)

// Code is a kind of finding.
type Code struct {
	// Name is what findings carry as their code; it is stable.
	Name string
	// Severity is that of most findings of the kind; of some kinds a finding can be more or less severe.
	Severity instance.Severity
	// Title says in one sentence what is wrong. docs/findings.md says more.
	Title string
}

const (
	failure = instance.SeverityError
	warning = instance.SeverityWarning
)

// codes are in the order of docs/findings.md.
var codes = []Code{
	{"unknown-machine", warning, "A role names a machine that the clan does not have."},
	{"unknown-tag", warning, "A role takes machines by a tag that no machine carries and that nobody declares."},
	{"empty-tag", warning, "A role takes machines by a tag that is declared, but has no members."},
	{"unused-tag", warning, "No role takes machines by a tag that the inventory declares."},
	{"ghost-tag-member", warning, "The inventory's tags list a machine that the clan does not have."},
	{"replaced-tag", warning, "The inventory replaces a tag that clan computes, and leaves machines out."},
	{"role-without-members", warning, "No machine has the role."},
	{"unchecked-settings", warning, "A role has settings, but no members that anybody would evaluate them for."},

	{"unknown-input", failure, "An instance takes its module from an input that the flake does not have."},
	{"input-without-services", failure, "An instance takes its module from an input that offers no services."},
	{"unknown-module", failure, "An instance takes a module that the input does not offer."},
	{"removed-module", failure, "An instance takes a module that the input keeps only to say that it is gone."},
	{"module-failed", failure, "The module of an instance does not evaluate."},
	{"manifest-failed", warning, "A part of a module's manifest does not evaluate."},
	{"unknown-role", failure, "An instance uses a role that its module does not have."},
	{"key-collision", failure, "Clan takes two modules for one, and an instance runs the other's."},
	{"split-service", warning, "Clan evaluates one service twice, because its instances spell the module differently."},
	{"too-many-instances", failure, "The module allows fewer instances than there are."},
	{"too-few-machines", failure, "The module wants more machines in a role."},
	{"too-many-machines", failure, "The module allows fewer machines in a role."},

	{"unknown-setting", failure, "The role's interface has no such option."},
	{"conflict", warning, "Two layers give different values that cannot be merged."},
	{"invalid-setting", warning, "A value is not of the option's type."},
	{"missing-setting", warning, "An option has no value and no default."},
	{"setting-failed", warning, "A setting does not evaluate."},
	{"settings-failed", failure, "The settings of a member do not evaluate at all."},
	{"not-representable", warning, "A value cannot be shown in a document."},

	{"module-without-name", failure, "The manifest of one of the flake's own modules has no name."},
	{"module-without-readme", warning, "The manifest of one of the flake's own modules has no README."},
	{"role-without-behaviour", warning, "A role of one of the flake's own modules does nothing to a machine."},
	{"role-without-interface", warning, "A role of one of the flake's own modules has no interface."},
	{"role-without-description", warning, "A role of one of the flake's own modules has no description."},
	{"interface-failed", failure, "The interface of a role of one of the flake's own modules does not evaluate."},
	{"interface-not-json", failure, "An interface of one of the flake's own modules has an option that JSON cannot express."},
	{"impossible-constraint", failure, "A constraint of one of the flake's own modules cannot be met by any clan."},
	{"constraint-of-unknown-role", failure, "A constraint of one of the flake's own modules is of a role that the module does not have."},

	{"role-failed", failure, "A role of an instance does not evaluate."},
	{"instance-failed", failure, "An instance does not evaluate."},
	{"instances-failed", failure, "The set of instances does not evaluate."},
	{"machine-failed", failure, "A part of a machine does not evaluate."},
	{"machines-failed", failure, "The clan's machines do not evaluate."},
	{"evaluation-failed", warning, "Some other part of the clan does not evaluate."},
	{"flake-failed", failure, "The flake does not evaluate, so that nothing could be checked."},
	{"nix-warning", warning, "The clan's own code warns."},

	{"deprecated-services", warning, "Services are defined in a form that clan-core gave up."},
	{"dropped-services", failure, "Services are defined in a form that this clan-core no longer reads."},
}

// Codes are all kinds of findings, those of [instance.Load] among them, in the order of the manual.
func Codes() []Code { return slices.Clone(codes) }
