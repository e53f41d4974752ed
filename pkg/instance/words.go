package instance

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/internal/shell"
	"github.com/clanctl/clanctl/pkg/module"
)

// The words of findings: what is wrong, and what to do about it, from the subject and the cause alone.

// says is for findings that say the same, but for what [Finding.fill] puts in. What git has to be told of is the hint.
func says(message, hint string) func(Finding) (string, string) {
	return func(f Finding) (string, string) {
		if f.Cause.Add != "" {
			return f.fill(message),
				"Nix sees only files that git tracks: " + shell.Join([]string{"git", "add", f.Cause.Add})
		}
		return f.fill(message), f.fill(hint)
	}
}

// names is for a name that is wrong: the hint proposes near ones or, behind all, says which there are.
func names(message, all, hint string) func(Finding) (string, string) {
	return func(f Finding) (string, string) {
		return f.fill(message), nearest.Hint(f.Cause.Near, f.Cause.Known, all, f.fill(hint))
	}
}

// also is for a name that something of another kind has.
func also(kind, hint string, otherwise func(Finding) (string, string)) func(Finding) (string, string) {
	return func(f Finding) (string, string) {
		message, advice := otherwise(f)
		if f.Cause.Also == kind {
			advice = f.fill(hint)
		}
		return message, advice
	}
}

// nixSays is for parts that do not evaluate: Nix's own message, or else what is known without.
func nixSays(otherwise, hint string) func(Finding) (string, string) {
	return func(f Finding) (string, string) {
		if f.Cause.Nix == "" && f.Cause.Max > 0 {
			return f.fill(otherwise),
				fmt.Sprintf("Nix's message is left out: more than %d parts of this clan do not evaluate", f.Cause.Max)
		}
		return cmp.Or(withoutDefinitions(f.Cause.Nix, len(f.Definitions)), f.fill(otherwise)),
			cmp.Or(f.Cause.Hint, f.fill(hint))
	}
}

// fill puts what the finding has into a text: for ${x} a text in quotes, for ${x attr} as it is written in Nix, for
// ${x arg} in a shell, for ${x plain} without quotes; lists of names; and numbers with their nouns, ${x one/many}.
func (f Finding) fill(text string) string {
	c := f.Cause
	texts := map[string]string{"machine": f.Machine, "role": f.Role, "tag": c.Tag, "name": c.Name, "other": c.Other,
		"service": c.Service, "otherService": c.OtherService, "message": c.Message, "hint": c.Hint}
	lists := map[string][]string{"names": c.Names, "instances": c.Instances, "otherInstances": c.OtherInstances}
	numbers := map[string]int{"min": c.Min, "max": c.Max, "count": c.Count}
	return os.Expand(text, func(ref string) string {
		name, form, _ := strings.Cut(ref, " ")
		if list, is := lists[name]; is {
			return nearest.List(list)
		}
		if n, is := numbers[name]; is {
			one, many, _ := strings.Cut(form, "/")
			if n == 1 {
				many = one
			}
			return strings.TrimRight(fmt.Sprint(n, " ", many), " ")
		}
		text, is := texts[name]
		switch {
		case !is:
			return "$" + ref
		case form == "attr":
			return nixlang.PathString([]string{text})
		case form == "arg":
			return shell.Join([]string{text})
		case form == "plain":
			return text
		}
		return strconv.Quote(text)
	})
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

// noModule says why a reference leads to no module, as package services does.
func noModule(f Finding) (string, string) {
	c := f.Cause
	spec := module.Spec{Name: c.Name}
	if c.Service != c.Name {
		spec.Input = &c.Input
	}
	err := &services.ResolveError{Code: f.Code, Spec: spec, Input: c.Input, Known: c.Known, Nearest: c.Near,
		Elsewhere: c.Elsewhere, Message: c.Nix}
	return err.Error(), cmp.Or(c.Hint, err.Hint())
}

func conflict(f Finding) (string, string) {
	otherwise := "two layers give different values"
	if len(f.Cause.Values) == 2 {
		otherwise += ": " + compact(f.Cause.Values[0]) + " and " + compact(f.Cause.Values[1])
	}
	message, hint := nixSays("",
		"no layer outranks another: keep the value in one layer, or mark one with lib.mkForce or the other with lib.mkDefault")(f)
	return cmp.Or(message, otherwise), hint
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
	words := says("constraints.roles.${role attr} requires at least ${min} machines and allows at most ${max}",
		"correct the numbers")
	switch {
	case f.Role == "":
		words = says("constraints.maxInstances is ${max}, so there can be no instance", "remove it, or make it 1 or more")
	case f.Cause.Name != "":
		words = names("constraints.roles.${role attr} requires ${min machine/machines}, but the module has no role ${role}",
			"its roles are ", "")
	case f.Cause.Max < 1:
		words = says("constraints.roles.${role attr}.maxMachines is ${max}, so no machine can be in the role",
			"remove it, or make it 1 or more")
	}
	return words(f)
}

func idleMacs(f Finding) (string, string) {
	hint := ""
	if f.Cause.Tag == "all" {
		hint = `the tag "nixos" instead of "all" leaves the Macs out`
	}
	return says("the service ${service plain} has nothing for Macs, so clan deploys nothing of it to ${names}", hint)(f)
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
	return strings.NewReplacer(`"<`, "<", `>"`, ">").Replace(nixlang.PathString(append(root, path...)))
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
			nixlang.PathString([]string{"roles", f.Role, f.Setting[0]}))
	}
	return message, hint
}

func manifestFailed(f Finding) (message, hint string) {
	if len(f.Cause.Names) > 0 {
		return names("clan knows no category ${names}; only listings of services show categories",
			"the categories are ", "")(f)
	}
	return nixSays("a part of the module's manifest does not evaluate", "")(f)
}

func invalidIgnore(f Finding) (string, string) {
	words := names("there is no finding with the code ${name}, so it ignores nothing", "the codes are ", "")
	switch {
	case len(f.Cause.Near)+len(f.Cause.Known) == 0:
		words = says("the ignore of ${name} gives no reason, and so ignores nothing",
			"add the reason: in a comment after two dashes, in .clanctl.json as \"reason\"")
	case f.Cause.Name == "":
		words = says("the ignore names no code, and so ignores nothing",
			"name the code: # clanctl: ignore CODE -- REASON")
	case len(f.Cause.Values) == 1:
		return fmt.Sprintf("the ignore has %q between its code and the reason, and so ignores nothing",
				f.Cause.Values[0]),
			fmt.Sprintf("write # clanctl: ignore %s -- REASON, a comment for each code", f.Cause.Name)
	}
	return words(f)
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

func exportFailed(f Finding) (string, string) {
	message, hint := nixSays("does not evaluate", "clan reads all exports at once, and fails to")(f)
	return fmt.Sprintf("the export %s: %s", f.Cause.Name, message), hint
}
