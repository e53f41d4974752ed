// Package fix knows the edits that put right what a finding is about. It changes only what it has found in the file,
// word for word: where the file is written in a way that it does not know, there is no fix.
package fix

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/internal/policy"
	"github.com/clanctl/clanctl/pkg/instance"
)

// Fix is one way to put a finding right.
type Fix struct {
	// Title says what it does: "replace "laptpo" with "laptop"".
	Title string
	// Edits are all in one file or in several; none overlaps another.
	Edits []Edit
	// Preferred: it is very likely what the user wants.
	Preferred bool
}

// Edit replaces a part of a file, from Start up to End in bytes; both are the same where something is added. Of several
// that add at one place, the first comes first.
type Edit struct {
	File       string
	Start, End int
	New        string
	// Create: the file is not there yet.
	Create bool
}

// Read returns what is in a file, given by its path as in [instance.Position]. The error is [fs.ErrNotExist] where
// there is none.
type Read func(file string) ([]byte, error)

// For are the fixes for a finding, the likeliest first. The inventory may be nil; policyFile is the clan's, which need
// not be there.
func For(inv *instance.Inventory, f instance.Finding, policyFile string, read Read) []Fix {
	s := source{inv: inv, f: f, read: read}
	var fixes []Fix
	for _, find := range []func() []Fix{s.nearest, s.otherList, s.outOfSettings, s.intoSettings, s.input, s.conflict,
		s.unusedIgnore} {
		fixes = append(fixes, find()...)
	}
	switch f.Code {
	case "", codes.FlakeFailed, codes.UnusedIgnore, codes.InvalidIgnore: // which cannot be ignored
		return fixes
	}
	return slices.Concat(fixes, s.ignore(), s.ignoreIn(policyFile))
}

// source is where fixes for a finding are looked for.
type source struct {
	inv  *instance.Inventory
	f    instance.Finding
	read Read
}

// site is the binding of an attribute in a file.
type site struct {
	file string
	text []byte
	nixlang.Binding
}

func (s site) isJSON() bool { return nixlang.IsJSON(s.file) }

func (s site) edit(start, end int, text string) Edit {
	return Edit{File: s.file, Start: start, End: end, New: text}
}

// quoted writes a name as one of the file's strings.
func (s site) quoted(name string) string {
	if !s.isJSON() {
		return nixlang.Quote(name)
	}
	text, _ := json.Marshal(name)
	return string(text)
}

// attribute writes a name as one of the file's attributes.
func (s site) attribute(name string) string {
	if s.isJSON() {
		return s.quoted(name)
	}
	return nixlang.PathString([]string{name})
}

// at reads the binding at a position.
func (s source) at(p *instance.Position) (site, bool) {
	if p == nil || p.Line == 0 {
		return site{}, false
	}
	text, err := s.read(p.File)
	if err != nil {
		return site{}, false
	}
	_, bound := nixlang.Read(text, nixlang.IsJSON(p.File))
	b, ok := bound[nixlang.NewLines(text).Offset(p.Line, p.Column)]
	return site{p.File, text, b}, ok
}

// wrong is the name that a finding calls wrong, if it does.
func wrong(f instance.Finding) string {
	switch f.Code {
	case codes.UnknownMachine, codes.GhostTagMember:
		return f.Machine
	case codes.UnknownTag, codes.UnusedTag:
		return f.Cause.Tag
	case codes.UnknownRole:
		return f.Role
	case codes.UnknownInput:
		return f.Cause.Input
	case codes.UnknownModule, codes.ManifestFailed:
		return f.Cause.Name
	case codes.UnknownSetting:
		return last(f.Setting)
	case codes.Malformed:
		if f.Cause.Shape != nil && f.Cause.Shape.Type == "" {
			return last(f.Cause.Shape.Path)
		}
	}
	return ""
}

func last(path []string) string {
	if len(path) == 0 {
		return ""
	}
	return path[len(path)-1]
}

// Where is the name that a finding calls wrong, from its start up to its end in bytes, in the file that the finding is
// in; false where it calls none wrong, or that is not found.
func Where(f instance.Finding, read Read) (start, end int, ok bool) {
	s := source{f: f, read: read}
	name, _, _, ok := s.wrongName()
	return name.Start, name.End, ok
}

// wrongName finds the wrong name: in the path of the binding at the finding's position if it is there, and otherwise in
// the value; nowhere if one cannot tell which is meant.
func (s source) wrongName() (name nixlang.Name, in site, inPath, ok bool) {
	text := wrong(s.f)
	if text == "" {
		return name, in, false, false
	}
	if in, ok = s.at(&s.f.Position); !ok {
		return name, in, false, false
	}
	found, inPath := named(in.Path, text), true
	if len(found) == 0 {
		found, inPath = named(nixlang.NamesIn(in.text, in.Value, in.ValueEnd, in.isJSON()), text), false
	}
	if len(found) != 1 {
		return name, in, false, false
	}
	return found[0], in, inPath, true
}

// nearest replaces a wrong name with one that there is.
func (s source) nearest() []Fix {
	near := s.f.Cause.Near
	if shape := s.f.Cause.Shape; shape != nil {
		near = shape.Near
	}
	if len(near) == 0 {
		return nil
	}
	old, at, inPath, ok := s.wrongName()
	if !ok {
		return nil
	}
	var fixes []Fix
	for i, right := range near {
		text := at.quoted(right)
		if inPath && at.text[old.Start] != '"' {
			text = at.attribute(right)
		}
		fixes = append(fixes,
			Fix{Title: fmt.Sprintf("replace %q with %q", old.Text, right),
				Edits: []Edit{at.edit(old.Start, old.End, text)}, Preferred: i == 0})
	}
	return fixes
}

func named(names []nixlang.Name, text string) []nixlang.Name {
	var found []nixlang.Name
	for _, n := range names {
		if n.Text == text {
			found = append(found, n)
		}
	}
	return found
}

// otherList moves a member between machines and tags, where its name is one of the other kind.
func (s source) otherList() []Fix {
	var from, to, name string
	switch {
	case s.f.Code == codes.UnknownMachine && s.f.Cause.Also == "tag":
		from, to, name = "machines", "tags", s.f.Machine
	case s.f.Code == codes.UnknownTag && s.f.Cause.Also == "machine":
		from, to, name = "tags", "machines", s.f.Cause.Tag
	default:
		return nil
	}
	at, ok := s.at(&s.f.Position)
	if !ok {
		return nil
	}
	for i, n := range at.Path {
		if n.Text == name && i > 0 && at.Path[i-1].Text == from {
			list := at.Path[i-1]
			return likely(fmt.Sprintf("%q is a %s: replace %q with %q", name, strings.TrimSuffix(to, "s"), from, to),
				at.edit(list.Start, list.End, to))
		}
	}
	return nil
}

// likely is a fix that is very likely meant; none without edits.
func likely(title string, edits ...Edit) []Fix {
	if len(edits) == 0 {
		return nil
	}
	return []Fix{{Title: title, Edits: edits, Preferred: true}}
}

// outOfSettings moves what stands in a role's settings and belongs beside them.
func (s source) outOfSettings() []Fix {
	at, ok := s.at(&s.f.Position)
	if !ok || at.isJSON() || s.f.Code != codes.UnknownSetting || len(s.f.Setting) == 0 ||
		!slices.Contains(facts.BesideSettings, s.f.Setting[0]) {
		return nil
	}
	name := s.f.Setting[0]
	title := fmt.Sprintf("move %q beside the settings", name)
	for i, n := range at.Path[:len(at.Path)-1] {
		if n.Text == "settings" && at.Path[i+1].Text == name {
			return likely(title, at.edit(n.Start, at.Path[i+1].Start, ""))
		}
	}
	if at.Path[0].Text != name {
		return nil
	}
	return likely(title, at.outOf("settings")...)
}

// intoSettings moves what stands beside a role's settings into them, and the settings of an instance into its role.
func (s source) intoSettings() []Fix {
	at, ok := s.at(&s.f.Position)
	shape := s.f.Cause.Shape
	if !ok || at.isJSON() || s.f.Code != codes.Malformed || shape == nil || shape.Type != "" || len(shape.Near) > 0 {
		return nil
	}
	own := named(at.Path, last(shape.Path))
	role := s.onlyRole()
	switch {
	case len(own) != 1:
	case len(shape.Path) > 1 && shape.Path[0] == "roles":
		return likely(fmt.Sprintf("move %q into the settings", last(shape.Path)),
			at.edit(own[0].Start, own[0].Start, "settings."))
	case len(shape.Path) == 1 && shape.Path[0] == "settings" && role != "":
		in := nixlang.PathString([]string{"roles", role})
		return likely("move the settings into "+in, at.edit(own[0].Start, own[0].Start, in+"."))
	}
	return nil
}

// outOf moves the binding out of the set that it is in, behind the binding of that; nil where the set is not plainly
// bound to the name.
func (s site) outOf(name string) []Edit {
	around := nixlang.CursorAt(s.text, s.Path[0].Start, false).Around
	if len(around) < 2 {
		return nil
	}
	for _, outer := range around[1].Attrs {
		own := outer.Path[len(outer.Path)-1]
		if outer.Set != around[0].Set || !outer.Whole || own.Text != name || s.text[outer.End-1] != ';' {
			continue
		}
		before := s.text[outer.Path[0].Start:own.Start]
		moved := fmt.Sprintf("%s%s%s", s.between(outer.Binding), before, s.text[s.Path[0].Start:s.End])
		return []Edit{s.remove(), s.edit(outer.End, outer.End, moved)}
	}
	return nil
}

// between is what comes between a binding and one that is added behind it: the next line, if it begins one.
func (s site) between(b nixlang.Binding) string {
	begin := bytes.LastIndexByte(s.text[:b.Path[0].Start], '\n') + 1
	if indent := s.text[begin:b.Path[0].Start]; len(bytes.TrimSpace(indent)) == 0 {
		return "\n" + string(indent)
	}
	return " "
}

// onlyRole is the role of the instance, if it has one alone.
func (s source) onlyRole() string {
	if s.inv == nil || s.inv.Instances[s.f.Instance] == nil || len(s.inv.Instances[s.f.Instance].Roles) != 1 {
		return ""
	}
	for role := range s.inv.Instances[s.f.Instance].Roles {
		return role
	}
	return ""
}

// unusedIgnore removes a comment that ignores nothing.
func (s source) unusedIgnore() []Fix {
	if s.f.Code != codes.UnusedIgnore || path.Ext(s.f.File) != ".nix" {
		return nil
	}
	text, err := s.read(s.f.File)
	if err != nil {
		return nil
	}
	start := nixlang.NewLines(text).Offset(s.f.Line, s.f.Column)
	if start >= len(text) || text[start] != '#' {
		return nil
	}
	end := start + bytes.IndexByte(append(text[start:len(text):len(text)], '\n'), '\n')
	begin := bytes.LastIndexByte(text[:start], '\n') + 1
	if before := bytes.TrimRight(text[begin:start], " \t"); len(before) > 0 {
		start = begin + len(before)
	} else {
		start, end = begin, min(end+1, len(text))
	}
	return likely("remove the ignore", Edit{File: s.f.File, Start: start, End: end})
}

// sayWhy stands where the user is to write a reason.
const sayWhy = "(say why)"

// ignore adds a comment above that says that the finding is meant to be.
func (s source) ignore() []Fix {
	if s.f.Line == 0 || path.Ext(s.f.File) != ".nix" {
		return nil
	}
	text, err := s.read(s.f.File)
	if err != nil {
		return nil
	}
	begin := nixlang.NewLines(text).Offset(s.f.Line, 1)
	line, _, _ := bytes.Cut(text[begin:], []byte("\n"))
	indent := line[:len(line)-len(bytes.TrimLeft(line, " \t"))]
	comment := fmt.Sprintf("%s# clanctl: ignore %s -- %s\n", indent, s.f.Code, sayWhy)
	return []Fix{{Title: fmt.Sprintf("ignore %s here, with a reason", s.f.Code),
		Edits: []Edit{{File: s.f.File, Start: begin, End: begin, New: comment}}}}
}

// ignoreIn says it in the policy file.
func (s source) ignoreIn(file string) []Fix {
	text, err := s.read(file)
	create := errors.Is(err, fs.ErrNotExist)
	if err != nil && !create {
		return nil
	}
	insertions, ok := policy.AddIgnore(text, s.f, sayWhy)
	if !ok {
		return nil
	}
	var edits []Edit
	for _, i := range insertions {
		edits = append(edits, Edit{File: file, Start: i.At, End: i.At, New: i.Text, Create: create})
	}
	return []Fix{{Title: fmt.Sprintf("ignore %s in %s, with a reason", s.f.Code, path.Base(file)), Edits: edits}}
}
