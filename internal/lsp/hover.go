package lsp

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/internal/refs"
	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/internal/textview"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/why"
)

// hover says what is known of a name.
func (s *server) hover(params positionParams) (any, error) {
	v, at := s.ask(params)
	const most = 8
	var all []string
	for i, r := range at {
		if i == most {
			all = append(all, fmt.Sprintf("and %d more", len(at)-most))
			break
		}
		if text := (explanation{v.known()}).of(r.Subject); text != "" && !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	d := s.documents[params.TextDocument.URI]
	return hover{Contents: markup{"markdown", strings.Join(all, "\n---\n\n")},
		Range: d.span(at[0].Start, at[0].End, s.encoding)}, nil
}

// explanation writes Markdown about parts of a clan.
type explanation struct{ known }

func (e explanation) of(s refs.Subject) string {
	switch s.Kind {
	case refs.Machine:
		return e.machine(s.Name)
	case refs.Tag:
		return e.tag(s.Name)
	case refs.Instance:
		return e.instance(s.Name)
	case refs.Role:
		return e.role(s.Instance, s.Role)
	case refs.Module, refs.Input:
		return e.module(s.Instance)
	case refs.Setting:
		return e.setting(s)
	}
	return ""
}

func title(kind, name, more string) string {
	return strings.TrimSpace(fmt.Sprintf("%s **%s** %s", kind, escaped(name), more)) + "\n\n"
}

func (e explanation) machine(name string) string {
	m := e.inv.Machines[name]
	if m == nil {
		return fmt.Sprintf("The clan has no machine %s.", code(name))
	}
	text := title("machine", name, "("+m.Class+")") + paragraph(m.Description)
	if len(m.Tags) > 0 {
		text += "tags: " + list(m.Tags) + "\n\n"
	}
	for ref, role := range e.inv.Roles() {
		if member := role.Machines[name]; member != nil {
			text += fmt.Sprintf("- %s %s, %s\n", code(ref.Instance), escaped(ref.Role), reason(member))
		}
	}
	return text
}

// reason says why a member is one.
func reason(m *instance.Member) string {
	var parts []string
	if m.Explicit {
		parts = append(parts, "by name")
	}
	for _, tag := range m.Tags {
		parts = append(parts, "by tag "+code(tag))
	}
	return strings.Join(parts, " and ")
}

func (e explanation) tag(name string) string {
	machines := e.inv.Tags[name]
	text := title("tag", name, "of "+textview.Count(len(machines), "machine")) + paragraph(list(machines))
	for ref, role := range e.inv.Roles() {
		if slices.Contains(role.Tags, name) {
			text += fmt.Sprintf("- %s %s\n", code(ref.Instance), escaped(ref.Role))
		}
	}
	return text
}

func (e explanation) instance(name string) string {
	inst := e.inv.Instances[name]
	if inst == nil {
		return ""
	}
	text := title("instance", name, "of "+e.reference(inst)) + paragraph(description(inst))
	for _, role := range slices.Sorted(maps.Keys(inst.Roles)) {
		machines := slices.Sorted(maps.Keys(inst.Roles[role].Machines))
		text += fmt.Sprintf("- %s: %s\n", escaped(role), cmp.Or(list(machines), "no members"))
	}
	return text
}

func description(inst *instance.Instance) string {
	if inst.Module.Manifest == nil {
		return ""
	}
	return inst.Module.Manifest.Description
}

// reference is the module that an instance means.
func (e explanation) reference(inst *instance.Instance) string {
	text := "the module " + code(inst.Module.Name)
	if inst.Module.Resolved != "" {
		text += " from " + code(inst.Module.Resolved)
	}
	return text
}

func (e explanation) module(of string) string {
	inst := e.inv.Instances[of]
	if inst == nil {
		return ""
	}
	text := title("module", inst.Module.Name, "") + paragraph(description(inst))
	if inst.Module.Resolved != "" {
		text += "from the input " + code(inst.Module.Resolved) + "\n\n"
	}
	for _, role := range slices.Sorted(maps.Keys(inst.Module.Roles)) {
		text += fmt.Sprintf("- %s: %s\n", escaped(role),
			strings.Join(strings.Fields(inst.Module.Roles[role].Description), " "))
	}
	return text
}

func (e explanation) role(of, name string) string {
	inst := e.inv.Instances[of]
	if inst == nil || inst.Roles[name] == nil {
		return ""
	}
	role := inst.Roles[name]
	text := title("role", name, "of "+code(of)) + paragraph(inst.Module.Roles[name].Description)
	for _, machine := range slices.Sorted(maps.Keys(role.Machines)) {
		text += fmt.Sprintf("- %s, %s\n", code(machine), reason(role.Machines[machine]))
	}
	return text
}

// describeOption says what an option takes, and what it is for.
func describeOption(option *services.Option) string {
	text := ""
	if option.Type != nil {
		text += "type: " + escaped(option.Type.Description) + "  \n"
	}
	switch {
	case len(option.Default) > 0:
		text += "default: " + code(string(option.Default)) + "  \n"
	case option.DefaultText != "":
		text += "default: " + code(option.DefaultText) + "  \n"
	}
	if text != "" {
		text = strings.TrimRight(text, " \n") + "\n\n"
	}
	return text + paragraph(option.Description)
}

// mostOfValue is how many characters of a value are shown.
const mostOfValue = 120

// setting says what the option is, which values it has in the end, and what is written for them.
func (e explanation) setting(s refs.Subject) string {
	inst := e.inv.Instances[s.Instance]
	if inst == nil || inst.Roles[s.Role] == nil {
		return ""
	}
	role := inst.Roles[s.Role]
	text := title("setting", nixlang.PathString(s.Setting), fmt.Sprintf("of %s %s", code(s.Instance), escaped(s.Role)))
	if option, depth := e.option(s); option != nil && depth == len(s.Setting) {
		text += describeOption(option)
	}
	groups := membersByValue(role, s)
	for _, value := range slices.SortedFunc(maps.Keys(groups), func(a, b string) int {
		return cmp.Or(len(groups[b])-len(groups[a]), strings.Compare(a, b))
	}) {
		machines := groups[value]
		text += fmt.Sprintf("- %s on %s\n", code(textview.Shortened(value, mostOfValue)), list(machines))
		of := instance.Scope{Instance: s.Instance, Role: s.Role, Machine: machines[0]}
		for _, o := range why.Origins(e.inv, of) {
			if !slices.Equal(o.Path, s.Setting) {
				continue
			}
			for _, d := range o.Definitions {
				text += "  - " + e.definition(d) + "\n"
			}
		}
	}
	return text
}

// membersByValue are the members that have a setting, those with one value together; of a layer those that it is for.
func membersByValue(role *instance.Role, s refs.Subject) map[string][]string {
	groups := map[string][]string{}
	for _, machine := range slices.Sorted(maps.Keys(role.Machines)) {
		member := role.Machines[machine]
		if member.Settings == nil || s.Machine != "" && machine != s.Machine || s.Tag != "" &&
			!slices.Contains(member.Tags, s.Tag) {
			continue
		}
		if value, ok := member.Settings.Lookup(s.Setting...); ok {
			key := string(jsonvalue.Text(value))
			groups[key] = append(groups[key], machine)
		}
	}
	return groups
}

func (e explanation) definition(d why.Definition) string {
	from := d.Layer
	if d.Name != "" {
		from += " " + escaped(d.Name)
	}
	text := fmt.Sprintf("%s: %s", from, code(textview.Shortened(string(jsonvalue.Text(d.Value)), mostOfValue)))
	if d.Position != nil {
		text += fmt.Sprintf(" (%s)", escaped(d.Position.String()))
	}
	if !d.Counts {
		text += ", which does not count"
	}
	return text
}

func paragraph(text string) string {
	if text = strings.TrimSpace(text); text == "" {
		return ""
	}
	return text + "\n\n"
}

// code writes a text as a span of code, whatever is in it.
func code(text string) string {
	return textview.Fenced(strings.ReplaceAll(text, "\n", " "))
}

func list(texts []string) string {
	const most = 30
	var all []string
	for i, text := range texts {
		if i == most {
			all = append(all, fmt.Sprintf("and %d more", len(texts)-most))
			break
		}
		all = append(all, code(text))
	}
	return strings.Join(all, ", ")
}

// escaped writes a text so that Markdown finds nothing in it.
func escaped(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r == '\n' {
			r = ' '
		}
		if strings.ContainsRune("\\`*_{}[]<>()#+-.!|~&", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
