package upgrade

import (
	"bytes"
	"maps"
	"slices"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/pkg/instance"
)

// exports tells of what services offer each other.
func (r *report) exports() {
	if r.old.Exports == nil || r.new.Exports == nil {
		return
	}
	keys := slices.AppendSeq(slices.Collect(maps.Keys(r.old.Exports)), maps.Keys(r.new.Exports))
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		was, is := r.old.Exports[key], r.new.Exports[key]
		about := is
		if about == nil {
			about = was
		}
		if r.breaks(about.Instance, about.Role) {
			continue
		}
		e := Effect{Kind: codes.EffectChanged, Part: "export", Instance: about.Instance, Role: about.Role, Name: key}
		if about.Machine != "" {
			e.Machines = []string{about.Machine}
		}
		r.values(e, nil, exported(was), exported(is))
	}
}

// exported is what an export holds, without whose it is.
func exported(e *instance.Export) any {
	if e == nil {
		return nil
	}
	data := *e
	data.Instance, data.Machine, data.Role, data.Service = "", "", "", ""
	value, _ := jsonvalue.Of(data)
	return value
}

// values adds an effect for each value in two trees that is not the same.
func (r *report) values(e Effect, path []string, old, new any) {
	before, wasSet := old.(map[string]any)
	after, isSet := new.(map[string]any)
	if !(wasSet || old == nil) || !(isSet || new == nil) || !wasSet && !isSet {
		e.Path, e.Old, e.New = path, nil, nil
		if old != nil {
			e.Old = jsonvalue.Text(old)
		}
		if new != nil {
			e.New = jsonvalue.Text(new)
		}
		if !bytes.Equal(e.Old, e.New) {
			e.Minor = e.Old == nil && isOff(e.New)
			r.addShared(e)
		}
		return
	}
	names := slices.AppendSeq(slices.Collect(maps.Keys(before)), maps.Keys(after))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		r.values(e, append(slices.Clip(path), name), before[name], after[name])
	}
}

// addShared adds an effect of one machine, or adds the machine to the same effect of others.
func (r *report) addShared(e Effect) {
	for i := range r.Effects {
		other := &r.Effects[i]
		if other.Part == e.Part && other.Instance == e.Instance && other.Role == e.Role && len(e.Machines) > 0 &&
			len(other.Machines) > 0 &&
			slices.Equal(other.Path, e.Path) && bytes.Equal(other.Old, e.Old) && bytes.Equal(other.New, e.New) {
			other.Name, other.Machines = "", append(slices.Clip(other.Machines), e.Machines...)
			slices.Sort(other.Machines)
			return
		}
	}
	r.add(e)
}
