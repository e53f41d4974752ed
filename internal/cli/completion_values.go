package cli

import (
	"cmp"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/export"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/git"
	"github.com/clanctl/clanctl/internal/natural"
	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/internal/textview"
	"github.com/clanctl/clanctl/internal/view"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/nixeval"
	"github.com/clanctl/clanctl/pkg/reach"
)

// What may stand in a place is what the help calls it: the word in the usage of a flag, as FILE in "write to `FILE`",
// and the words of a command's arguments, as in INSTANCE ROLE [MACHINE...]. Words with | between them are any of them,
// and one in small letters is itself. A flag of other values is a [valueFlag].

// completer returns what may stand in a place, whatever the word there begins with; nothing, where nothing is known.
type completer func(*completion) []candidate

// candidate is a word that may stand in a place. One that ends with an equals sign is a beginning.
type candidate struct{ text, about string }

// line is what a shell reads.
func (c candidate) line() string {
	if c.about == "" {
		return c.text
	}
	return c.text + "\t" + flat(strings.Join(strings.Fields(c.about), " "))
}

// What the shell itself completes: it gets one of these in place of candidates.
const (
	anyFile      = "\tfiles"
	anyDirectory = "\tdirectories"
)

// valueFlag is a flag whose values no word in its usage tells.
type valueFlag struct {
	*cli.StringFlag
	values completer
}

// choiceFlag takes one of some words, each perhaps with what it is in parentheses. They become a part of its usage.
func choiceFlag(flag *cli.StringFlag, choices ...string) cli.Flag {
	var words []string
	var values []candidate
	for _, choice := range choices {
		word, about, _ := strings.Cut(choice, " (")
		words, values = append(words, word), append(values, candidate{word, strings.TrimSuffix(about, ")")})
	}
	or := func(words []string) string {
		last := len(words) - 1
		return strings.Join(words[:last], ", ") + " or " + words[last]
	}
	flag.Usage += ": " + or(choices)
	flag.Action = func(_ *cli.Context, value string) error {
		if !slices.Contains(words, value) {
			return usagef("--%s is %s, not %q", flag.Name, or(words), value)
		}
		return nil
	}
	return valueFlag{flag, func(*completion) []candidate { return values }}
}

// valuesOf is what a flag takes; nil where its declaration does not tell. at counts the values of a flag that takes
// two.
func valuesOf(flag cli.Flag, at int) completer {
	if f, ok := flag.(valueFlag); ok {
		return f.values
	}
	return placeholder(valueName(flag), at)
}

// placeholder is what the word at a place of a usage means; the last one may stand for more. It is nil where one of the
// words means nothing.
func placeholder(usage string, at int) completer {
	words := strings.Fields(usage)
	if len(words) == 0 || at >= len(words) && !strings.Contains(words[len(words)-1], "...") {
		return nil
	}
	word := words[min(at, len(words)-1)]
	if do := placeholders()[word]; do != nil {
		return do
	}
	optional := strings.HasPrefix(word, "[") && strings.HasSuffix(word, "]")
	if optional || strings.Count(word, "[") != strings.Count(word, "]") {
		word = strings.Trim(word, "[]")
	}
	var all []completer
	for one := range strings.SplitSeq(strings.TrimSuffix(word, "..."), "|") {
		do := placeholders()[one]
		switch {
		case do != nil:
		case one != "" && one == strings.ToLower(one):
			do = func(*completion) []candidate { return []candidate{{text: one}} }
		default:
			return nil
		}
		all = append(all, do)
	}
	return anyOf(all...)
}

// placeholders are the words of usages, and what they stand for.
func placeholders() map[string]completer {
	nothing := func(*completion) []candidate { return nil }
	files := func(*completion) []candidate { return []candidate{{text: anyFile}} }
	directories := func(*completion) []candidate { return []candidate{{text: anyDirectory}} }
	machines := selectorOf(anyOf(inSelector(machineNames), prefixed("@", inSelector(tagNames))))
	instances := selectorOf(inSelector(instanceNamesOf))
	return map[string]completer{
		"MACHINE":        machineNames,
		"MACHINES":       machines,
		"[MACHINE...]":   machines,
		"TAG":            tagNames,
		"@TAG":           prefixed("@", tagNames),
		"INSTANCE":       instanceNamesOf,
		"INSTANCES":      instances,
		"[INSTANCE...]":  instances,
		"ROLE":           roleNames,
		"ROLES":          selectorOf(inSelector(roleNames)),
		"ROLE=MEMBERS":   roleMembers,
		"MODULE":         moduleNames,
		"MODULES":        selectorOf(inSelector(moduleNames)),
		"[INPUT#]MODULE": func(comp *completion) []candidate { return comp.modules(moduleRef) },
		"INPUT":          inputNames(""),
		"INPUT[=REF]":    inputNames(""),
		"[INPUT=]REF":    inputNames("="),
		"INTERFACE":      interfaceNames,
		"SETTING.PATH":   settingPaths(""),
		"PATH":           settingPaths(""),
		"PATH=VALUE":     settingPaths("="),
		"CODE":           codesOf,
		"COMMAND":        commandsOf,
		"FORMAT":         names(slices.Sorted(maps.Keys(export.Formats))),
		"REV":            revisions,
		"OLD":            revisions,
		"NEW":            revisions,
		"REF":            directories,
		"DIR":            directories,
		"FILE":           files,
		"NAME":           nothing, // a new one
		"VALUE":          nothing,
		"TEXT":           nothing,
		"WORD":           nothing,
		"EXPR":           nothing,
		"TEMPLATE":       nothing,
		"PORT":           nothing,
		"N":              nothing,
		"D":              nothing,
	}
}

func names(all []string) completer {
	return func(*completion) (found []candidate) {
		for _, name := range all {
			found = append(found, candidate{text: name})
		}
		return found
	}
}

// described are names in their order, with what each is.
func described(about map[string]string) (found []candidate) {
	for _, name := range natural.Keys(about) {
		found = append(found, candidate{name, about[name]})
	}
	return found
}

func anyOf(all ...completer) completer {
	return func(comp *completion) (found []candidate) {
		for _, do := range all {
			found = append(found, do(comp)...)
		}
		return found
	}
}

func prefixed(before string, do completer) completer {
	return func(comp *completion) []candidate { return behind(before, do(comp)) }
}

// behind are candidates behind what was typed before them.
func behind(before string, found []candidate) []candidate {
	all := make([]candidate, len(found))
	for i, c := range found {
		all[i] = candidate{before + c.text, c.about}
	}
	return all
}

// listOf completes the last of words with commas between them.
func listOf(do completer) completer {
	return func(comp *completion) []candidate {
		at := strings.LastIndex(comp.word, ",") + 1
		last := *comp
		last.word = comp.word[at:]
		return behind(comp.word[:at], do(&last))
	}
}

// selectorOf completes the last name of a selector.
func selectorOf(do completer) completer {
	return func(comp *completion) []candidate {
		at, escaped := 0, false
		for i, r := range comp.word {
			switch {
			case escaped:
				escaped = false
			case r == '\\':
				escaped = true
			case strings.ContainsRune(",&", r), strings.ContainsRune("! ", r) && at == i:
				at = i + 1
			}
		}
		return behind(comp.word[:at], do(comp))
	}
}

// inSelector has names as a selector says them: with backslashes before what would have a meaning.
func inSelector(do completer) completer {
	meaning := strings.NewReplacer(`\`, `\\`, ",", `\,`, "&", `\&`)
	return func(comp *completion) []candidate {
		found := slices.Clone(do(comp))
		for i, c := range found {
			found[i].text = meaning.Replace(c.text)
			if strings.ContainsAny(c.text[:min(1, len(c.text))], "!@(") {
				found[i].text = `\` + found[i].text
			}
		}
		return found
	}
}

func machineNames(comp *completion) []candidate {
	inv := comp.inventory()
	role, known := comp.role()
	names := slices.Collect(maps.Keys(inv.Machines))
	if known && comp.name != "roles add" {
		names = slices.Collect(maps.Keys(role.Machines))
	}
	about := map[string]string{}
	for _, name := range names {
		byName := role.Machines[name] != nil && role.Machines[name].Explicit
		if comp.name == "roles add" && byName || comp.name == "roles remove" && !byName {
			continue
		}
		about[name] = ""
		if m := inv.Machines[name]; m != nil {
			about[name] = cmp.Or(m.Description, strings.Join(telling(m.Class, m.Tags), ", "))
		}
	}
	return described(about)
}

func tagNames(comp *completion) []candidate {
	inv := comp.inventory()
	role, known := comp.role()
	tags := slices.Collect(maps.Keys(inv.Tags))
	if known && comp.name == "roles remove" {
		tags = role.Tags
	}
	about := map[string]string{}
	for _, tag := range tags {
		if comp.name == "roles add" && slices.Contains(role.Tags, tag) {
			continue
		}
		about[tag] = textview.Count(len(inv.Tags[tag]), "machine")
	}
	return described(about)
}

func instanceNamesOf(comp *completion) []candidate {
	about := map[string]string{}
	for name, inst := range comp.inventory().Instances {
		about[name] = moduleAbout(inst)
	}
	return described(about)
}

// moduleAbout says what an instance is: its module, and what that says of itself.
func moduleAbout(inst *instance.Instance) string {
	if m := inst.Module.Manifest; m != nil && m.Description != "" {
		return inst.Module.Name + ": " + m.Description
	}
	return inst.Module.Name
}

// roleNames are the roles of the instance that was given, or of all.
func roleNames(comp *completion) []candidate {
	about := map[string]string{}
	for of, inst := range comp.inventory().Instances {
		if len(comp.given) > 0 && of != comp.given[0] {
			continue
		}
		for name := range inst.Roles {
			about[name] = inst.Module.Roles[name].Description
		}
		if slices.Contains([]string{"roles add", "set", "schema"}, comp.name) { // also those without members
			for name, role := range inst.Module.Roles {
				about[name] = role.Description
			}
		}
	}
	return described(about)
}

// roleMembers are the roles of the module that is given, or machines and tags for one.
func roleMembers(comp *completion) (found []candidate) {
	if role, members, isList := strings.Cut(comp.word, "="); isList {
		of := *comp
		of.word = members
		return behind(role+"=", listOf(anyOf(machineNames, prefixed("@", tagNames)))(&of))
	}
	module := cmp.Or(comp.c.String("module"), comp.c.Args().First())
	for _, m := range comp.serviceModules() {
		if m.Name == module || moduleRef(m) == module {
			for _, role := range m.Roles {
				found = append(found, candidate{role.Name + "=", role.Description})
			}
		}
	}
	return found
}

// moduleNames are the modules of instances, or, where modules are checked, the flake's own.
func moduleNames(comp *completion) []candidate {
	if comp.name == "modules check" {
		return comp.modules(func(m view.ServiceModule) string {
			if m.Input != "self" {
				return ""
			}
			return m.Name
		})
	}
	about := map[string]string{}
	for _, inst := range comp.inventory().Instances {
		if about[inst.Module.Name] = ""; inst.Module.Manifest != nil {
			about[inst.Module.Name] = inst.Module.Manifest.Description
		}
	}
	return described(about)
}

// modules are those of the last listing that is kept, by a name; one that is empty is none.
func (comp *completion) modules(name func(view.ServiceModule) string) (found []candidate) {
	for _, m := range comp.serviceModules() {
		if name := name(m); name != "" {
			found = append(found, candidate{name, m.Description})
		}
	}
	return found
}

func (comp *completion) serviceModules() []view.ServiceModule {
	inv, _ := ask(comp.c, instance.Config{Need: facts.NeedModules}, loadCached)
	if inv == nil {
		return nil
	}
	return view.ServiceModules(facts.Of(inv).Modules, "").Modules
}

func inputNames(end string) completer {
	return func(comp *completion) (found []candidate) {
		for _, name := range facts.Of(comp.inventory()).Catalogue.Names {
			if name != "self" || comp.name == "modules" { // nothing else can be done with it
				found = append(found, candidate{text: name + end})
			}
		}
		return found
	}
}

func interfaceNames(comp *completion) (found []candidate) {
	if inv, _ := ask(comp.c, instance.Config{Need: needReach}, loadCached); inv != nil {
		for _, i := range reach.Interfaces(inv) {
			found = append(found, candidate{text: i.Name})
		}
	}
	return found
}

// settingPaths are the settings of the member that was given, or of all members of the role, with the value that they
// have.
func settingPaths(end string) completer {
	return func(comp *completion) []candidate {
		role, _ := comp.role()
		values := map[string]string{}
		for name, member := range role.Machines {
			if len(comp.given) < 3 || comp.given[2] == name || comp.name != "why" {
				addSettings(values, nil, member.Settings.Value())
			}
		}
		found := described(values)
		for i := range found {
			found[i].text += end
		}
		return found
	}
}

// addSettings adds the paths of all settings in a value, sets included, with the values; of paths that have another one
// already there is none.
func addSettings(values map[string]string, prefix []string, value any) {
	set, _ := value.(map[string]any)
	for name, below := range set {
		path := append(slices.Clip(prefix), name)
		key, text := nixlang.PathString(path), ""
		if _, isSet := below.(map[string]any); !isSet {
			text = textview.CompactJSON(below)
		}
		if before, known := values[key]; known && before != text {
			text = ""
		}
		values[key] = text
		addSettings(values, path, below)
	}
}

// codesOf are the codes of findings, and of the clan's own rules.
func codesOf(comp *completion) (found []candidate) {
	for _, info := range instance.Codes() {
		found = append(found, candidate{info.Code, info.Title})
	}
	for _, rule := range ownRules(comp.c) {
		found = append(found, candidate{rule.Code, rule.Message})
	}
	return found
}

// commandsOf are the commands, or those below the one that is named before.
func commandsOf(comp *completion) (found []candidate) {
	app := newApp(io.Discard, io.Discard)
	line, _ := arrange(app, append([]string{app.Name}, comp.given...))
	if len(line.names) > 0 {
		return nil
	}
	for _, command := range commandsBelow(app, line.command()) {
		found = append(found, candidate{command.Name, command.Usage})
	}
	return found
}

// revisions are names of git's, where a flake could be meant as well.
func revisions(comp *completion) []candidate {
	if strings.HasPrefix(comp.word, ".") || strings.HasPrefix(comp.word, "/") {
		return []candidate{{text: anyDirectory}}
	}
	ref, err := nixeval.ResolveRef(comp.c.String("flake"))
	if err != nil || !ref.Git {
		return nil
	}
	found, _ := git.Repo(ref.Root).Names(comp.c.Context)
	return names(found)(comp)
}
