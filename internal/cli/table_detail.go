package cli

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/clipperhouse/displaywidth"

	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/internal/textview"
	"github.com/clanctl/clanctl/internal/view"
	"github.com/clanctl/clanctl/pkg/instance"
)

// What follows describes single things, in paragraphs. Nothing of them is cut: what is too long goes on in the next
// line.

const labelWidth = 12

// paragraph parts things from each other.
func (o *viewOutput) paragraph(i int) {
	if i > 0 {
		o.text.WriteString("\n")
	}
}

// title begins a paragraph.
func (o *viewOutput) title(name, description string) {
	o.text.WriteString(o.paint(bold, flat(name)))
	if description != "" {
		o.text.WriteString(": " + flat(description))
	}
	o.text.WriteString("\n")
}

// field is one line of a paragraph, if there is anything to say.
func (o *viewOutput) field(label string, items ...string) {
	if len(items) == 0 {
		return
	}
	for i := range items {
		items[i] = flat(items[i])
	}
	fmt.Fprintf(&o.text, "  %s%s\n", o.paint(dim, fmt.Sprintf("%-*s", labelWidth, label)),
		wrap(items, 2+labelWidth, o.width))
}

// place says where a thing is written. A file elsewhere is not the user's: a function of nixpkgs made the name, say.
func (o *viewOutput) place(p *instance.Position) {
	if p != nil && !filepath.IsAbs(p.File) {
		place := textview.Hyperlink(sourceOf(o.c).link(o.c, stdout(o.c))(*p), flat(p.String()))
		fmt.Fprintf(&o.text, "  %s%s\n", o.paint(dim, fmt.Sprintf("%-*s", labelWidth, "at")), place)
	}
}

// section begins a part of a paragraph: its name, and what is to be known of it.
func (o *viewOutput) section(name string, notes ...string) {
	line := "  " + flat(name)
	o.text.WriteString("  " + o.paint(bold, flat(name)))
	for _, note := range notes {
		if note == "" {
			continue
		}
		note = flat(note)
		if o.width > 0 && displaywidth.String(line)+2+displaywidth.String(note) > o.width {
			o.text.WriteString("\n    ")
			line = "    "
		} else {
			o.text.WriteString("  ")
			line += "  "
		}
		o.text.WriteString(note)
		line += note
	}
	o.text.WriteString("\n")
}

// settings writes one line for each setting, in the style that it has.
func (o *viewOutput) settings(s *instance.Settings, indentation string, styleOf func(path []string) style) {
	if s == nil {
		o.text.WriteString(indentation + o.paint(dim, "its settings do not evaluate") + "\n")
		return
	}
	value, _ := s.Value().(map[string]any)
	if len(value) == 0 {
		o.text.WriteString(indentation + o.paint(dim, "no settings") + "\n")
	}
	eachSetting(nil, value, func(path []string, value any) {
		line := indentation + flat(nixlang.PathString(path)) + " = "
		text := flat(textview.CompactJSON(value))
		list, isList := value.([]any)
		if !isList || o.width == 0 || displaywidth.String(line+text) <= o.width {
			o.text.WriteString(o.paint(styleOf(path), line+text) + "\n")
			return
		}
		o.text.WriteString(line + "[\n")
		for i, item := range list {
			comma := ","
			if i+1 == len(list) {
				comma = ""
			}
			o.text.WriteString(indentation + "  " + flat(textview.CompactJSON(item)) + comma + "\n")
		}
		o.text.WriteString(indentation + "]\n")
	})
}

// eachSetting calls do for every setting, in order of names. What stands for a value that JSON cannot carry is a value.
func eachSetting(path []string, set map[string]any, do func([]string, any)) {
	for _, name := range slices.Sorted(maps.Keys(set)) {
		below := append(slices.Clip(path), name)
		if sub, isSet := set[name].(map[string]any); isSet && len(sub) > 0 &&
			!strings.HasPrefix(slices.Min(slices.Collect(maps.Keys(sub))), "$") {
			eachSetting(below, sub, do)
			continue
		}
		do(below, set[name])
	}
}

// assignments are the values of a set, as they are written in Nix.
func assignments(set map[string]any) []string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(set)) {
		all = append(all, fmt.Sprintf("%s = %s", name, textview.CompactJSON(set[name])))
	}
	return all
}

// moduleText names a module and where it comes from.
func moduleText(m *view.Module) string {
	if m == nil {
		return "?"
	}
	return m.Name + " from " + inputText(m)
}

// inputText is the input that a module comes from; one that leads nowhere is as it was written.
func inputText(m *view.Module) string {
	switch {
	case m == nil:
		return "?"
	case m.Resolved != "":
		return m.Resolved
	case m.Input != nil:
		return *m.Input
	}
	return "?"
}

// roles are roles, those of the same instance together. The role "default" goes without saying where the instance has
// no other.
func (o *viewOutput) roles(refs []view.RoleRef) cell {
	var items []item
	for _, ref := range refs {
		part := ref.Role
		if o.isOnlyRole(ref) {
			part = ""
		}
		items = append(items, item{Text: ref.Instance, Part: part})
	}
	return textview.CellOf(items...)
}

func (o *viewOutput) isOnlyRole(ref view.RoleRef) bool {
	inst := o.inv.Instances[ref.Instance]
	return ref.Role == "default" && inst != nil && len(inst.Roles) == 1
}

// itself is a text that goes before what all rows have, in the line below a table.
func itself(word string) *string { return &word }
