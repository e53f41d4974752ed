package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/view"
	"github.com/clanctl/clanctl/pkg/diff"
	"github.com/clanctl/clanctl/pkg/instance"
)

// diffRow is one change, for tables of any format: text from the flake as it is.
type diffRow struct {
	change      diff.Change
	where, what string
	// old and new are lists of texts; empty for nothing.
	old, new []string
	machines []string
}

// diffRows are all changes but those of findings.
func diffRows(d *diff.Difference) []diffRow {
	var rows []diffRow
	add := func(r diffRow) { rows = append(rows, r) }
	for _, v := range d.Meta {
		add(valueRow("clan", "", v))
	}
	for _, m := range d.Machines {
		machineRows(m, add)
	}
	for _, t := range d.Tags {
		if view.IsPredefined(t.Name) {
			continue // the machines say it
		}
		where := "tag " + t.Name
		if len(t.Machines.Added)+len(t.Machines.Removed) == 0 {
			add(diffRow{change: t.Change, where: where})
		}
		if len(t.Machines.Added) > 0 {
			add(diffRow{change: diff.Added, where: where, what: "machines", machines: t.Machines.Added})
		}
		if len(t.Machines.Removed) > 0 {
			add(diffRow{change: diff.Removed, where: where, what: "machines", machines: t.Machines.Removed})
		}
	}
	for _, i := range d.Instances {
		instanceRows(i, add)
	}
	return rows
}

func machineRows(m diff.MachineChange, add func(diffRow)) {
	where := "machine " + m.Name
	switch m.Change {
	case diff.Added:
		add(diffRow{change: m.Change, where: where, new: ownFirst(m.Tags.Added)})
		return
	case diff.Removed:
		add(diffRow{change: m.Change, where: where, old: ownFirst(m.Tags.Removed)})
		return
	}
	for _, v := range m.Values {
		add(valueRow(where, "", v))
	}
	namesRows(where, "tags", m.Tags, add)
}

// namesRows are names that came and went.
func namesRows(where, what string, names diff.Names, add func(diffRow)) {
	if len(names.Added) > 0 {
		add(diffRow{change: diff.Added, where: where, what: what, new: names.Added})
	}
	if len(names.Removed) > 0 {
		add(diffRow{change: diff.Removed, where: where, what: what, old: names.Removed})
	}
}

func valueRow(where, prefix string, v diff.Value) diffRow {
	return diffRow{change: v.Change, where: where, what: prefix + instance.PathString(v.Path), old: valueText(v.Old), new: valueText(v.New)}
}

func valueText(v json.RawMessage) []string {
	if v == nil {
		return nil
	}
	return []string{compactJSON(decoded(v))}
}

// decoded is JSON as a value, its numbers as they are.
func decoded(text json.RawMessage) (v any) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if dec.Decode(&v) != nil {
		return string(text)
	}
	return v
}

func instanceRows(i diff.InstanceChange, add func(diffRow)) {
	where := "instance " + i.Name
	if i.Change != diff.Changed {
		row := diffRow{change: i.Change, where: where}
		row.old, row.new = moduleChange(i.Module)
		add(row)
	} else {
		if old, new := moduleChange(i.Module); old != nil || new != nil {
			add(diffRow{change: diff.Changed, where: where, what: "module", old: old, new: new})
		}
		for _, v := range i.Module {
			if !isReference(v) {
				add(valueRow(where, "module ", v))
			}
		}
	}
	for _, r := range i.Roles {
		roleRows(i, r, add)
	}
}

// isReference: the value is a part of the module reference, or where it leads.
func isReference(v diff.Value) bool {
	return len(v.Path) == 1 && slices.Contains([]string{"name", "input", "resolved"}, v.Path[0])
}

// moduleChange is what changed in a module reference, as one text: "borg from services".
func moduleChange(values []diff.Value) (old, new []string) {
	var texts [2]string
	for _, form := range []struct{ name, text string }{{"name", "%v"}, {"resolved", " from %v"}} {
		for _, v := range values {
			if len(v.Path) != 1 || v.Path[0] != form.name {
				continue
			}
			for i, value := range []json.RawMessage{v.Old, v.New} {
				if value != nil {
					texts[i] += fmt.Sprintf(form.text, decoded(value))
				}
			}
		}
	}
	for i, list := range []*[]string{&old, &new} {
		if text := strings.TrimSpace(texts[i]); text != "" {
			*list = []string{text}
		}
	}
	if old != nil || new != nil {
		return old, new
	}
	for _, v := range values {
		if len(v.Path) == 1 && v.Path[0] == "input" { // another spelling of the same
			return valueText(v.Old), valueText(v.New)
		}
	}
	return nil, nil
}

func roleRows(i diff.InstanceChange, r diff.RoleChange, add func(diffRow)) {
	where := i.Name + " " + r.Name
	if r.Change != diff.Changed && i.Change == diff.Changed {
		add(diffRow{change: r.Change, where: where})
	}
	if r.Change == diff.Changed || len(r.Members) == 0 {
		namesRows(where, "tags", r.Tags, add)
	}
	if r.ExtraModules != nil && r.Change == diff.Changed {
		add(diffRow{change: diff.Changed, where: where, what: "extraModules", old: []string{fmt.Sprint(r.ExtraModules.Old)}, new: []string{fmt.Sprint(r.ExtraModules.New)}})
	}
	memberRows(where, r.Members, add)
	if r.SettingsFrom != nil {
		add(diffRow{change: diff.Changed, where: where, what: "settings had from", old: []string{string(r.SettingsFrom.Old)}, new: []string{string(r.SettingsFrom.New)}})
	}
	for _, s := range r.Settings {
		row := valueRow(where, "", s)
		row.machines = s.Machines
		if len(s.Path) == 0 {
			// Nothing came or went but the answer.
			row.change, row.what, row.old, row.new = diff.Changed, "settings", []string{"do not evaluate"}, []string{"evaluate"}
			if s.Change == diff.Removed {
				row.old, row.new = row.new, row.old
			}
		}
		add(row)
	}
	if r.Written && len(r.Settings) == 0 {
		add(diffRow{change: diff.Changed, where: where, what: "settings as written", new: []string{"no member's settings changed"}})
	}
}

// memberRows puts members together that came or went for the same reason.
func memberRows(where string, members []diff.MemberChange, add func(diffRow)) {
	var rows []diffRow
	for _, m := range members {
		row := diffRow{change: m.Change, where: where, what: "member", old: whyText(m.Old), new: whyText(m.New), machines: []string{m.Machine}}
		came, went := causeTexts(m)
		row.new, row.old = append(row.new, came...), append(row.old, went...)
		same := slices.IndexFunc(rows, func(other diffRow) bool {
			return other.change == row.change && slices.Equal(other.old, row.old) && slices.Equal(other.new, row.new)
		})
		if same >= 0 {
			rows[same].machines = append(rows[same].machines, m.Machine)
		} else {
			rows = append(rows, row)
		}
	}
	for _, row := range rows {
		add(row)
	}
}

func whyText(w *diff.Why) []string {
	if w == nil {
		return nil
	}
	return []string{because(w.Explicit, w.Tags)}
}

// causeTexts say what made a membership, or ended it, as far as the memberships themselves do not.
func causeTexts(m diff.MemberChange) (came, went []string) {
	for _, c := range m.Causes {
		new := c.Change == diff.Added
		text := ""
		switch c.Kind {
		case codes.CauseRoleTag:
			text = "the role " + pick(new, "takes ", "no longer takes ") + c.Tag
		case codes.CauseMachineTag:
			text = "the machine " + pick(new, "got ", "lost ") + c.Tag
		case codes.CauseMachine:
			text = pick(new, "the machine is new", "the machine is gone")
		}
		list := &came
		if !new {
			list = &went
		}
		if text != "" && !slices.Contains(*list, text) {
			*list = append(*list, text)
		}
	}
	return came, went
}

func pick(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

// affectedRow are machines that are affected in the same way.
type affectedRow struct {
	kind     diff.Kind
	machines []string
	because  []string
}

func affectedRows(d *diff.Difference) []affectedRow {
	var rows []affectedRow
	for _, kind := range []diff.Kind{diff.Direct, diff.Shared} {
		first := len(rows)
		for _, a := range d.Affected {
			if a.Kind != kind {
				continue
			}
			because := reasonTexts(a.Reasons)
			same := slices.IndexFunc(rows[first:], func(r affectedRow) bool { return slices.Equal(r.because, because) })
			if same >= 0 {
				rows[first+same].machines = append(rows[first+same].machines, a.Machine)
			} else {
				rows = append(rows, affectedRow{kind: kind, machines: []string{a.Machine}, because: because})
			}
		}
	}
	return rows
}

// reasonTexts say why a machine is affected, once for each instance.
func reasonTexts(reasons []diff.Reason) []string {
	var texts []string
	for _, r := range reasons {
		at := strings.TrimSpace(r.Instance + " " + r.Role)
		text := ""
		switch r.Kind {
		case codes.ReasonMachine:
			text = "the machine itself"
		case codes.ReasonMeta:
			text = "the clan's meta data"
		case codes.ReasonMember:
			text = pick(r.Change == diff.Added, "joined ", "left ") + at
		case codes.ReasonSettings:
			text = "settings of " + at
		case codes.ReasonRenamed:
			text = "the name of " + r.Instance
		case codes.ReasonModule:
			text = "the module of " + r.Instance
		case codes.ReasonExtraModules:
			text = "extraModules of " + at
		case codes.ReasonUnknown:
			text = pick(at == "", "machines and tags cannot be compared", at+" cannot be compared")
		case codes.ReasonPeers:
			text = "others in " + r.Instance
		case codes.ReasonExports:
			text = fmt.Sprintf("%s reads what %s exports", r.Instance, r.From)
		}
		if !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return texts
}

// kindText names a kind for people.
func kindText(k diff.Kind) string { return pick(k == diff.Direct, "directly", "through others") }
