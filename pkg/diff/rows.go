package diff

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/textview"
	"github.com/clanctl/clanctl/pkg/instance"
)

// entry is one change, for tables of any format: text from the flake as it is.
type entry struct {
	change      Change
	where, what string
	// old and new are lists of texts; empty for nothing.
	old, new []string
	machines []string
}

// rows are all changes but those of findings.
func (d *Difference) rows() []entry {
	var rows []entry
	add := func(r entry) { rows = append(rows, r) }
	for _, v := range d.Meta {
		each(valueRows("clan", "", v), add)
	}
	for _, m := range d.Machines {
		machineRows(m, add)
	}
	for _, t := range d.Tags {
		if codes.IsPredefinedTag(t.Name) {
			continue // the machines say it
		}
		where := "tag " + t.Name
		if len(t.Machines.Added)+len(t.Machines.Removed) == 0 {
			add(entry{change: t.Change, where: where})
		}
		if len(t.Machines.Added) > 0 {
			add(entry{change: Added, where: where, what: "machines", machines: t.Machines.Added})
		}
		if len(t.Machines.Removed) > 0 {
			add(entry{change: Removed, where: where, what: "machines", machines: t.Machines.Removed})
		}
	}
	for _, i := range d.Instances {
		instanceRows(i, add)
	}
	for _, e := range d.Exports {
		exportRows(e, add)
	}
	return rows
}

func each(rows []entry, add func(entry)) {
	for _, r := range rows {
		add(r)
	}
}

func machineRows(m MachineChange, add func(entry)) {
	where := "machine " + m.Name
	switch m.Change {
	case Added:
		add(entry{change: m.Change, where: where, new: codes.OwnTagsFirst(m.Tags.Added)})
		return
	case Removed:
		add(entry{change: m.Change, where: where, old: codes.OwnTagsFirst(m.Tags.Removed)})
		return
	}
	for _, v := range m.Values {
		each(valueRows(where, "", v), add)
	}
	namesRows(where, "tags", m.Tags, add)
}

// namesRows are names that came and went.
func namesRows(where, what string, names Names, add func(entry)) {
	if len(names.Added) > 0 {
		add(entry{change: Added, where: where, what: what, new: names.Added})
	}
	if len(names.Removed) > 0 {
		add(entry{change: Removed, where: where, what: what, old: names.Removed})
	}
}

func valueText(v json.RawMessage) []string {
	if v == nil {
		return nil
	}
	return []string{textview.CompactJSON(textview.DecodeJSON(v))}
}

func instanceRows(i InstanceChange, add func(entry)) {
	where := "instance " + i.Name
	if i.Change != Changed {
		row := entry{change: i.Change, where: where}
		row.old, row.new = moduleChange(i.Module)
		add(row)
	} else {
		if old, new := moduleChange(i.Module); old != nil || new != nil {
			add(entry{change: Changed, where: where, what: "module", old: old, new: new})
		}
		for _, v := range i.Module {
			if !isReference(v) {
				each(valueRows(where, "module ", v), add)
			}
		}
	}
	for _, r := range i.Roles {
		roleRows(i, r, add)
	}
}

// isReference: the value is a part of the module reference, or where it leads.
func isReference(v Value) bool {
	return len(v.Path) == 1 && slices.Contains([]string{"name", "input", "resolved"}, v.Path[0])
}

// moduleChange is what changed in a module reference, as one text: "borg from services".
func moduleChange(values []Value) (old, new []string) {
	var texts [2]string
	for _, form := range []struct{ name, text string }{{"name", "%v"}, {"resolved", " from %v"}} {
		for _, v := range values {
			if len(v.Path) != 1 || v.Path[0] != form.name {
				continue
			}
			for i, value := range []json.RawMessage{v.Old, v.New} {
				if value != nil {
					texts[i] += fmt.Sprintf(form.text, textview.DecodeJSON(value))
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

func roleRows(i InstanceChange, r RoleChange, add func(entry)) {
	where := i.Name + " " + r.Name
	if r.Change != Changed && i.Change == Changed {
		add(entry{change: r.Change, where: where})
	}
	if r.Change == Changed || len(r.Members) == 0 {
		namesRows(where, "tags", r.Tags, add)
	}
	if r.ExtraModules != nil && r.Change == Changed {
		add(entry{change: Changed, where: where, what: "extraModules", old: []string{fmt.Sprint(r.ExtraModules.Old)},
			new: []string{fmt.Sprint(r.ExtraModules.New)}})
	}
	memberRows(where, r.Members, add)
	if r.SettingsFrom != nil {
		add(entry{change: Changed, where: where, what: "settings had from", old: []string{r.SettingsFrom.Old},
			new: []string{r.SettingsFrom.New}})
	}
	for _, s := range r.Settings {
		if len(s.Path) > 0 {
			each(valueRows(where, "", s), add)
			continue
		}
		// Nothing came or went but the answer.
		row := entry{change: Changed, where: where, what: "settings", old: []string{"do not evaluate"},
			new: []string{"evaluate"}, machines: s.Machines}
		if s.Change == Removed {
			row.old, row.new = row.new, row.old
		}
		add(row)
	}
	if r.Written && len(r.Settings) == 0 {
		add(entry{change: Changed, where: where, what: "settings as written",
			new: []string{"no member's settings changed"}})
	}
}

// memberRows puts members together that came or went for the same reason.
func memberRows(where string, members []MemberChange, add func(entry)) {
	var rows []entry
	for _, m := range members {
		row := entry{change: m.Change, where: where, what: "member", old: whyText(m.Old), new: whyText(m.New),
			machines: []string{m.Machine}}
		came, went := causeTexts(m)
		row.new, row.old = append(row.new, came...), append(row.old, went...)
		same := slices.IndexFunc(rows, func(other entry) bool {
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

func whyText(w *instance.Member) []string {
	if w == nil {
		return nil
	}
	return []string{textview.MembershipReason(w.Explicit, w.Tags)}
}

// causeTexts say what made a membership, or ended it, as far as the memberships themselves do not.
func causeTexts(m MemberChange) (came, went []string) {
	for _, c := range m.Causes {
		new := c.Change == Added
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
	kind     string
	machines []string
	because  []string
}

func (d *Difference) affectedRows() []affectedRow {
	var rows []affectedRow
	for _, kind := range []string{codes.AffectedDirect, codes.AffectedShared} {
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
func reasonTexts(reasons []Reason) []string {
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
			text = pick(r.Change == Added, "joined ", "left ") + at
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
func kindText(k string) string { return pick(k == codes.AffectedDirect, "directly", "through others") }
