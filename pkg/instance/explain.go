package instance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/clanctl/clanctl/internal/lazyregexp"
	"github.com/clanctl/clanctl/internal/nearest"
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
		f.err = &EvalError{err: errs[i]}
	}
	for _, f := range joinSame(findings) {
		if len(f.Machines) == 1 {
			f.Machines = nil
		}
		f.err.Finding = f
		l.inv.Findings = append(l.inv.Findings, f)
	}
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
			if m.finding.Hint == "" {
				m.finding.Hint = fmt.Sprintf("what Nix says of it is left out: more than %d parts of this clan do not evaluate", maxProbes)
			}
		}
	}
}

// joinSame makes one finding of those that say the same of different members, or of one module.
func joinSame(findings []Finding) []Finding {
	var joined []Finding
	index := map[string]int{}
	said := map[string]bool{}
	for _, f := range findings {
		if f.Code == "manifest-failed" {
			// One module, however many instances it has.
			if said[f.Message] {
				continue
			}
			said[f.Message] = true
		}
		if f.Machine == "" || f.Role == "" {
			joined = append(joined, f)
			continue
		}
		message := strings.ReplaceAll(f.Message, optionPath("machines", f.Machine)+".", "machines.*.")
		key := strings.Join(append([]string{f.Instance, f.Role, f.Code, message}, f.Setting...), "\x00")
		if i, again := index[key]; again {
			joined[i].Machines = sortedUnique(append(joined[i].Machines, f.Machines...))
			continue
		}
		index[key] = len(joined)
		joined = append(joined, f)
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
		if f.Code == "unknown-module" || f.Code == "removed-module" || f.Code == "module-failed" {
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
	f.Message = l.userTerms(err.Message)
	if code := codeOf(err.Message); code != "" && f.Role != "" && f.Code != "evaluation-failed" {
		f.Code = code
	}
	if err.Hint != "" {
		f.Hint = err.Hint
	}
	if f.Hint == "" {
		f.Hint = hintFor(f.Code)
	}
	if pos, ok := l.positionOf(f, err); ok {
		f.Position = pos
	}
}

// positionOf is where Nix's error points, if that says more than where the part is defined: the definition that does not
// fit, or a place in one of the user's modules.
func (l *loader) positionOf(f *Finding, err *nixeval.Error) (Position, bool) {
	switch f.Code {
	case "unknown-setting":
		// The message names the option and the definition's file; the attribute has a position.
		if path := l.settingIn(err.Message, f); path != nil {
			f.Setting = path
			located := *f
			located.Position = Position{}
			l.inv.place(&located)
			return located.Position, located.File != ""
		}
		return Position{}, false
	case "conflict", "invalid-setting", "missing-setting":
		return Position{}, false
	case "removed-module":
		// The instance is what has to change. (Some Nix versions place the message in the flake's own input.)
		return Position{}, false
	}
	return err.Position()
}

var theOption = lazyregexp.New("The option `([^']*)'")

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

// splitOptionPath undoes optionPath.
func splitOptionPath(path string) []string {
	var names []string
	for len(path) > 0 {
		if path[0] == '"' {
			end := 1
			for end < len(path) && path[end] != '"' {
				if path[end] == '\\' {
					end++
				}
				end++
			}
			if end >= len(path) {
				return append(names, path)
			}
			name, err := strconv.Unquote(strings.ReplaceAll(path[:end+1], `\$`, `$`))
			if err != nil {
				name = path[1:end]
			}
			names = append(names, name)
			path = strings.TrimPrefix(path[end+1:], ".")
			continue
		}
		name, rest, _ := strings.Cut(path, ".")
		names, path = append(names, name), rest
	}
	return names
}

// codeOf knows the messages of nixpkgs' module system that say what is wrong with a setting; anything else is "".
func codeOf(message string) string {
	switch {
	case strings.Contains(message, "' does not exist. Definition values:"):
		return "unknown-setting"
	case strings.Contains(message, "has conflicting definition values"):
		return "conflict"
	case strings.Contains(message, "is not of type `"):
		return "invalid-setting"
	case strings.Contains(message, "was accessed but has no value defined"), strings.Contains(message, "is used but not defined"):
		return "missing-setting"
	}
	return ""
}

func hintFor(code string) string {
	switch code {
	case "unknown-setting":
		return "the role's interface has no such option: correct the name, or remove it"
	case "conflict":
		return "no layer outranks another: leave the value to one layer, or mark one with lib.mkForce or the other with lib.mkDefault"
	case "invalid-setting":
		return "give a value of the option's type"
	case "missing-setting":
		return "set it for the role, the machine or a tag, if anything reads it"
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
		l.inv.Findings = append(l.inv.Findings, Finding{Code: "nix-warning", Severity: SeverityWarning, Message: l.userTerms(text)})
	}
}

var emptyTagWarning = lazyregexp.New(`^Service instance '.*': - .* tags: no machine with tag '.*' found`)

func unknownRoleFinding(inst *Instance, role string, known []string) Finding {
	f := Finding{Code: "unknown-role", Severity: SeverityError, Instance: inst.Name, Role: role, partial: true,
		Message: "the module " + inst.Module.Spec().String() + " has no role " + strconv.Quote(role)}
	if near := nearest.Of(role, known); len(near) > 0 {
		f.Hint = "did you mean " + nearest.List(near) + "?"
	} else if len(known) > 0 {
		f.Hint = "its roles are " + nearest.List(known)
	}
	return f
}
