package instance

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/internal/codes"
	"github.com/clanctl/clanctl/internal/facts"
	"github.com/clanctl/clanctl/internal/jsonvalue"
	"github.com/clanctl/clanctl/internal/lazyregexp"
	"github.com/clanctl/clanctl/internal/nearest"
	"github.com/clanctl/clanctl/internal/reader"
	"github.com/clanctl/clanctl/pkg/nixeval"
)

// loss is a part of the clan that could not be had, on its way to becoming a finding.
type loss struct {
	// failure is nil where the finding follows from other facts.
	failure *reader.Failure
	finding Finding
	// ifMalformed: something else may have broken it, and it is to blame only for what is wrongly written there.
	ifMalformed bool
}

func (l *loader) lose(failure *reader.Failure, code string, about Subject, cause Cause) {
	if failure != nil && failure.Kind == reader.Opaque {
		code, cause = codes.NotRepresentable, Cause{Whole: cause.Whole}
	}
	l.losses = append(l.losses, loss{failure: failure, finding: NewFinding(code, about, cause)})
}

// locate fills in where everything is written; for what is missing down to the setting, which takes one more question.
func (l *loader) locate(ctx context.Context) error {
	inv := l.inv
	var want []reader.Want
	var deeper *reader.Part[reader.Named[reader.Place]]
	shapes := map[string]*reader.Part[reader.Named[reader.Place]]{}
	for _, loss := range l.losses {
		f := loss.finding
		if f.Role != "" && !l.isPlaced(f.Instance) && deeper == nil {
			deeper = &reader.Part[reader.Named[reader.Place]]{}
			want = append(want, reader.Want{Path: []string{"positions", "settings"}, Into: deeper})
		}
		if tree := shapeTree(loss); tree != "" && shapes[tree] == nil {
			shapes[tree] = &reader.Part[reader.Named[reader.Place]]{}
			want = append(want, reader.Want{Path: []string{"shapes", tree}, Into: shapes[tree]})
		}
	}
	if len(want) > 0 {
		if err := l.Ask(ctx, l.query, want...); err != nil {
			return err
		}
		if deeper != nil && deeper.OK() {
			inv.facts.Places.Below["instances"] = l.places.tree(deeper.Value, "instances")
		}
		for i := range l.losses {
			if tree := shapeTree(l.losses[i]); tree != "" {
				l.losses[i] = l.shaped(l.losses[i], tree, shapes[tree].Value)
			}
		}
	}
	l.losses = slices.DeleteFunc(l.losses, func(lost loss) bool {
		return lost.ifMalformed && lost.finding.Code != codes.Malformed
	})
	if err := l.locateManifests(ctx); err != nil {
		return err
	}
	inv.place()
	return nil
}

// place fills in the positions of machines, instances, roles and members.
func (inv *Inventory) place() {
	for name, machine := range inv.Machines {
		machine.Position = inv.at("machines", name)
	}
	for name, inst := range inv.Instances {
		inst.Position = inv.at("instances", name)
		for roleName, role := range inst.Roles {
			role.Position = inv.at("instances", name, "roles", roleName)
			for machine, m := range role.Machines {
				if m.Explicit {
					m.Position = inv.at("instances", name, "roles", roleName, "machines", machine)
				}
			}
		}
	}
}

// isPlaced reports whether it is known where all settings of an instance are written.
func (l *loader) isPlaced(name string) bool {
	_, placed := l.facts.places.failing.Value[name]
	return placed || l.config.Need&(NeedOrigins|facts.NeedSetting|facts.NeedPlaces) != 0
}

// locateManifests finds out where the manifests of the flake's own modules are written, and what of their categories
// clan does not know.
func (l *loader) locateManifests(ctx context.Context) error {
	var categories reader.Part[[]string]
	written := map[string]*reader.Part[reader.Written]{}
	want := []reader.Want{{Path: []string{"categories"}, Into: &categories}}
	for _, loss := range l.losses {
		if name := loss.finding.Module; loss.finding.Code == codes.ManifestFailed && written[name] == nil {
			written[name] = &reader.Part[reader.Written]{}
			want = append(want, reader.Want{Path: []string{"modules", "self", name, "written"}, Into: written[name]})
		}
	}
	if len(written) == 0 {
		return nil
	}
	query := l.query
	query.Inputs, query.Modules, query.Written = []string{"self"}, true, true
	if err := l.Ask(ctx, query, want...); err != nil {
		return err
	}
	for i := range l.losses {
		f := &l.losses[i].finding
		if f.Code != codes.ManifestFailed || len(f.Setting) == 0 {
			continue
		}
		of := written[f.Module].Value
		if place := l.places.tree(of.Places.Value.Manifest).At(f.Setting[0]); place != nil && place.Position != nil {
			f.Position = *place.Position
		}
		if known := categories.Value; f.Setting[0] == "categories" && len(known) > 0 {
			unknown := slices.DeleteFunc(slices.Clone(of.Categories.Value), func(name string) bool {
				return slices.Contains(known, name)
			})
			var near []string
			for _, name := range unknown {
				near = append(near, nearest.Of(name, known)...)
			}
			if len(unknown) > 0 {
				f.Cause.Names = unknown
				f.Cause.Near, f.Cause.Known = nearest.Or(sortedUnique(near), known)
				f.grade()
				l.losses[i].failure.Err = errMalformed
			}
		}
	}
	return nil
}

// explain turns what is missing into findings with Nix's own messages, and Nix's warnings into findings, too.
func (l *loader) explain(ctx context.Context) error {
	var failures []*reader.Failure
	for _, loss := range l.losses {
		if loss.failure != nil && !loss.failure.Undefined {
			failures = append(failures, loss.failure)
		}
	}
	if l.settingFailure != nil {
		failures = append(failures, l.settingFailure)
	}
	if err := l.Explain(ctx, l.query, failures); err != nil {
		return err
	}
	if l.settingFailure != nil {
		l.inv.facts.Setting.Err = l.settingFailure.Err
		l.inv.facts.Setting.Message, _ = l.nixWords(l.settingFailure.Err)
	}
	for _, loss := range l.losses {
		f := loss.finding
		if f.Position == (Position{}) {
			if pos := l.inv.placeOf(f); pos != nil {
				f.Position = *pos
			}
		}
		if loss.failure != nil {
			l.took(&f, loss.failure.Err)
		}
		if f.Code == codes.ExportFailed && settingFault(f.Cause.Nix) != "" && l.config.Need&NeedSettings != 0 {
			continue // the setting has a finding of its own, or its machine has
		}
		if f.Err == nil {
			f.Err = errNoMessage
		}
		f.Definitions = l.inv.definitions(f)
		l.add(f)
	}
	l.warnings()
	slices.SortFunc(l.inv.Findings, Finding.Compare)
	return nil
}

// add adds a finding, or joins it to one that says the same of other members.
func (l *loader) add(f Finding) {
	for i := range l.inv.Findings {
		same := &l.inv.Findings[i]
		if same.Code == f.Code && same.Instance == f.Instance && same.Role == f.Role && same.Module == f.Module &&
			slices.Equal(same.Setting, f.Setting) && same.Cause.Nix == f.Cause.Nix && same.Cause.Tag == f.Cause.Tag {
			if f.Machine == "" || same.Machine == f.Machine {
				return
			}
			same.Machines = sortedUnique(append(append(same.Machines, same.Machine), append(f.Machines, f.Machine)...))
			return
		}
	}
	if len(f.Machines) == 1 {
		f.Machines = nil
	}
	l.inv.Findings = append(l.inv.Findings, f)
}

// took puts Nix's error into a finding, in the user's terms.
func (l *loader) took(f *Finding, err error) {
	if err != nil {
		f.Err = err
	}
	if errors.Is(err, reader.ErrUnexplained) {
		f.Cause.Max = reader.MostProbes
	}
	message, nixErr := l.nixWords(err)
	if nixErr == nil {
		return
	}
	if f.Cause.Shape == nil {
		f.Cause.Nix, f.Cause.Hint = message, nixErr.Hint
	}
	if f.Code == codes.TagFailed && strings.Contains(nixErr.Message, "infinite recursion") &&
		tagsOfMachine.MatchString(l.codeAt(nixErr)) {
		f.Cause.Hint = "machines' tags hold the computed ones, too, so that tags cannot be computed from them: compute them from something else"
	}
	if code := settingFault(nixErr.Message); code != "" && len(f.Setting)+len(f.Machine) > 0 && f.Role != "" &&
		f.Code != codes.ExportFailed {
		f.Code = code
		f.grade()
	}
	switch f.Code {
	case codes.UnknownSetting:
		// The message names the option; the attribute has a position.
		if path := settingIn(nixErr.Message); path != nil {
			f.Setting = path
			if pos := l.inv.placeOf(*f); pos != nil {
				f.Position = *pos
			}
		}
	case codes.Conflict, codes.InvalidSetting, codes.MissingSetting, codes.Malformed, codes.RemovedModule:
		// What is written is what has to change.
	default:
		if pos, ok := nixErr.Position(); ok {
			f.Position = pos
		} else if pos := l.inv.whereOption(nixErr.Message); pos != nil {
			f.Position = *pos
		}
	}
}

// nixWords is what an error of Nix's says, in the user's terms; the error is nil where it is another.
func (l *loader) nixWords(err error) (string, *nixeval.Error) {
	nixErr, is := errors.AsType[*nixeval.Error](err)
	if !is {
		return "", nil
	}
	nixErr.Sources = l.places.sources
	return userTerms(l.places.sources, nixErr.Message), nixErr
}

// whereOption is where the option of the inventory that a message names is written, or the nearest part around it; nil
// where it names none. What is in inventory.json has no position in Nix.
func (inv *Inventory) whereOption(message string) *Position {
	path := optionIn(message)
	if start := slices.Index(path, "inventory"); start >= 0 && len(path) > start+1 {
		return inv.Where(path[start+1:]...)
	}
	return nil
}

// tagsOfMachine is an expression such as machines.${name}.tags.
var tagsOfMachine = lazyregexp.New(`^[A-Za-z_][\w.'"${}-]*\.tags\b`)

// codeAt is what the flake has where an error points, up to the end of the line.
func (l *loader) codeAt(err *nixeval.Error) string {
	at, _ := err.Position()
	text, readErr := l.places.sources.ReadFile(l.facts.flake.Value.Source + "/" + at.File)
	lines := strings.Split(string(text), "\n")
	if readErr != nil || at.Line < 1 || at.Line > len(lines) || at.Column < 1 || at.Column > len(lines[at.Line-1]) {
		return ""
	}
	return lines[at.Line-1][at.Column-1:]
}

// definitions lists what is written for a finding's setting, as far as the layers hold it, in clan's order of merging.
func (inv *Inventory) definitions(f Finding) []SettingDefinition {
	inst := inv.Instances[f.Instance]
	if inst == nil || inst.Roles[f.Role] == nil || len(f.Setting) == 0 {
		return nil
	}
	var found []SettingDefinition
	for _, layer := range inst.Roles[f.Role].layers(f.Machine) {
		for _, d := range layer.Definitions {
			if value, ok := jsonvalue.Lookup(d.Value(), f.Setting); ok {
				path := append(layer.Path(f.Instance, f.Role), f.Setting...)
				found = append(found,
					SettingDefinition{Layer: layer.Kind, Name: layer.Name, Value: value, Position: inv.at(path...)})
			}
		}
	}
	return found
}

// placeOf is the position of what a finding is about, or of the nearest part around it.
func (inv *Inventory) placeOf(f Finding) *Position {
	base := []string{"instances", f.Instance}
	switch {
	case f.Cause.Tag != "" && f.Instance == "":
		return inv.at("tags", f.Cause.Tag)
	case f.Instance == "" && f.Machine != "":
		return inv.Where(append([]string{"machines", f.Machine}, f.Setting...)...)
	case f.Instance == "":
		return nil
	case f.Role == "":
		for _, part := range moduleParts(f.Code) {
			if pos := inv.at(append(base, "module", part)...); pos != nil {
				return pos
			}
		}
		return inv.at(base...)
	}
	role := append(base, "roles", f.Role)
	var best *Position
	depth := 0
	if inst := inv.Instances[f.Instance]; inst != nil && inst.Roles[f.Role] != nil && len(f.Setting) > 0 {
		for _, layer := range inst.Roles[f.Role].layers(f.Machine) {
			path := layer.Path(f.Instance, f.Role)
			for n := len(f.Setting); n > depth; n-- {
				if pos := inv.at(append(path, f.Setting[:n]...)...); pos != nil {
					best, depth = pos, n
				}
			}
		}
	}
	if best == nil && f.Machine != "" {
		best = inv.at(append(role, "machines", f.Machine)...)
	}
	if best == nil && f.Cause.Part != "" {
		best = inv.at(append(role, f.Cause.Part)...)
	}
	return cmp.Or(best, inv.at(role...), inv.at(base...))
}

// moduleParts are the attributes of a module reference that a finding may be about, the likeliest first.
func moduleParts(code string) []string {
	switch code {
	case codes.UnknownModule, codes.RemovedModule, codes.ModuleFailed:
		return []string{"name", "input"}
	}
	return []string{"input", "name"}
}

// warnings turns what Nix code warned of into findings; Nix's own warnings (a dirty tree, a lock file) are not about
// the clan.
func (l *loader) warnings() {
	seen := map[string]bool{}
	for _, event := range l.Events() {
		text, ok := event.Warning()
		// That a tag has no members is found by a check, with a position.
		if !ok || strings.HasPrefix(event.Text, "warning: ") || seen[text] || emptyTagWarning.MatchString(text) {
			continue
		}
		seen[text] = true
		l.inv.Findings = append(l.inv.Findings,
			NewFinding(codes.NixWarning, Subject{}, Cause{Nix: userTerms(l.places.sources, text)}))
	}
}
