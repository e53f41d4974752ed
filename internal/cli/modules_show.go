package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/markdown"
	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/internal/services"
	"github.com/clanctl/clanctl/internal/term"
	"github.com/clanctl/clanctl/internal/textview"
	"github.com/clanctl/clanctl/internal/view"
)

func modulesShowCommand() *cli.Command {
	return &cli.Command{
		Name:      "show",
		Usage:     "show a service module: what it is, its README, its roles, and the options of their settings",
		ArgsUsage: "[INPUT#]MODULE...",
		Description: "Without INPUT, the only module of that name, or else clan-core's. The options of a map's and a list's elements\n" +
			"are shown below <name> and below *.",
		Flags: append(jsonFlags("print JSON"), colorFlag()),
		Action: remembered(func(c *cli.Context) error {
			if c.NArg() == 0 {
				return usageError{"modules show takes the name of a module", "clanctl modules lists them"}
			}
			out, err := newViewOutput(c)
			if err != nil {
				return err
			}
			return showModules(c, out)
		}),
	}
}

// showModules shows the modules that are named.
func showModules(c *cli.Context, out *viewOutput) error {
	refs := c.Args().Slice()
	modules, err := loadModules(c, facts.ModuleQuery{Of: refs})
	if err != nil {
		return explainLoad(c, err)
	}
	list := &view.ModuleList{Failures: []view.InputFailure{}}
	for _, ref := range refs {
		list.Modules = append(list.Modules, view.ServiceModuleOf(modules, modules.Found[ref]))
	}
	err = listing[view.ServiceModule]{document: list, items: list.Modules, name: moduleRef, detail: out.module,
		columns: out.moduleColumns()}.print(out, true)
	if err != nil {
		return err
	}
	return failedModules(c, list)
}

// module describes one module.
func (o *viewOutput) module(m view.ServiceModule) {
	o.title(m.Name, "from "+m.Input)
	o.about(m.Description)
	o.field("also named", m.Aliases...)
	o.field("categories", m.Categories...)
	o.field("limits", limits(m.Constraints)...)
	o.field("used by", m.UsedBy...)
	fmt.Fprintf(&o.text, "  %s%s\n", o.paint(dim, fmt.Sprintf("%-*s", labelWidth, "to use it")), flat(m.Paste))
	for _, role := range m.Roles {
		o.text.WriteString("\n")
		o.section(role.Name, role.Description)
		switch {
		case role.Interface == nil:
			o.text.WriteString("    " + o.paint(red, "its settings are not known: the interface does not evaluate") +
				"\n")
		default:
			o.interfaceTree(role.Interface)
		}
	}
	if m.Readme != "" {
		o.text.WriteString("\n" + o.markdown(m.Readme, 0))
	}
}

// about is what a module says of itself, if it does.
func (o *viewOutput) about(description string) {
	if description != "" {
		margin := strings.Repeat(" ", 2+labelWidth)
		o.text.WriteString("  " + o.paint(dim, fmt.Sprintf("%-*s", labelWidth, "about")) +
			strings.TrimLeft(indented(o.markdown(description, len(margin)), margin), " "))
	}
}

// limits are a manifest's constraints in words.
func limits(constraints map[string]any) []string {
	var all []string
	if n := constraints["maxInstances"]; n != nil {
		all = append(all, fmt.Sprintf("at most %v instances", n))
	}
	roles, _ := constraints["roles"].(map[string]any)
	for _, role := range sortedKeys(roles) {
		of, _ := roles[role].(map[string]any)
		if n := of["minMachines"]; n != nil {
			all = append(all, fmt.Sprintf("at least %v %s", n, role))
		}
		if n := of["maxMachines"]; n != nil {
			all = append(all, fmt.Sprintf("at most %v %s", n, role))
		}
	}
	return all
}

// interfaceTree writes the options of a role.
func (o *viewOutput) interfaceTree(of *services.Interface) {
	if len(of.Options) == 0 && of.Freeform == nil {
		o.text.WriteString("    " + o.paint(dim, "no settings") + "\n")
		return
	}
	o.optionSet(nil, of.Options, 2, false)
	if of.Freeform != nil {
		o.freeform(nil, of.Freeform, 2)
	}
}

// optionSet writes options that stand side by side: of tags, a value has exactly one.
func (o *viewOutput) optionSet(path []string, options map[string]*services.Option, depth int, tags bool) {
	for _, name := range sortedKeys(options) {
		option := options[name]
		if option.Hidden || option.Internal {
			continue
		}
		at := append(path[:len(path):len(path)], name)
		if option.IsSet() {
			o.optionSet(at, option.Options, depth, tags)
			continue
		}
		o.option(at, option, depth, tags)
	}
}

// option writes the path of an option, its type and default on a line; below it, what its author says.
func (o *viewOutput) option(path []string, option *services.Option, depth int, isTag bool) {
	var note string
	switch {
	case option.Err != nil:
		note = "does not evaluate: " + option.Err.Text
	case option.ReadOnly:
		note = "read-only"
	case option.Required() && isTag:
		note = "exactly one of these"
	case option.Required():
		note = "required"
	case option.Default != nil:
		note = "= " + compactRaw(option.Default)
	case option.DefaultText != "":
		note = "= " + option.DefaultText
	}
	o.optionLine(path[:len(path)-1], path[len(path)-1], option.Type, depth, note)
	indentation := strings.Repeat("  ", depth) + "    "
	if text := strings.TrimSpace(option.Description); text != "" {
		o.text.WriteString(indented(o.markdown(text, len(indentation)), indentation))
	}
	switch {
	case option.Example != nil:
		o.text.WriteString(indentation + o.paint(dim, "example: ") + flat(compactRaw(option.Example)) + "\n")
	case strings.Contains(strings.TrimSpace(option.ExampleText), "\n"):
		o.text.WriteString(indentation + o.paint(dim, "example:") + "\n" +
			indented(term.Escape(strings.TrimSpace(option.ExampleText)), indentation+"  "))
	case option.ExampleText != "":
		o.text.WriteString(indentation + o.paint(dim, "example: ") + flat(strings.TrimSpace(option.ExampleText)) + "\n")
	}
	o.optionsInside(path, option.Type, depth)
}

func (o *viewOutput) optionLine(path []string, name string, t *services.Type, depth int, note string) {
	path = append(path[:len(path):len(path)], name)
	line := strings.Repeat("  ", depth) + o.paint(bold, flat(optionPath(path)))
	if t != nil {
		line += "  " + flat(t.Description)
		if t.Err != nil {
			line += "  " + o.paint(red, flat("the type does not evaluate: "+t.Err.Text))
		}
	}
	if note != "" {
		style := dim
		if note == "required" {
			style = yellow
		}
		line += "  " + o.paint(style, flat(strings.TrimSpace(note)))
	}
	o.text.WriteString(line + "\n")
}

// freeform writes what settings without an option may be.
func (o *viewOutput) freeform(path []string, t *services.Type, depth int) {
	if t.Kind == services.KindMap && t.Elem != nil {
		t = t.Elem
	}
	o.optionLine(path, "<name>", t, depth, "any other setting")
	o.optionsInside(append(path[:len(path):len(path)], "<name>"), t, depth)
}

// optionsInside writes the options that the values of a type have.
func (o *viewOutput) optionsInside(path []string, t *services.Type, depth int) {
	if t == nil || t.Up > 0 {
		return
	}
	switch {
	case t.Interface != nil:
		o.optionSet(path, t.Interface.Options, depth+1, t.Kind == services.KindTagged)
		if t.Interface.Freeform != nil {
			o.freeform(path, t.Interface.Freeform, depth+1)
		}
	case t.Kind == services.KindMap:
		o.optionsInside(append(path[:len(path):len(path)], "<name>"), t.Elem, depth)
	case t.Kind == services.KindList:
		o.optionsInside(append(path[:len(path):len(path)], "*"), t.Elem, depth)
	case t.Elem != nil:
		o.optionsInside(path, t.Elem, depth)
	}
	for _, alternative := range t.Alternatives {
		o.optionsInside(path, alternative, depth)
	}
}

// optionPath is a path that may lead through elements.
func optionPath(path []string) string {
	names := make([]string, len(path))
	for i, name := range path {
		names[i] = name
		if name != "<name>" && name != "*" {
			names[i] = nixlang.PathString([]string{name})
		}
	}
	return strings.Join(names, ".")
}

// markdown lays out a text of the flake's, beside an indentation.
func (o *viewOutput) markdown(text string, indentation int) string {
	width := 0
	if o.width > 0 {
		width = max(o.width-indentation, 20)
	}
	styles := map[markdown.Style]style{markdown.Heading: bold, markdown.Strong: bold, markdown.Emphasis: italic,
		markdown.Code: cyan, markdown.Link: underline}
	return markdown.Render(text,
		markdown.Options{Width: width, Paint: func(s markdown.Style, text string) string {
			return o.paint(styles[s], text)
		}})
}

func indented(text, indentation string) string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i, line := range lines {
		if line != "" {
			lines[i] = indentation + line
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

func compactRaw(data json.RawMessage) string { return textview.CompactJSON(textview.DecodeJSON(data)) }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
