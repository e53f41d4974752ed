package policy

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/permachine"
	"github.com/clanctl/clanctl/pkg/instance"
	"github.com/clanctl/clanctl/pkg/why"
)

// placer makes findings of what rules select: where the value is written, or what made the machine a member.
type placer struct{ inv *instance.Inventory }

// findings are those of a rule, sorted. What one line does to several machines is one.
func (p placer) findings(rule *Rule, selected []Selection) []instance.Finding {
	var found []instance.Finding
	at := map[string]int{}
	for _, s := range selected {
		f := p.finding(rule, s)
		if p.hidden(f) {
			continue
		}
		key := fmt.Sprintf("%q", []any{f.Position, f.Instance, f.Role, f.Setting, f.Cause.Part})
		i, known := at[key]
		if !known || f.Machine == "" {
			at[key] = len(found)
			found = append(found, f)
			continue
		}
		same := &found[i]
		if len(same.Machines) == 0 {
			same.Machines = []string{same.Machine}
		}
		same.Machines = append(same.Machines, f.Machine)
		if !reflect.DeepEqual(same.Cause.Values, f.Cause.Values) {
			same.Cause.Values = nil
		}
	}
	for i := range found {
		if f := &found[i]; len(f.Machines) > 0 {
			slices.Sort(f.Machines)
			f.Machines = slices.Compact(f.Machines)
			f.Machine = f.Machines[0]
		}
	}
	slices.SortFunc(found, instance.Finding.Compare)
	return found
}

// finding is what a selection becomes.
func (p placer) finding(rule *Rule, s Selection) instance.Finding {
	path := make([]string, len(s.Path))
	for i, step := range s.Path {
		path[i] = fmt.Sprint(step)
	}
	f := instance.Finding{Code: rule.Code, Severity: rule.Severity,
		Cause: instance.Cause{Message: rule.Message, Hint: rule.Hint}}
	f.Subject, f.Cause.Part = subject(path)
	switch s.Value.(type) {
	case map[string]any, []any:
	default:
		f.Cause.Values = []any{s.Value}
	}
	if pos := p.place(f, path); pos != nil {
		f.Position = *pos
	}
	return f
}

// subject is what a path in the document leads to.
func subject(path []string) (about instance.Subject, part string) {
	at := func(i int, name string) bool { return i+1 < len(path) && path[i] == name }
	switch {
	case at(0, "machines"):
		return instance.Subject{Machine: path[1], Setting: below(path, 2)}, ""
	case !at(0, "instances"):
		return instance.Subject{Setting: below(path, 0)}, ""
	}
	about.Instance = path[1]
	if !at(2, "roles") {
		about.Setting = below(path, 2)
		return about, ""
	}
	about.Role = path[3]
	rest := path[4:]
	if at(4, "machines") {
		about.Machine, rest = path[5], path[6:]
	}
	switch {
	case len(rest) == 0:
	case rest[0] == "settings" && about.Machine != "" && len(rest) > 1:
		about.Setting = rest[1:]
	default:
		part = rest[0]
	}
	return about, part
}

// below is a path without its beginning; nil where nothing is left.
func below(path []string, n int) []string { return append([]string(nil), path[n:]...) }

// place is where something is written: a setting in the layer that counts; what no layer has, where the
// machine was made a member.
func (p placer) place(f instance.Finding, path []string) *instance.Position {
	if f.Role == "" || f.Machine == "" {
		return p.inv.Where(path...)
	}
	for n := len(f.Setting); n > 0; n-- {
		for _, d := range why.Written(p.inv,
			instance.Subject{Instance: f.Instance, Role: f.Role, Machine: f.Machine, Setting: f.Setting[:n]}) {
			if d.Counts && d.Position != nil {
				return d.Position
			}
		}
	}
	role := path[:4:4]
	if member := p.member(f); member != nil && !member.Explicit {
		for _, tag := range member.Tags {
			if pos := facts.At(p.inv, append(role, "tags", tag)...); pos != nil {
				return pos
			}
		}
	}
	return p.inv.Where(append(role, "machines", f.Machine)...)
}

// member is what a finding is about, if the clan has it.
func (p placer) member(f instance.Finding) *instance.Member {
	if inst := p.inv.Instances[f.Instance]; inst != nil && inst.Roles[f.Role] != nil {
		return inst.Roles[f.Role].Machines[f.Machine]
	}
	return nil
}

// hidden reports whether what was selected, or what it is in, does not evaluate: that has a finding of its
// own, and nothing can be said of it.
func (p placer) hidden(f instance.Finding) bool {
	if member := p.member(f); member != nil && member.Settings == nil {
		return true
	}
	setting := strings.Join(f.Setting, "\x00") + "\x00"
	return f.Instance != "" && slices.ContainsFunc(p.inv.Findings, func(other instance.Finding) bool {
		switch {
		case other.Instance != f.Instance || other.Role != "" && other.Role != f.Role || other.Machine != "" &&
			!slices.Contains(permachine.Machines(other), f.Machine):
			return false
		case other.Partial():
			return true
		}
		return len(other.Setting) > 0 && other.Severity != instance.SeverityNote &&
			strings.HasPrefix(setting, strings.Join(other.Setting, "\x00")+"\x00")
	})
}
