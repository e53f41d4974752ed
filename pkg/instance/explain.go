package instance

import (
	"cmp"
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/clanctl/clanctl/pkg/nixeval"
)

// locate fills in where everything is written; for what is missing down to the setting, which takes one more question.
func (l *loader) locate(ctx context.Context) error {
	inv := l.inv
	for name, machine := range inv.Machines {
		machine.Position = inv.positions.exact("machines", name)
	}
	for name, inst := range inv.Instances {
		inst.Position = inv.positions.exact("instances", name)
		for roleName, role := range inst.Roles {
			role.Position = inv.positions.exact("instances", name, "roles", roleName)
			for _, m := range role.Machines {
				if m.Explicit {
					m.Position = inv.positions.exact("instances", name, "roles", roleName, "machines", m.Machine)
				}
			}
		}
	}
	return l.locateSettings(ctx)
}

// locateSettings asks for the positions of settings in the instances that miss some.
func (l *loader) locateSettings(ctx context.Context) error {
	if l.origins {
		return nil // all of them are known
	}
	var paths [][]string
	for _, m := range l.missing {
		path := []string{"positions", "settings", m.finding.Instance}
		if m.finding.Role == "" || slices.ContainsFunc(paths, func(p []string) bool { return slices.Equal(p, path) }) {
			continue
		}
		paths = append(paths, path)
	}
	if len(paths) == 0 {
		return nil
	}
	values := make([]any, len(paths))
	if err := l.several(ctx, query{}, paths, values); err != nil {
		return err
	}
	for i, path := range paths {
		if bad(values[i]) {
			continue
		}
		graft(asMap(l.inv.positions.tree), []string{"instances", path[2]}, values[i])
	}
	return nil
}

// explain turns what is missing into findings with Nix's own messages, and Nix's warnings into findings, too.
func (l *loader) explain(ctx context.Context) error {
	l.limitProbes()
	errs := make([]error, len(l.missing))
	err := l.each(len(l.missing), func(i int) error {
		m := &l.missing[i]
		if f, failed := m.node.(failure); failed {
			errs[i] = f.err
		}
		if !m.probe {
			return nil
		}
		_, _, err := l.ask(ctx, query{Select: [][]string{m.path}, Strict: true})
		if err != nil && !isolates(err) {
			return err
		}
		errs[i] = err
		return nil
	})
	if err != nil {
		return err
	}
	findings := make([]Finding, len(l.missing))
	for i := range l.missing {
		findings[i] = l.missing[i].finding
		f := &findings[i]
		l.inv.place(f)
		var nixErr *nixeval.Error
		if errors.As(errs[i], &nixErr) {
			l.take(f, nixErr)
		}
		f.Definitions = l.inv.definitions(f)
		f.Err = cmp.Or(errs[i], f.Err)
		f.grade()
	}
	l.inv.Findings = append(l.inv.Findings, joinSame(findings)...)
	l.warnings()
	return nil
}

// maxProbes bounds how many Nix processes are started for messages alone: a flake can hold any number of parts that throw.
const maxProbes = 100

// limitProbes leaves all parts but the first without Nix's own message.
func (l *loader) limitProbes() {
	probes := 0
	for i := range l.missing {
		m := &l.missing[i]
		if !m.probe {
			continue
		}
		if probes++; probes > maxProbes {
			m.probe = false
			m.finding.Cause.Max = maxProbes
		}
	}
}

// joinSame makes one finding of those that say the same of different members, or of one module.
func joinSame(findings []Finding) []Finding {
	var joined []Finding
	index := map[string]int{}
	for _, f := range findings {
		key := f.For("").Key() + f.Cause.Nix
		if f.Code == CodeManifestFailed {
			key = f.Cause.Nix // one module, however many instances it has
		}
		i, again := index[key]
		switch {
		case !again:
			index[key] = len(joined)
			joined = append(joined, f)
		case f.Role != "" && f.Machine != "":
			joined[i].Machines = sortedUnique(append(joined[i].Concerned(), f.Concerned()...))
		case f.Code != CodeManifestFailed:
			joined = append(joined, f)
		}
	}
	for i := range joined {
		if len(joined[i].Machines) == 1 {
			joined[i].Machines = nil
		}
	}
	return joined
}

// definitions lists what is written for a finding's setting, as far as the layers hold it.
func (inv *Inventory) definitions(f *Finding) []SettingDefinition {
	inst := inv.Instances[f.Instance]
	if inst == nil || inst.Roles[f.Role] == nil || len(f.Setting) == 0 {
		return nil
	}
	role := inst.Roles[f.Role]
	base := []string{"instances", f.Instance, "roles", f.Role}
	var found []SettingDefinition
	add := func(layer, name string, definitions []Definition, path ...string) {
		for _, d := range definitions {
			value, ok := Lookup(d.Value, f.Setting)
			if !ok {
				continue
			}
			found = append(found, SettingDefinition{Layer: layer, Name: name, Value: value,
				Position: inv.positions.exact(extend(extend(base, path...), f.Setting...)...)})
		}
	}
	if member := role.Machines[f.Machine]; member != nil {
		for _, tag := range slices.Backward(member.Tags) {
			add("tag", tag, role.Layers.Tags[tag], "tags", tag, "settings")
		}
	}
	add("machine", f.Machine, role.Layers.Machines[f.Machine], "machines", f.Machine, "settings")
	add("role", "", role.Layers.Role, "settings")
	return found
}

// Lookup follows names into a value of maps; false if they lead nowhere.
func Lookup(value any, path []string) (any, bool) {
	for _, key := range path {
		m, ok := value.(map[string]any)
		if !ok {
			return nil, false
		}
		if value, ok = m[key]; !ok {
			return nil, false
		}
	}
	return value, true
}

// place gives a finding the position of what it is about, or of the nearest part around it.
func (inv *Inventory) place(f *Finding) {
	p := inv.positions
	var candidates [][]string
	base := []string{"instances", f.Instance}
	switch {
	case f.Instance == "" && f.Machine != "":
		candidates = append(candidates, []string{"machines", f.Machine})
	case f.Instance == "":
		return
	case f.Role == "":
		candidates = append(candidates, extend(base, "module", "input"), extend(base, "module", "name"), base)
		if f.Code == CodeUnknownModule || f.Code == CodeRemovedModule || f.Code == CodeModuleFailed {
			candidates[0], candidates[1] = candidates[1], candidates[0]
		}
	default:
		role := extend(base, "roles", f.Role)
		if len(f.Setting) > 0 {
			var best *Position
			depth := 0
			layers := [][]string{extend(role, "machines", f.Machine, "settings"), extend(role, "settings")}
			for _, tag := range inv.roleTags(f) {
				layers = append(layers, extend(role, "tags", tag, "settings"))
			}
			for _, layer := range layers {
				for n := len(f.Setting); n > depth; n-- {
					if pos := p.exact(extend(layer, f.Setting[:n]...)...); pos != nil {
						best, depth = pos, n
						break
					}
				}
			}
			if best != nil {
				f.Position = *best
				return
			}
		}
		if f.Machine != "" {
			candidates = append(candidates, extend(role, "machines", f.Machine))
		}
		candidates = append(candidates, role, base)
	}
	for _, path := range candidates {
		if pos := p.exact(path...); pos != nil {
			f.Position = *pos
			return
		}
	}
}

func (inv *Inventory) roleTags(f *Finding) []string {
	if inst := inv.Instances[f.Instance]; inst != nil && inst.Roles[f.Role] != nil {
		return inst.Roles[f.Role].Tags
	}
	return nil
}

// take puts Nix's message into a finding, in the user's terms.
func (l *loader) take(f *Finding, err *nixeval.Error) {
	err.Sources = l.sources
	f.Cause.Nix, f.Cause.Hint = relative(l.userTerms(err.Message), f.Subject), err.Hint
	if code := codeOf(err.Message); code != "" && f.Role != "" && f.Code != CodeEvaluationFailed {
		f.Code = code
	}
	if pos, ok := l.positionOf(f, err); ok {
		f.Position = pos
	}
}

// positionOf is where Nix's error points, if that says more than where the part is defined: the definition that does not
// fit, or a place in one of the user's modules.
func (l *loader) positionOf(f *Finding, err *nixeval.Error) (Position, bool) {
	switch f.Code {
	case CodeUnknownSetting:
		// The message names the option and the definition's file; the attribute has a position.
		if path := l.settingIn(err.Message, f); path != nil {
			f.Setting = path
			located := *f
			located.Position = Position{}
			l.inv.place(&located)
			return located.Position, located.File != ""
		}
		return Position{}, false
	case CodeConflict, CodeInvalidSetting, CodeMissingSetting:
		return Position{}, false
	case CodeRemovedModule:
		// The instance is what has to change. (Some Nix versions place the message in the flake's own input.)
		return Position{}, false
	}
	return err.Position()
}

var theOption = regexp.MustCompile("The option `([^']*)'")

// settingIn reads the path of a setting out of the option that a message names.
func (l *loader) settingIn(message string, f *Finding) []string {
	match := theOption.FindStringSubmatch(message)
	if match == nil {
		return nil
	}
	names := splitOptionPath(match[1])
	i := slices.Index(names, "settings")
	if i < 0 || i+1 >= len(names) {
		return nil
	}
	return names[i+1:]
}

// codeOf knows the messages of nixpkgs' module system that say what is wrong with a setting; anything else is "".
func codeOf(message string) Code {
	switch {
	case strings.Contains(message, "' does not exist. Definition values:"):
		return CodeUnknownSetting
	case strings.Contains(message, "has conflicting definition values"):
		return CodeConflict
	case strings.Contains(message, "is not of type `"):
		return CodeInvalidSetting
	case strings.Contains(message, "was accessed but has no value defined"), strings.Contains(message, "is used but not defined"):
		return CodeMissingSetting
	}
	return ""
}

// userTerms rewrites store paths into the user's files and clan's internal option paths into those of the inventory.
func (l *loader) userTerms(message string) string {
	message = l.sources.Rewrite(strings.TrimRight(message, "\n"))
	for _, inst := range l.inv.Instances {
		for _, key := range []string{inst.Module.Spec().Key(), "self-" + inst.Module.Name} {
			for _, form := range []string{key, nixeval.Quote(key)} {
				message = strings.ReplaceAll(message, "`"+form+".instances.", "`inventory.instances.")
				message = strings.ReplaceAll(message, "clan._services.allServices."+form+".instances.", "inventory.instances.")
			}
		}
	}
	message = strings.ReplaceAll(message, "Via clan.service module: instances.", "inventory.instances.")
	message = strings.ReplaceAll(message, "`instances.", "`inventory.instances.")
	return message
}

// warnings turns what Nix code warned of into findings; Nix's own warnings (a dirty tree, a lock file) are not about the clan.
func (l *loader) warnings() {
	seen := map[string]bool{}
	for _, event := range l.events {
		text, ok := event.Warning()
		if !ok || strings.HasPrefix(event.Text, "warning: ") || seen[text] {
			continue
		}
		seen[text] = true
		if emptyTagWarning.MatchString(text) {
			continue // found by our own check, with a position
		}
		l.inv.Findings = append(l.inv.Findings, NewFinding(CodeNixWarning, Subject{}, Cause{Nix: l.userTerms(text)}))
	}
}

var emptyTagWarning = regexp.MustCompile(`^Service instance '.*': - .* tags: no machine with tag '.*' found`)
