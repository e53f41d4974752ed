package fix

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/internal/nixlang"
	"github.com/clanctl/clanctl/pkg/instance"
)

// input takes the module from where it, or one that has the setting, is offered.
func (s source) input() []Fix {
	var fixes []Fix
	for _, reference := range s.f.Cause.Elsewhere {
		input, name, ok := strings.Cut(reference, "#")
		if !ok || s.f.Instance == "" {
			continue
		}
		if edits := s.setModule(input, name); edits != nil {
			fixes = append(fixes,
				Fix{Title: fmt.Sprintf("take the module from %q", input), Edits: edits,
					Preferred: len(s.f.Cause.Elsewhere) == 1})
		}
	}
	return fixes
}

// setModule has an instance name the input of its module; nil where that cannot be done by a small edit.
func (s source) setModule(input, name string) []Edit {
	if s.inv == nil {
		return nil
	}
	module := facts.Of(s.inv).Places.At("instances", s.f.Instance, "module")
	at, ok := s.at(position(module.At("name")))
	if !ok || last(nixlang.Texts(at.Path)) != "name" || !isString(at, name) {
		return nil
	}
	if now, ok := s.at(position(module.At("input"))); ok {
		if last(nixlang.Texts(now.Path)) != "input" || now.file != at.file {
			return nil
		}
		return []Edit{now.edit(now.Value, now.ValueEnd, now.quoted(input))}
	}
	own := at.Path[len(at.Path)-1]
	before := string(at.text[at.Path[0].Start:own.Start])
	if at.isJSON() {
		return []Edit{at.edit(own.Start, own.Start, before+`"input": `+at.quoted(input)+", ")}
	}
	binding := before + "input = " + at.quoted(input) + ";"
	return []Edit{at.edit(at.End, at.End, at.between(at.Binding)+binding)}
}

func position(p *facts.Place) *instance.Position {
	if p == nil {
		return nil
	}
	return p.Position
}

// isString reports whether the value that is bound is this string alone.
func isString(at site, value string) bool {
	names := nixlang.NamesIn(at.text, at.Value, at.ValueEnd, at.isJSON())
	return len(names) == 1 && names[0].Start == at.Value && names[0].End == at.ValueEnd && names[0].Text == value
}

// conflict keeps one of the definitions that contradict each other, by removing the others.
func (s source) conflict() []Fix {
	if s.f.Code != codes.Conflict || len(s.f.Definitions) < 2 {
		return nil
	}
	sites := make([]site, len(s.f.Definitions))
	for i, d := range s.f.Definitions {
		at, ok := s.at(d.Position)
		// A place that is another's, too, is one that the setting only comes from: a call, or a set around it.
		if !ok || last(nixlang.Texts(at.Path)) != last(s.f.Setting) ||
			slices.ContainsFunc(sites[:i], func(other site) bool {
				return other.file == at.file && other.Value == at.Value
			}) {
			return nil
		}
		sites[i] = at
	}
	var fixes []Fix
	for i, d := range s.f.Definitions {
		var edits []Edit
		for j, at := range sites {
			if i != j {
				edits = append(edits, at.remove())
			}
		}
		where := d.Layer
		if d.Name != "" {
			where = fmt.Sprintf("%s %q", d.Layer, d.Name)
		}
		fixes = append(fixes,
			Fix{Title: fmt.Sprintf("keep %s of the %s, and remove the other", jsonvalue.Text(d.Value), where),
				Edits: edits})
	}
	return fixes
}

// remove takes the binding away, with its line if there is nothing else on it.
func (s site) remove() Edit {
	start, end := s.Path[0].Start, s.End
	if s.isJSON() {
		// The last one of an object leaves the comma in front.
		if s.End == s.ValueEnd {
			if before := bytes.TrimRight(s.text[:start], " \t\r\n"); bytes.HasSuffix(before, []byte(",")) {
				return s.edit(len(before)-1, end, "")
			}
			return s.edit(start, end, "")
		}
	}
	begin := bytes.LastIndexByte(s.text[:start], '\n') + 1
	rest, _, more := bytes.Cut(s.text[end:], []byte("\n"))
	if len(bytes.TrimSpace(s.text[begin:start])) == 0 && len(bytes.TrimSpace(rest)) == 0 && more {
		return s.edit(begin, end+len(rest)+1, "")
	}
	return s.edit(start, end, "")
}
