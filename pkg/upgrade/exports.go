package upgrade

import (
	"bytes"
	"slices"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/pkg/instance"
)

// exports tells of what services offer each other. What one offers anew, or no longer, is one effect for each kind,
// such as its peers.
func (r *report) exports() {
	for _, key := range jsonvalue.Names(r.old.Exports, r.new.Exports) {
		was, is := r.old.Exports[key], r.new.Exports[key]
		about := is
		if about == nil {
			about = was
		}
		if r.breaks(about.Instance, about.Role) {
			continue
		}
		e := Effect{Kind: codes.EffectChanged, Part: "export", Scope: instance.Scope{Instance: about.Instance, Role: about.Role},
			Name: key}
		if about.Machine != "" {
			e.Machines = []string{about.Machine}
		}
		before, after := facts.InterfacesOf(was), facts.InterfacesOf(is)
		for _, name := range jsonvalue.Names(before, after) {
			if name == "peer" && waits(is) && !waits(was) {
				e.Reason = "not-generated"
			}
			if before[name] != nil && after[name] != nil {
				r.values(e, []string{name}, before[name], after[name])
			} else {
				r.value(e, []string{name}, before[name], after[name])
			}
			e.Reason = ""
		}
	}
}

// waits reports whether an address waits for a var that clan has yet to generate.
func waits(e *instance.Export) bool {
	return e != nil && e.Peer != nil && slices.ContainsFunc(e.Peer.Hosts, func(h instance.Host) bool {
		return h.Missing == codes.HostNotGenerated
	})
}

// values adds an effect for each value in two trees that is not the same.
func (r *report) values(e Effect, path []string, old, new any) {
	before, wasSet := old.(map[string]any)
	after, isSet := new.(map[string]any)
	if !(wasSet || old == nil) || !(isSet || new == nil) || !wasSet && !isSet {
		r.value(e, path, old, new)
		return
	}
	for _, name := range jsonvalue.Names(before, after) {
		r.values(e, append(slices.Clip(path), name), before[name], after[name])
	}
}

// value adds an effect if two values are not the same.
func (r *report) value(e Effect, path []string, old, new any) {
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
}

// addShared adds an effect of one machine, or adds the machine to the same effect of others.
func (r *report) addShared(e Effect) {
	for i := range r.Effects {
		other := &r.Effects[i]
		if other.sameBut(e) && bytes.Equal(other.Old, e.Old) && bytes.Equal(other.New, e.New) {
			other.join(e)
			return
		}
	}
	r.add(e)
}

// sameBut reports whether two effects of machines are about the same.
func (e Effect) sameBut(other Effect) bool {
	return e.Kind == other.Kind && e.Part == other.Part && e.Instance == other.Instance && e.Role == other.Role &&
		e.Reason == other.Reason && len(e.Machines) > 0 && len(other.Machines) > 0 && slices.Equal(e.Path, other.Path)
}

func (e *Effect) join(other Effect) {
	e.Name, e.Machines = "", append(slices.Clip(e.Machines), other.Machines...)
	slices.Sort(e.Machines)
	e.Machines = slices.Compact(e.Machines)
}
