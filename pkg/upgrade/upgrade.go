package upgrade

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/internal/permachine"
	"github.com/clanctl/clanctl/pkg/diff"
	"github.com/clanctl/clanctl/pkg/instance"
)

// schemaVersion is the version of the document that a Report marshals to (docs/upgrade.schema.json).
const schemaVersion = 1

// Report is what an upgrade does to a clan. Lists are never nil; the fields are in the order of their JSON names.
type Report struct {
	// Affected are the machines that the effects reach, but for minor ones and offers.
	Affected []diff.Affected `json:"affected"`
	// Effects are sorted: what breaks first, then by instance and role.
	Effects []Effect `json:"effects"`
	// Exports tells whether what services offer each other was compared: something that breaks may take it all along.
	Exports bool `json:"exports"`
	// Following are the inputs of inputs, such as "a/b", that follow one that is upgraded.
	Following []string `json:"following"`
	// Inputs are those that are other ones: the upgraded inputs, and the direct inputs that follow an input of theirs.
	Inputs []diff.InputChange `json:"inputs"`
	// Instances is how many the clan has.
	Instances int `json:"instances"`
	// New and Old say what was compared.
	New           *instance.Flake `json:"new"`
	Old           *instance.Flake `json:"old"`
	SchemaVersion int             `json:"schemaVersion"`

	minor int // effects that are left out, see Brief
}

// kinds are in the order in which they are told.
var kinds = []string{codes.EffectBreaks, codes.EffectRequired, codes.EffectConstraint, codes.EffectChanged,
	codes.EffectUnused,
	codes.EffectDeprecated, codes.EffectReview, codes.EffectWarning, codes.EffectFixed, codes.EffectNew}

// Effect is one thing that the upgrade does.
type Effect struct {
	instance.Scope
	// Edits are the smallest change of the user's files after which the effect is none; empty where none is known.
	Edits []Edit `json:"edits,omitempty"`
	// Finding is what is wrong after the upgrade, or for the kind fixed before it.
	Finding *instance.Finding `json:"finding,omitzero"`
	// Kind is "breaks", "required", "constraint", "changed", "unused", "deprecated", "review", "warning", "fixed" or
	// "new".
	Kind string `json:"kind"`
	// Machines are those concerned, sorted; nil where it is about none in particular.
	Machines []string `json:"machines,omitzero"`
	// Minor effects are those of options that the clan does not use and whose new default is off or empty, of a
	// module's own description, and notes.
	Minor bool `json:"minor,omitzero"`
	// Name is what the part is called: a machine, tag, service or role.
	Name string `json:"name,omitzero"`
	// New and Old are nil where there is none. Of a role that the module no longer has, New are those that it has; of a
	// module that is looked for in another input than before, they are the inputs.
	New json.RawMessage `json:"new,omitzero"`
	Old json.RawMessage `json:"old,omitzero"`
	// Part is what it is about: "setting", "members", "export", "machine", "tag", "meta", "module", "service", "role",
	// "option" or "clan".
	Part string `json:"part"`
	// Path leads to the value.
	Path []string `json:"path,omitzero"`
	// Position is the place in the user's files, where something there is concerned.
	Position *instance.Position `json:"position,omitzero"`
	// Reason is why a setting changed: "default" (of an option that is not set here), "new-option", "option-gone",
	// "renamed", "type" (what is written is converted) or "module" (which computes it); or a sentence of the module's
	// own.
	Reason string `json:"reason,omitzero"`
}

// Of compares a clan as it is with the same clan after an upgrade. Both inventories should have been loaded with
// [instance.NeedOrigins], and their findings be those of check.All. One that holds the finding of
// [instance.FlakeFailed] is a clan of which nothing evaluates.
func Of(old, new *instance.Inventory) *Report {
	r := &report{Report: &Report{Effects: []Effect{}, Following: facts.Of(new).Following, Inputs: []diff.InputChange{},
		Instances: len(old.InstanceNames()), New: &new.Flake, Old: &old.Flake, SchemaVersion: schemaVersion}, old: old,
		new: new}
	if r.Following == nil {
		r.Following = []string{}
	}
	d := diff.Of(old, new)
	for _, f := range d.Findings.Appeared {
		r.finding(f)
	}
	if !failed(new) {
		r.Inputs = slices.DeleteFunc(d.Sources.Inputs, func(i diff.InputChange) bool {
			// The same content under another date in the lock file is no other version.
			return i.Old != nil && i.New != nil && i.Old.NarHash != "" && i.Old.NarHash == i.New.NarHash
		})
		for _, f := range d.Findings.Gone {
			r.fixed(f)
		}
		r.clan(d)
		for _, i := range d.Instances {
			r.instance(i)
		}
		r.Exports = old.Exports != nil && new.Exports != nil
		if r.Exports {
			r.exports()
		}
		r.options()
		r.modules(d)
		r.offers()
	}
	r.sort()
	r.Affected = r.affected()
	return r.Report
}

// report is a Report on its way.
type report struct {
	*Report
	old, new *instance.Inventory
}

func failed(inv *instance.Inventory) bool {
	return slices.ContainsFunc(inv.Findings, nothingEvaluates)
}

func nothingEvaluates(f instance.Finding) bool {
	return f.Code == codes.FlakeFailed || f.Code == codes.FailedCheck
}

// describes reports whether a value of a module reference is what the module says of itself: no machine is another one
// for that.
func describes(v diff.Value) bool {
	return len(v.Path) > 0 && (v.Path[0] == "manifest" || v.Path[0] == "roles")
}

func (r *report) add(e Effect) { r.Effects = append(r.Effects, e) }

// finding is one that is there after the upgrade only.
func (r *report) finding(f instance.Finding) {
	e := Effect{Kind: kindOf(f), Finding: &f, Scope: instance.Scope{Instance: f.Instance, Role: f.Role},
		Path: f.Setting, Part: partOf(f), Machines: r.concerned(f)}
	if f.Code == codes.UnknownRole && r.new.Instances[f.Instance] != nil {
		e.New = jsonvalue.Text(slices.Sorted(maps.Keys(r.new.Instances[f.Instance].Module.Roles)))
	}
	if input := r.movedFrom(f.Instance, f.Cause.Input); input != "" && e.Part == "module" {
		now := cmp.Or(r.new.Instances[f.Instance].Module.Resolved, f.Cause.Input)
		e.Old, e.New = jsonvalue.Text(input), jsonvalue.Text(now)
	}
	e.Minor = f.Severity == instance.SeverityNote && e.Kind == codes.EffectWarning
	e.Position = r.place(f)
	switch e.Kind {
	case codes.EffectBreaks, codes.EffectRequired, codes.EffectUnused, codes.EffectDeprecated:
		e.Edits = r.edits(f)
	}
	r.add(e)
}

// kindOf is what a finding that an upgrade brings is.
func kindOf(f instance.Finding) string {
	kind := codes.EffectWarning
	switch f.Code {
	case codes.TooManyInstances, codes.TooFewMachines, codes.TooManyMachines:
		kind = codes.EffectConstraint
	case codes.MissingSetting:
		kind = codes.EffectRequired
	case codes.UnknownSetting, codes.UncheckedSettings:
		kind = codes.EffectUnused
	case codes.DeprecatedModule, codes.DeprecatedServices:
		kind = codes.EffectDeprecated
	case codes.Conflict, codes.InvalidSetting, codes.SettingFailed:
		kind = codes.EffectBreaks
	}
	if f.Partial() || f.Severity == instance.SeverityError && kind != codes.EffectConstraint {
		return codes.EffectBreaks
	}
	return kind
}

func (r *report) fixed(f instance.Finding) {
	if r.breaks(f.Instance, f.Role) {
		return // something else is wrong with it by now
	}
	r.add(Effect{Kind: codes.EffectFixed, Finding: &f, Scope: instance.Scope{Instance: f.Instance, Role: f.Role},
		Path: f.Setting, Part: partOf(f), Machines: r.concerned(f), Position: r.place(f),
		Minor: f.Severity == instance.SeverityNote})
}

func partOf(f instance.Finding) string {
	switch {
	case len(f.Setting) > 0 && f.Role != "":
		return "setting"
	case f.Role != "":
		return "role"
	case f.Instance != "" || f.Module != "":
		return "module"
	case f.Machine != "":
		return "machine"
	}
	return "clan"
}

// place is where the user's own files are concerned: Nix may have pointed into an input.
func (r *report) place(f instance.Finding) *instance.Position {
	if f.File != "" && !isInput(f.File) {
		return &f.Position
	}
	path := []string{"instances", f.Instance}
	if f.Role != "" {
		path = append(path, "roles", f.Role)
	}
	if f.Role != "" && len(f.Setting) > 0 {
		for _, d := range r.written(f.Instance, f.Role, f.Machine, f.Setting) {
			if d.Position != nil {
				return d.Position
			}
		}
	}
	if at := r.old.Where(path...); f.Instance != "" && at != nil {
		return at
	}
	if f.File != "" {
		return &f.Position
	}
	return nil
}

// concerned are the machines that a finding is about: those it names, or the members of what it is about.
func (r *report) concerned(f instance.Finding) []string {
	if f.Machine != "" {
		return permachine.Machines(f)
	}
	if f.Instance == "" && f.Code != codes.FlakeFailed && f.Code != codes.FailedCheck {
		return nil
	}
	if f.Instance == "" {
		return slices.Sorted(maps.Keys(r.old.Machines))
	}
	inv := r.old
	if inv.Instances[f.Instance] == nil {
		inv = r.new
	}
	return members(inv, f.Instance, f.Role)
}

// members are the machines in a role of an instance, or with "" in any.
func members(inv *instance.Inventory, name, role string) []string {
	in := map[string]bool{}
	if i := inv.Instances[name]; i != nil {
		for r, it := range i.Roles {
			for machine := range it.Machines {
				if role == "" || role == r {
					in[machine] = true
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(in))
}

// breaks reports whether a part of an instance does not evaluate after the upgrade.
func (r *report) breaks(name, role string) bool {
	return slices.ContainsFunc(r.Effects, func(e Effect) bool {
		return e.Kind == codes.EffectBreaks && e.Instance == name && (e.Role == "" || e.Role == role)
	})
}

// was reports whether a part of an instance did not evaluate before it.
func (r *report) was(name, role string) bool {
	return slices.ContainsFunc(r.Effects, func(e Effect) bool {
		return e.Kind == codes.EffectFixed && e.Instance == name && (e.Role == "" || e.Role == role)
	})
}

// clan tells of what changed besides instances.
func (r *report) clan(d *diff.Difference) {
	for _, v := range d.Meta {
		r.add(Effect{Kind: codes.EffectChanged, Part: "meta", Path: v.Path, Old: v.Old, New: v.New,
			Machines: slices.Sorted(maps.Keys(r.new.Machines)),
			Minor:    v.Old == nil && isOff(v.New)})
	}
	for _, m := range d.Machines {
		e := Effect{Kind: codes.EffectChanged, Part: "machine", Name: m.Name, Machines: []string{m.Name}}
		if m.Change != diff.Changed {
			e.Reason = string(m.Change)
			r.add(e)
			continue
		}
		for _, v := range m.Values {
			e.Path, e.Old, e.New, e.Minor = v.Path, v.Old, v.New, v.Old == nil && isOff(v.New)
			r.add(e)
		}
		for change, tags := range map[diff.Change][]string{diff.Added: m.Tags.Added, diff.Removed: m.Tags.Removed} {
			for _, tag := range tags {
				r.add(Effect{Kind: codes.EffectChanged, Part: "tag", Name: tag, Reason: string(change),
					Machines: []string{m.Name}})
			}
		}
	}
}

func (r *report) instance(i diff.InstanceChange) {
	if r.breaks(i.Name, "") || i.Change != diff.Changed && r.was(i.Name, "") {
		return
	}
	for _, v := range i.Module {
		if describes(v) {
			continue
		}
		e := Effect{Kind: codes.EffectChanged, Part: "module", Scope: instance.Scope{Instance: i.Name},
			Path: v.Path, Old: v.Old, New: v.New,
			Machines: members(r.new, i.Name, "")}
		if input := r.movedFrom(i.Name, ""); input != "" && slices.Equal(v.Path, []string{"resolved"}) {
			e.Edits = []Edit{r.module(i.Name, "input", input)}
		}
		r.add(e)
	}
	for _, role := range i.Roles {
		r.role(i.Name, role)
	}
}

func (r *report) role(name string, role diff.RoleChange) {
	broken := r.breaks(name, role.Name) || r.was(name, role.Name)
	if broken && role.Change != diff.Changed {
		return
	}
	joined := map[diff.Change][]string{}
	for _, m := range role.Members {
		if m.Change != diff.Changed {
			joined[m.Change] = append(joined[m.Change], m.Machine)
		}
	}
	for _, change := range []diff.Change{diff.Added, diff.Removed} {
		if machines := joined[change]; machines != nil {
			r.add(Effect{Kind: codes.EffectChanged, Part: "members", Scope: instance.Scope{Instance: name, Role: role.Name},
				Reason: string(change), Machines: machines})
		}
	}
	for _, v := range role.Settings {
		if len(v.Path) > 0 || !broken {
			r.setting(name, role.Name, v)
		}
	}
}

// modules tells of what modules say of themselves, and what they no longer offer.
func (r *report) modules(d *diff.Difference) {
	told := map[string]bool{}
	for _, i := range d.Instances {
		service := serviceOf(r.new.Instances[i.Name])
		if i.Change != diff.Changed || told[service] || r.breaks(i.Name, "") {
			continue
		}
		told[service] = true
		for _, v := range i.Module {
			if !describes(v) || len(v.Path) < 2 {
				continue
			}
			if v.Path[0] == "roles" && v.Change == diff.Added && len(v.Path) == 2 {
				continue // an offer
			}
			r.add(Effect{Kind: codes.EffectChanged, Part: "module", Scope: instance.Scope{Service: service},
				Path: v.Path, Old: v.Old,
				New: v.New, Minor: true})
		}
	}
}

// serviceOf is an instance's module as INPUT#NAME.
func serviceOf(i *instance.Instance) string {
	if i == nil {
		return ""
	}
	return cmp.Or(i.Module.Resolved, "self") + "#" + i.Module.Name
}

func (r *report) sort() {
	slices.SortStableFunc(r.Effects, func(a, b Effect) int {
		return cmp.Or(cmp.Compare(slices.Index(kinds, a.Kind), slices.Index(kinds, b.Kind)),
			-cmp.Compare(min(len(a.Instance), 1), min(len(b.Instance), 1))*min(len(a.Service)+len(b.Service), 1),
			cmp.Compare(a.Instance, b.Instance), cmp.Compare(a.Role, b.Role),
			cmp.Compare(a.Service, b.Service), cmp.Compare(a.Part, b.Part), cmp.Compare(a.Name, b.Name),
			slices.Compare(a.Path, b.Path), cmp.Compare(a.Reason, b.Reason),
			slices.Compare(a.Machines, b.Machines))
	})
}

// affected are the machines of the clan that the effects reach: those they are about, and those that share an instance
// with one, for services read their peers.
func (r *report) affected() []diff.Affected {
	direct, shared := map[string][]diff.Reason{}, map[string][]diff.Reason{}
	add := func(to map[string][]diff.Reason, machine string, reason diff.Reason) {
		if !slices.Contains(to[machine], reason) {
			to[machine] = append(to[machine], reason)
		}
	}
	for _, e := range r.Effects {
		if !e.counts() {
			continue
		}
		reason := diff.Reason{Kind: reasonOf(e), Instance: e.Instance, Role: e.Role}
		if reason.Kind == codes.ReasonMember {
			reason.Change = diff.Change(e.Reason)
		}
		for _, machine := range e.Machines {
			add(direct, machine, reason)
		}
		if e.Kind != codes.EffectChanged && e.Kind != codes.EffectBreaks || e.Instance == "" {
			continue
		}
		for role := range rolesOf(r.new, e.Instance) {
			for _, machine := range members(r.new, e.Instance, role) {
				add(shared, machine, diff.Reason{Kind: codes.ReasonPeers, Instance: e.Instance, Role: role})
			}
		}
	}
	list := []diff.Affected{}
	for _, machine := range slices.Sorted(maps.Keys(r.old.Machines)) {
		a := diff.Affected{Machine: machine, Kind: codes.AffectedDirect, Reasons: direct[machine]}
		for _, reason := range shared[machine] {
			if !slices.ContainsFunc(direct[machine], func(d diff.Reason) bool {
				return d.Instance == reason.Instance
			}) {
				a.Reasons = append(a.Reasons, reason)
			}
		}
		if len(direct[machine]) == 0 {
			a.Kind = codes.AffectedShared
		}
		if len(a.Reasons) == 0 {
			continue
		}
		slices.SortFunc(a.Reasons, func(a, b diff.Reason) int {
			return cmp.Or(cmp.Compare(a.Instance, b.Instance), cmp.Compare(a.Role, b.Role), cmp.Compare(a.Kind, b.Kind),
				cmp.Compare(a.Change, b.Change))
		})
		list = append(list, a)
	}
	return list
}

func reasonOf(e Effect) string {
	switch e.Part {
	case "setting":
		return codes.ReasonSettings
	case "members":
		return codes.ReasonMember
	case "machine", "tag":
		return codes.ReasonMachine
	case "meta":
		return codes.ReasonMeta
	case "module":
		return codes.ReasonModule
	}
	return codes.ReasonUnknown
}

func rolesOf(inv *instance.Inventory, name string) map[string]*instance.Role {
	if i := inv.Instances[name]; i != nil {
		return i.Roles
	}
	return nil
}

// Empty reports whether the upgrade does nothing to the clan: there are at most offers, minor effects, and options to
// review.
func (r *Report) Empty() bool { return !slices.ContainsFunc(r.Effects, Effect.counts) }

// counts reports whether an effect is a change of the clan.
func (e Effect) counts() bool {
	return !e.Minor && e.Kind != codes.EffectNew && e.Kind != codes.EffectReview
}

// summary says in one sentence what the upgrade does, such as "3 of 9 instances change, 2 of them break; 6 machines are
// touched".
func (r *Report) summary() string {
	changed, broken := map[string]bool{}, map[string]bool{}
	besides := ""
	for _, e := range r.Effects {
		if e.Kind == codes.EffectBreaks && e.Instance == "" {
			if nothingEvaluates(*e.Finding) {
				return "the clan breaks: " + e.Finding.Message()
			}
			besides = "; something other than an instance breaks"
		}
		if !e.counts() || e.Instance == "" {
			continue
		}
		changed[e.Instance] = true
		if e.Kind == codes.EffectBreaks {
			broken[e.Instance] = true
		}
	}
	text := fmt.Sprintf("%d of %d instances change", len(changed), r.Instances)
	switch {
	case r.Empty():
		return "nothing changes for this clan"
	case len(broken) > 0:
		text += fmt.Sprintf(", %d of them break", len(broken))
	}
	text += besides
	if len(r.Affected) == 1 {
		return text + "; 1 machine is touched"
	}
	return text + fmt.Sprintf("; %d machines are touched", len(r.Affected))
}

// MarshalJSON writes the effect with its message, keys sorted.
func (e Effect) MarshalJSON() ([]byte, error) {
	type plain Effect
	value, err := jsonvalue.Of(plain(e))
	if err != nil {
		return nil, err
	}
	fields := value.(map[string]any)
	fields["message"] = e.Message()
	return jsonvalue.Marshal(fields)
}
