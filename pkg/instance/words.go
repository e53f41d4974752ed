package instance

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/internal/shell"
	"github.com/clanctl/clanctl/pkg/module"
)

// The words of findings: what is wrong, and what to do about it, from the subject and the cause alone.

// says is for findings that always say the same.
func says(message, hint string) func(Finding) (string, string) {
	return func(Finding) (string, string) { return message, hint }
}

// nixSays is for parts that do not evaluate: Nix's own message, or else what is known without.
func nixSays(otherwise, hint string) func(Finding) (string, string) {
	return func(f Finding) (string, string) {
		if f.Cause.Nix == "" && f.Cause.Max > 0 {
			return otherwise,
				fmt.Sprintf("Nix's message is left out: more than %d parts of this clan do not evaluate", f.Cause.Max)
		}
		return cmp.Or(withoutDefinitions(f.Cause.Nix, len(f.Definitions)), otherwise), cmp.Or(f.Cause.Hint, hint)
	}
}

// withoutDefinitions is a message of the module system without its list of definitions, if it lists just so many: then
// the finding has the same ones, and with lines. Of what comes behind them the names that it proposes stay.
func withoutDefinitions(message string, n int) string {
	const item = "\n- In `"
	what, list, found := strings.Cut(message, item)
	if !found || 1+strings.Count(list, item) != n {
		return message
	}
	for _, end := range []string{":", "Definition values", "TypeError:", "."} {
		what = strings.TrimSuffix(strings.TrimRight(what, " "), end)
	}
	const proposal = "\n\nDid you mean "
	if _, names, found := strings.Cut(list, proposal); found {
		what += proposal[1:] + names
	}
	return what
}

// didYouMean proposes near names, or else says which there are.
func didYouMean(c Cause, all, otherwise string) string {
	return nearest.Hint(c.Near, c.Known, all, otherwise)
}

func unknownMachine(f Finding) (string, string) {
	message := fmt.Sprintf("the clan has no machine %q; clan counts it as a member, but deploys nothing", f.Machine)
	if f.Cause.Also == "tag" {
		return message,
			fmt.Sprintf("%q is a tag: write %s", f.Machine, PathString([]string{"roles", f.Role, "tags", f.Machine}))
	}
	return message, didYouMean(f.Cause, "the machines are ", "the clan has no machines")
}

func invalidHostName(f Finding) (string, string) {
	return fmt.Sprintf("clan makes %q the machine's host name, and NixOS takes only up to 63 letters, digits, hyphens and underscores, with a letter or digit at each end",
			f.Machine),
		"rename the machine, or set networking.hostName in its configuration"
}

func unknownTag(f Finding) (string, string) {
	message := fmt.Sprintf("no machine has the tag %q", f.Cause.Tag)
	if f.Cause.Also == "machine" {
		return message,
			fmt.Sprintf("%q is a machine: write %s", f.Cause.Tag,
				PathString([]string{"roles", f.Role, "machines", f.Cause.Tag}))
	}
	return message, didYouMean(f.Cause, "the tags are ", "the clan has no tags")
}

func emptyTag(f Finding) (string, string) {
	return fmt.Sprintf("the tag %q has no members", f.Cause.Tag), "add members to the tag, or remove it from the role"
}

func unusedTag(f Finding) (string, string) {
	return fmt.Sprintf("no role uses the tag %q", f.Cause.Tag),
		didYouMean(f.Cause, "", "use it in a role, or remove it")
}

func ghostTagMember(f Finding) (string, string) {
	return fmt.Sprintf("the tag %q lists %q, but the clan has no such machine", f.Cause.Tag, f.Machine),
		didYouMean(f.Cause, "", "correct the name, or remove it")
}

func replacedTag(f Finding) (string, string) {
	return fmt.Sprintf("inventory.tags replaces the built-in tag %q, which now leaves out %s", f.Cause.Tag,
			nearest.List(f.Cause.Names)),
		"rename the tag, or add the machines that it leaves out"
}

func roleWithoutMembers(f Finding) (string, string) {
	return fmt.Sprintf("the role %q has no members", f.Role), "add members, or remove the role"
}

func uncheckedSettings(f Finding) (string, string) {
	return fmt.Sprintf("the role %q has settings but no members, so clan never checks them", f.Role),
		"add members, or remove the role"
}

// noModule says why a reference leads to no module, as package services does.
func noModule(f Finding) (string, string) {
	c := f.Cause
	spec := module.Spec{Name: c.Name}
	if c.Service != c.Name {
		spec.Input = &c.Input
	}
	var err interface {
		error
		Hint() string
	}
	switch f.Code {
	case codes.UnknownInput:
		err = &services.UnknownInputError{Spec: spec, Known: c.Known, Nearest: c.Near}
	case codes.InputWithoutServices:
		err = &services.NoServicesError{Spec: spec, Input: c.Input, Elsewhere: c.Elsewhere}
	case codes.RemovedModule:
		err = &services.DeprecatedError{Spec: spec, Input: c.Input, Message: c.Nix}
	default:
		err = &services.UnknownModuleError{Spec: spec, Input: c.Input, Known: c.Known, Nearest: c.Near,
			Elsewhere: c.Elsewhere}
	}
	return err.Error(), cmp.Or(c.Hint, err.Hint())
}

func unknownRole(f Finding) (string, string) {
	return fmt.Sprintf("the module %s has no role %q", f.Cause.Service, f.Role),
		didYouMean(f.Cause, "its roles are ", "it has no roles")
}

func keyCollision(f Finding) (string, string) {
	return fmt.Sprintf("clan takes the module %s for %s of the instance %q (both have the key %q), so this instance runs the other's module",
		f.Cause.Service, f.Cause.OtherService, f.Cause.Other, f.Cause.Name), "rename one of the inputs or modules"
}

func splitService(f Finding) (string, string) {
	return fmt.Sprintf("clan evaluates the service %q twice: as %s for %s and as %s for %s; neither sees the other's instances",
			f.Cause.Name,
			f.Cause.Service, nearest.List(f.Cause.Instances), f.Cause.OtherService,
			nearest.List(f.Cause.OtherInstances)),
		"write the module the same way in all of them"
}

func tooManyInstances(f Finding) (string, string) {
	return fmt.Sprintf("the service %q allows at most %s, but there are %d", f.Cause.Name,
			count(f.Cause.Max, "instance"), f.Cause.Count),
		"remove an instance, or merge several into one"
}

func tooFewMachines(f Finding) (string, string) {
	return fmt.Sprintf("the role %q needs at least %s, but has %d", f.Role, count(f.Cause.Min, "machine"),
		f.Cause.Count), "add members; the module's manifest sets the limit"
}

func tooManyMachines(f Finding) (string, string) {
	return fmt.Sprintf("the role %q allows at most %s, but has %d", f.Role, count(f.Cause.Max, "machine"),
			f.Cause.Count),
		"remove members, or split them among several instances; the module's manifest sets the limit"
}

func conflict(f Finding) (string, string) {
	otherwise := "two layers give different values"
	if len(f.Cause.Values) == 2 {
		otherwise += ": " + compact(f.Cause.Values[0]) + " and " + compact(f.Cause.Values[1])
	}
	return nixSays(otherwise,
		"no layer outranks another: keep the value in one layer, or mark one with lib.mkForce or the other with lib.mkDefault")(f)
}

func settingsFailed(f Finding) (string, string) {
	if len(f.Cause.Values) == 1 {
		return "the settings are not a set, but " + compact(f.Cause.Values[0]), ""
	}
	return nixSays("the settings do not evaluate", "")(f)
}

func interfaceNotJSON(f Finding) (string, string) {
	if f.Cause.Nix != "" {
		return f.Cause.Nix, ""
	}
	return "JSON cannot express values of the type: " + f.Cause.Type,
		"let users give a name or an attribute path as a string, and look the value up in perInstance"
}

func impossibleConstraint(f Finding) (string, string) {
	option, least, most := PathString([]string{"constraints", "roles", f.Role}), f.Cause.Min, f.Cause.Max
	switch {
	case f.Role == "":
		return fmt.Sprintf("constraints.maxInstances is %d, so there can be no instance", most),
			"remove it, or make it 1 or more"
	case f.Cause.Name != "":
		return fmt.Sprintf("%s requires %s, but the module has no role %q", option, count(least, "machine"), f.Role),
			didYouMean(f.Cause, "its roles are ", "")
	case most < 1:
		return fmt.Sprintf("%s.maxMachines is %d, so no machine can be in the role", option, most),
			"remove it, or make it 1 or more"
	}
	return fmt.Sprintf("%s requires at least %d machines and allows at most %d", option, least, most),
		"correct the numbers"
}

func constraintOfUnknownRole(f Finding) (string, string) {
	return fmt.Sprintf("%s has no effect: the module has no role %q",
		PathString([]string{"constraints", "roles", f.Role}), f.Role), didYouMean(f.Cause, "its roles are ", "")
}

const migration = "move each to inventory.instances: https://clan.lol/docs/guides/migrations/migrate-inventory-services"

func deprecatedServices(f Finding) (string, string) {
	return "inventory.services is deprecated: " + nearest.List(f.Cause.Names), migration
}

func droppedServices(f Finding) (string, string) {
	return "clan-core no longer reads inventory.services, and silently ignores " + nearest.List(f.Cause.Names),
		migration
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func idleMacs(f Finding) (string, string) {
	hint := ""
	if f.Cause.Tag == "all" {
		hint = `the tag "nixos" instead of "all" leaves the Macs out`
	}
	return fmt.Sprintf("the service %s has nothing for Macs, so clan deploys nothing of it to %s", f.Cause.Service,
		nearest.List(f.Cause.Names)), hint
}

func refusedRole(f Finding) (string, string) {
	return "no machine in this role builds: " + f.Cause.Message, ""
}

func failedCheckWords(f Finding) (string, string) {
	return nixSays("a check of the clan fails",
		"put right what the check is about, or set "+PathString([]string{"clan", "checks", f.Cause.Name, "ignore"})+
			" = true")(f)
}

func deprecatedModule(f Finding) (string, string) {
	return fmt.Sprintf("the module %s is deprecated", f.Cause.Service),
		"see what clan warns of when it builds a machine with it, or the module's README, for what to use instead"
}

func missingFile(f Finding) (string, string) {
	return fmt.Sprintf("the file %s is not there, so machines with the role do not build", f.Cause.Name),
		gitAdd(f.Cause, "correct the path, or remove it")
}

func missingModule(f Finding) (string, string) {
	return fmt.Sprintf("the file %s is not there; no instance uses the module yet", f.Cause.Name),
		gitAdd(f.Cause, "correct the path, or remove the module")
}

func untrackedFile(f Finding) (string, string) {
	return fmt.Sprintf("git does not track %s, so clan goes on without it", f.Cause.Name), gitAdd(f.Cause, "")
}

// gitAdd says how Nix gets to see a file, if that is what is wrong.
func gitAdd(c Cause, otherwise string) string {
	if c.Add == "" {
		return otherwise
	}
	return "Nix sees only files that git tracks: " + shell.Join([]string{"git", "add", c.Add})
}

func tagFailed(f Finding) (string, string) {
	return nixSays(fmt.Sprintf("the tag %q does not evaluate", f.Cause.Tag), "")(f)
}

// malformed says the right form of an attribute.
func malformed(f Finding) (message, hint string) {
	shape := f.Cause.Shape
	if shape == nil {
		return "an attribute has a name or a form that clan does not know", ""
	}
	m := malformation(f)
	if shape.Type == "" {
		return fmt.Sprintf("%s has no attribute %q", m.where(m.around()...), m.last()), m.rightName()
	}
	return fmt.Sprintf("%s is %s, where %s belongs", m.where(shape.Path...), shape.Type, shape.Want), m.rightForm()
}

// malformation is a finding about the form of something: a tag, an instance or a machine, at the path of its shape.
type malformation Finding

func (m malformation) isTag() bool      { return m.Cause.Tag != "" }
func (m malformation) isInstance() bool { return !m.isTag() && m.Instance != "" }
func (m malformation) isMachine() bool  { return !m.isTag() && m.Instance == "" }
func (m malformation) path() []string   { return m.Cause.Shape.Path }

// inRole reports whether it is at or below the attributes of a role, so many names deep in the instance.
func (m malformation) inRole(depth int) bool {
	return len(m.path()) == depth && depth > 1 && m.path()[0] == "roles"
}

func (m malformation) last() string {
	if path := m.path(); len(path) > 0 {
		return path[len(path)-1]
	}
	return ""
}

func (m malformation) around() []string { return m.path()[:max(0, len(m.path())-1)] }

// where is a path in what it is about, with names in angle brackets, which are for the reader to fill in.
func (m malformation) where(path ...string) string {
	root := []string{"instances", m.Instance}
	switch {
	case m.isTag():
		root = []string{"tags", m.Cause.Tag}
	case m.isMachine():
		root = []string{"machines", m.Machine}
	}
	return strings.NewReplacer(`"<`, "<", `>"`, ">").Replace(PathString(append(root, path...)))
}

// rightName is a hint where clan does not know the attribute.
func (m malformation) rightName() string {
	n, last := len(m.path()), m.last()
	switch {
	case m.isInstance() && n == 1 && last == "settings":
		return "settings belong to a role: " + m.where("roles", "<role>", "settings")
	case len(m.Cause.Shape.Near) > 0:
		return "did you mean " + nearest.List(m.Cause.Shape.Near) + "?"
	case m.isMachine() && n == 1 && machineForm.fields["deploy"].fields[last] != nil:
		return "it stands below deploy: " + m.where("deploy", last)
	case m.inRole(n):
		return "settings belong below settings: " + m.where(append(slices.Clone(m.around()), "settings", last)...)
	case m.isInstance() && n == 1:
		return "an instance has module and roles"
	}
	return ""
}

// rightForm is a hint where the value is of the wrong kind.
func (m malformation) rightForm() string {
	n, last := len(m.path()), m.last()
	below := func(names ...string) string { return m.where(append(slices.Clone(m.path()), names...)...) }
	switch {
	case m.isTag():
		return fmt.Sprintf(`a tag lists machines: %s = [ "<machine>" ];`, m.where())
	case n == 1 && last == "module":
		return fmt.Sprintf(`name the module in its attributes: %s = "<module>";`, below("name"))
	case m.inRole(2):
		return fmt.Sprintf("name each member as an attribute: %s = { };", below("machines", "<machine>"))
	case m.inRole(3) && (last == "machines" || last == "tags"):
		return fmt.Sprintf("name each as an attribute: %s = { };", below("<"+strings.TrimSuffix(last, "s")+">"))
	case m.inRole(4):
		return fmt.Sprintf("a member is an attribute set, which may hold settings: %s = { };", below())
	case m.isMachine() && last == "tags":
		return fmt.Sprintf(`tags are a list: %s = [ "<tag>" ];`, m.where("tags"))
	case last == "settings":
		return fmt.Sprintf("settings are an attribute set: %s = { };", below())
	}
	return ""
}

func unknownSetting(f Finding) (message, hint string) {
	message, hint = nixSays("the role has no such option", "correct the name, or remove it")(f)
	if f.Cause.Dropped {
		message, hint = "the role takes no settings, so clan drops this one", "remove it"
	}
	switch {
	case len(f.Cause.Elsewhere) > 0:
		hint = fmt.Sprintf("%s has this option: take the module from there, or remove the setting",
			strings.Join(f.Cause.Elsewhere, " or "))
	case f.Instance != "" && len(f.Setting) > 0 && slices.Contains(facts.BesideSettings, f.Setting[0]):
		hint = fmt.Sprintf("%s stands beside settings, not in them: %s", f.Setting[0],
			PathString([]string{"roles", f.Role, f.Setting[0]}))
	}
	return message, hint
}

func manifestFailed(f Finding) (message, hint string) {
	if len(f.Cause.Names) > 0 {
		return fmt.Sprintf("clan knows no category %s; only listings of services show categories",
			nearest.List(f.Cause.Names)), didYouMean(f.Cause, "the categories are ", "")
	}
	return nixSays("a part of the module's manifest does not evaluate", "")(f)
}

func unusedIgnore(f Finding) (string, string) {
	return fmt.Sprintf("there is no finding %q here to ignore", f.Cause.Name), "remove the ignore"
}

func invalidIgnore(f Finding) (string, string) {
	switch {
	case len(f.Cause.Near)+len(f.Cause.Known) == 0:
		return fmt.Sprintf("the ignore of %q gives no reason, and so ignores nothing", f.Cause.Name),
			"add the reason: in a comment after two dashes, in .clanctl.json as \"reason\""
	case f.Cause.Name == "":
		return "the ignore names no code, and so ignores nothing", "name the code: # clanctl: ignore CODE -- REASON"
	case len(f.Cause.Values) == 1:
		return fmt.Sprintf("the ignore has %q between its code and the reason, and so ignores nothing",
				f.Cause.Values[0]),
			fmt.Sprintf("write # clanctl: ignore %s -- REASON, a comment for each code", f.Cause.Name)
	}
	return fmt.Sprintf("there is no finding with the code %q, so it ignores nothing", f.Cause.Name),
		didYouMean(f.Cause, "the codes are ", "")
}

// ruleSays is for findings of the clan's own rules.
func ruleSays(f Finding) (string, string) {
	message := f.Cause.Message
	if len(f.Cause.Values) == 1 {
		if value := f.Cause.Values[0]; value == nil {
			message += ": it is not set"
		} else {
			message += ": it is " + shortened(compact(value))
		}
	}
	return message, f.Cause.Hint
}

func ruleFailed(f Finding) (string, string) {
	return fmt.Sprintf("the rule %q does not run: %s", f.Cause.Name, f.Cause.Message), f.Cause.Hint
}

func exportFailed(f Finding) (string, string) {
	message, hint := nixSays("does not evaluate", "clan reads all exports at once, and fails to")(f)
	return fmt.Sprintf("the export %s: %s", f.Cause.Name, message), hint
}

func singleController(f Finding) (string, string) {
	return fmt.Sprintf("%s reached through this network only, and it has one controller, %q",
			counted(f.Cause.Count, "machine is", "machines are"), f.Cause.Name),
		"give them another way, such as the service internet: " + nearest.List(f.Cause.Names)
}

func varNotGenerated(f Finding) (string, string) {
	return fmt.Sprintf("%q has no address in this network: %s is not generated, although others are", f.Machine,
			f.Cause.Name),
		"clan reads all exports at once, and fails to: run clan vars generate " + shell.Join([]string{f.Machine})
}

func duplicateEndpoint(f Finding) (string, string) {
	return fmt.Sprintf("the endpoint %q is also that of the instance %q", f.Cause.Name, f.Cause.Other),
		"give one of them another name"
}

func unreadExport(f Finding) (string, string) {
	return fmt.Sprintf("no instance's module declares that it reads the interface %q", f.Cause.Name), ""
}

func missingExport(f Finding) (string, string) {
	return fmt.Sprintf("the module reads the interface %q, and no instance exports it", f.Cause.Name),
		"add an instance of a service that exports it"
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", many)
}
